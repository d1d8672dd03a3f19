// A segment actor between probes that stand for the replica and the shards.
using Akka.Actor;
using Akka.TestKit;
using HotStandby.Actors.Cells;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Actors.Segments;

public abstract class SegmentActorHarness : ActorTest
{
    private protected const int ShardCount = 3;

    private readonly BatchWriter _writer = new();

    private protected SegmentActorHarness()
        : base(Serializes)
    {
        Replica = CreateTestProbe("replica");
        Shards = [.. Enumerable.Range(0, ShardCount).Select(index => CreateTestProbe($"shard-{index}"))];
        Evictor = CreateTestProbe("evictor");
        Clients = new ClientWatch(Clock);
        Segments = Start();
    }

    private protected TestProbe Replica { get; }

    private protected TestProbe[] Shards { get; }

    private protected TestProbe Evictor { get; }

    private protected ClientWatch Clients { get; }

    private protected IActorRef Segments { get; set; }

    private protected ManualTime Clock { get; } = new();

    private protected RecordingSink Sink { get; } = new();

    private protected ulong LastSequence { get; set; }

    private protected IActorRef Start(SegmentSettings? settings = null) => Start([.. Shards.Select(shard => shard.Ref)], settings);

    private protected IActorRef Start(IReadOnlyList<IActorRef> shards, SegmentSettings? settings = null) => Sys.ActorOf(CellActor.Props(
        outbox => SegmentPartition.NewCell(ShardCount, settings ?? new SegmentSettings(), outbox),
        TestRoutes.Of(shards, replica: Replica, evictor: Evictor, clients: Clients), Clock));

    private protected static Uuid Id(int number) => new(0, (ulong)number);

    private protected static Segment Segment(int id, ulong size = 1000, string? name = null) =>
        new(Id(id), name ?? $"host-{id}", 4096, size, $"host-{id}:1", "tcp", $"host-{id}");

    /// <summary>Begins a reign in which the shards hold nothing, or what is given for shard 0.</summary>
    private protected void Lead(ulong reign, params Extent[] live) => Lead(reign, unmounting: 0, live);

    /// <summary>Begins a reign that has to take up an unmount.</summary>
    private protected void Lead(ulong reign, uint unmounting, params Extent[] live)
    {
        Segments.Tell(new BeginLeading(reign, reign));
        for (var shard = 0; shard < ShardCount; shard++)
            Segments.Tell(new LiveExtents(Partition.OfShard(shard), reign, IsWhole: true, shard == 0 ? live : [], []));
        Assert.Equal(reign, Replica.ExpectMsg<ReadyToServe>().Reign);
        foreach (var shard in Shards)
            Assert.Equal(unmounting == 0 ? [] : [unmounting], shard.ExpectMsg<SegmentsChanged>().Unmounted);
    }

    private protected void EndReign()
    {
        Segments.Tell(StopLeading.Instance);
        Assert.False(Replica.ExpectMsg<LeadingStopped>().IsDirty);
    }

    private protected T Send<T>(T call)
        where T : MasterCall
    {
        Segments.Tell(new SegmentRequest(call));
        return call;
    }

    private protected MountSegmentCall Mount(int id, int client = 1, ulong size = 1000, string? name = null) =>
        Send(new MountSegmentCall(Sink, Id(client), Segment(id, size, name)));

    private protected UnmountSegmentCall Unmount(int id) => Send(new UnmountSegmentCall(Sink, Id(1), Id(id)));

    private protected KeyedCall PutStart(ReplicateConfig config, params ulong[] sizes) => Send(
        new KeyedCall(Sink, KeyedOperation.PutStart, [.. sizes.Select((_, index) => ObjectKey.From($"key-{index}"))])
        {
            Client = Id(1), Sizes = sizes, Config = config,
        });

    /// <summary>Commits a proposal as the replica would: settles its call, then tells the segment actor.</summary>
    private protected OpLogBatch Commit(Propose proposal)
    {
        for (var rest = proposal.Drafts!.Bytes; OpLogEntry.TryView(rest, out var entry); rest = rest[entry.Encoded.Length..])
            _writer.Add(entry.Encoded, ++LastSequence, proposal.Reign, 0);
        var batch = _writer.Close(LastSequence);
        proposal.Drafts.Release();
        Segments.Tell(new EntriesCommitted(batch.Count, LastSequence));
        proposal.Call?.Settle(proposal.Items);
        return batch;
    }

    private protected OpLogBatch CommitNext(OpType expected)
    {
        var proposal = Replica.ExpectMsg<Propose>();
        Assert.True(OpLogEntry.TryView(proposal.Drafts!.Bytes, out var first));
        Assert.Equal(expected, first.Type);
        return Commit(proposal);
    }

    private protected void MountAndCommit(int id, ulong size = 1000, string? name = null)
    {
        Mount(id, size: size, name: name);
        CommitNext(OpType.MountSegment);
        foreach (var shard in Shards)
            shard.ExpectMsg<SegmentsChanged>();
    }

    private protected static ApplyEntries Apply(ulong stateNumber, OpLogBatch batch)
    {
        var offsets = new List<int>();
        var at = OpLogBatch.HeaderBytes;
        foreach (var entry in batch)
        {
            offsets.Add(at);
            at += entry.Encoded.Length;
        }

        return new(stateNumber, batch, [.. offsets, -1], offsets.Count);
    }

    private protected PartitionReport Report(IActorRef partition)
    {
        partition.Tell(ReportPartition.Instance, TestActor);
        return ExpectMsg<PartitionReport>();
    }
}
