// What the node answers in the door's golden files: the same to every call of a kind. Of a list of keys, every second is refused.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Compatibility.Server;

internal static class StandardAnswers
{
    private static readonly Uuid Client = new(0x1122334455667788, 0x99aabbccddeeff00);

    private static readonly ReplicationTask Copy = new(
        new(3, 4), TaskType.ReplicaCopy, ObjectKey.From(default, [.. "a\"b\\c\u0001"u8, 0xff]), "node-a", ["node-b", "node-c"], Client,
        ReplicationTaskStatus.Pending, 1700000000123, 1700000000456, "", Uuid.None);

    private static readonly ReplicationTask Move = new(
        new(3, 5), TaskType.ReplicaMove, ObjectKey.From("team"u8, "k1"u8), "node-a", ["node-b"], Client, ReplicationTaskStatus.Pending,
        1700000000124, 1700000000456, "", Uuid.None);

    private static readonly ReplicationTask Done = Move with
    {
        Id = new(3, 4),
        Status = ReplicationTaskStatus.Success,
        CreatedMilliseconds = 1700000000123,
        Message = "done",
    };

    public static void Settle(MasterCall call)
    {
        switch (call)
        {
            case KeyedCall keyed:
                for (var i = 0; i < keyed.Results.Length; i++)
                    Fill(keyed.Operation, i, ref keyed.Results[i]);
                keyed.Settle(keyed.Results.Length);
                break;
            case ScanCall { Operation: ScanOperation.Remove } remove:
                remove.Finish([], 42);
                break;
            case ScanCall find:
                find.Finish([(ObjectKey.From("k1"), new ReplicaList(Replica(0, ReplicaStatus.Complete)))], 0);
                break;
            case SegmentCall segment:
                Fill(segment);
                segment.Finish(ErrorCode.Ok);
                break;
            default:
                throw new ArgumentException($"nobody knows the answer to {call.GetType().Name}", nameof(call));
        }
    }

    private static void Fill(KeyedOperation operation, int index, ref ItemResult result)
    {
        var isSecond = index % 2 == 1;
        if (operation == KeyedOperation.ReplicaClear)
        {
            result.Exists = !isSecond;
            return;
        }

        result.Error = isSecond ? ErrorCode.ObjectNotFound : ErrorCode.Ok;
        result.Exists = true;
        (result.LeaseTtlMilliseconds, result.ObjectChecksum) = (5000, 0xdeadbeef);
        result.Replicas = operation switch
        {
            KeyedOperation.GetReplicaList => new(Replica(0, ReplicaStatus.Complete)),
            KeyedOperation.CopyStart or KeyedOperation.MoveStart =>
                new([Replica(0, ReplicaStatus.Complete), Replica(1, ReplicaStatus.Processing)]),
            _ => new([Replica(0, ReplicaStatus.Processing), Replica(1, ReplicaStatus.Processing)]),
        };
    }

    private static void Fill(SegmentCall call)
    {
        switch (call)
        {
            case QuerySegmentStatusCall query:
                query.Status = SegmentStatus.GracefullyUnmounting;
                break;
            case QueryIpCall query:
                query.Hosts = query.Clients.Distinct().ToDictionary(client => client, IReadOnlyList<string> (_) => ["10.0.0.1", "fd00::1"]);
                break;
            case CreateTaskCall create:
                create.TaskId = new(3, 4);
                break;
            case QueryTaskCall query:
                query.Task = Done;
                break;
            case FetchTasksCall fetch:
                fetch.Tasks = [Copy, Move];
                break;
            default:
                break; // answers nothing but success
        }
    }

    private static ReplicaDescriptor Replica(int index, ReplicaStatus status) => new(
        20 + (ulong)index, 4096, 0x7f00_0000_0000 + (4096 * (ulong)index), index == 0 ? "tcp" : "rdma",
        $"10.0.0.{index + 1}:12345", status);
}
