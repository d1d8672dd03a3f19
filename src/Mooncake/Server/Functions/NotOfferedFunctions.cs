// The functions of what this master does not offer. They are registered, because an unregistered function costs its caller the
// connection; they answer NOT_SUPPORTED, in the result. Their arguments are not looked at beyond their type.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>SSD offload and promotion, NVMe over fabrics, disk replicas and dynamic replication.</summary>
internal static class NotOfferedFunctions
{
    private static readonly Rpc[] Singles =
    [
        Rpc.MountNoFSegment, Rpc.ReMountNoFSegment, Rpc.UnmountNoFSegment, Rpc.GetAllNoFSegments, Rpc.GetNoFSegmentsByName,
        Rpc.MountLocalDiskSegment, Rpc.UnmountLocalDiskSegment, Rpc.OffloadObjectHeartbeat, Rpc.ReportSsdCapacity,
        Rpc.NotifyOffloadSuccess, Rpc.PollRemoveAll, Rpc.EvictDiskReplica, Rpc.PromotionObjectHeartbeat, Rpc.PromotionAllocStart,
        Rpc.NotifyPromotionSuccess, Rpc.NotifyPromotionFailure, Rpc.DynamicReplicaCopyStart, Rpc.DynamicReplicaCopyEnd,
        Rpc.DynamicReplicaCopyRevoke,
    ];

    public static void AddTo(FunctionTable table)
    {
        foreach (var rpc in Singles)
        {
            table.Add<Nothing, DoorCall>(
                rpc,
                static (in Nothing _, IReplySink sink) => new DoorCall(sink),
                static (in AnswerFrame frame, DoorCall _) => frame.Send(ErrorCode.NotSupported));
        }

        // The one batch: its caller relies on one result for each key.
        table.Add<KeyCount, DoorCall>(
            Rpc.BatchEvictDiskReplica,
            static (in KeyCount keys, IReplySink sink) => new DoorCall(sink, items: keys.Count),
            static (in AnswerFrame frame, DoorCall call) => frame.Send(new Refusals(call.Items)));
    }

    // client_id and as much of the keys as it takes to know how many there are.
    private readonly record struct KeyCount(int Count) : IWireValue<KeyCount>
    {
        public static int MinimumBytes => Uuid.EncodedBytes + 1;

        public static KeyCount Read(ref StructPackReader reader)
        {
            reader.ReadUuid();
            return new(reader.ReadListCount(ByteString.MinimumBytes));
        }

        public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct =>
            throw new NotSupportedException("only read");
    }

    private readonly struct Refusals(int count) : IWireWritable
    {
        public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
        {
            sink.WriteCount(count);
            for (var i = 0; i < count; i++)
            {
                sink.WriteBool(false);
                sink.WriteInt32((int)ErrorCode.NotSupported);
            }
        }
    }
}
