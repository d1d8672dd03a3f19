// Entries that real leaders wrote: the life of a shard, of a segment table, of tasks and jobs. What the OpLog's targets begin with.
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Fuzz.Targets;

internal static class Histories
{
    private const long Noon = 1_700_000_000_000;
    private static readonly Uuid Task = new(5, 1), OtherTask = new(5, 2), Job = new(6, 1);

    /// <summary>A shard with objects, a discarded put, a transfer that ended and one that runs.</summary>
    public static TestPrimary Shard()
    {
        var primary = new TestPrimary(ShardSettings.Default);
        var grouped = new ReplicateConfig { ReplicaCount = 2, GroupIds = ["group"], SoftPinAction = SoftPinAction.Enable };
        primary.PutStart("grouped", TestPrimary.Alice, 100, grouped, [1, 2]);
        primary.PutEnd("grouped", TestPrimary.Alice, checksum: 17);
        foreach (var key in (string[])["a", "b", "c", "a longer key, to be moved"])
            primary.Put(key);
        primary.PutStart("revoked");
        primary.PutRevoke("revoked");
        primary.Remove("b", force: true);
        primary.Evict("c");
        primary.Upsert("a", TestPrimary.Bob);
        primary.PutEnd("a", TestPrimary.Bob);
        primary.Transfer("a longer key, to be moved", 1, [2], move: true);
        primary.EndTransfer("a longer key, to be moved", move: true);
        primary.Transfer("a", 1, [2]);
        primary.MarkVerificationPoint();
        primary.PutStart("abandoned");
        primary.Advance(TimeSpan.FromHours(1));
        primary.Sweep();
        primary.CommitAll();
        return primary;
    }

    /// <summary>A segment table with clients, segments in different states, tasks and a job; and the batches that made it.</summary>
    public static Reign Segments()
    {
        var reign = new Reign();
        reign.MountAndCommit(1, Reign.Segment(1), Reign.Segment(2));
        reign.MountAndCommit(2, Reign.Segment(3, name: "shared"), Reign.Segment(4, name: "shared"));
        reign.GracefulUnmount(1, 2, 30);
        reign.Unmount(3);
        reign.Commit();
        foreach (var (type, payload) in TasksAndJobs())
            reign.Log.Add(reign.BatchOf(type, payload));
        return reign;
    }

    /// <summary>Every payload of tasks and jobs, in an order in which they can follow.</summary>
    public static IEnumerable<(OpType Type, byte[] Payload)> TasksAndJobs() =>
    [
        (OpType.JobCreated, new JobCreatedPayload(Job, Noon, 4, [1, 2], ["host-1", "host-2"], ["shared"]).Encode()),
        (OpType.TaskCreated, new TaskCreatedPayload(
            Task, TaskType.ReplicaMove, Reign.Id(1), Noon, Job, 100, ObjectKey.From("k"), "host-1", ["shared"]).Encode()),
        (OpType.TaskCreated, new TaskCreatedPayload(
            OtherTask, TaskType.ReplicaCopy, Reign.Id(2), Noon, default, 7, ObjectKey.From("l"), "", ["host-1", "host-2"]).Encode()),
        (OpType.TaskCreated, new TaskCreatedPayload(
            new Uuid(5, 3), TaskType.ReplicaCopy, Reign.Id(2), Noon, default, 9, ObjectKey.From("m"), "", ["host-1"]).Encode()),
        (OpType.TaskFetched, new TaskFetchedPayload(Task, ReplicationTaskStatus.Processing, Noon + 1).Encode()),
        (OpType.TaskEnded, new TaskEndedPayload(Task, ReplicationTaskStatus.Success, Noon + 2, "done").Encode()),
        (OpType.JobChanged, new JobChangedPayload(Job, JobStatus.Running, Noon + 3, "").Encode()),
    ];

    /// <summary>One batch of all that a shard proposed.</summary>
    public static OpLogBatch BatchOf(IEnumerable<byte[]> drafts)
    {
        var writer = new BatchWriter();
        foreach (var draft in drafts)
            writer.Add(draft, 1 + (ulong)writer.Count, 1, Noon);
        return writer.Close(0);
    }

    /// <summary>One batch of all entries of others, numbered anew.</summary>
    public static OpLogBatch BatchOf(IEnumerable<OpLogBatch> batches)
    {
        var drafts = new List<byte[]>();
        foreach (var batch in batches)
            foreach (var entry in batch)
                drafts.Add(entry.Encoded.ToArray());
        return BatchOf(drafts);
    }

    private static OpLogBatch BatchOf(this Reign reign, OpType type, byte[] payload)
    {
        var drafts = new DraftBuffer(Partition.SegmentTable);
        payload.CopyTo(drafts.Add(type, [], 0, payload.Length));
        reign.Leader.ApplyOther(drafts);
        var batch = BatchOf([drafts.Bytes.ToArray()]);
        drafts.Release();
        return batch;
    }
}
