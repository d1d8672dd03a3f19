// A replica in a cluster of one voter, between probes that stand for its partitions and its oracle. The clock stands still.
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Journal;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Replication;
using HotStandby.Core.Replication;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Tests.Actors.OpLog;

namespace HotStandby.Tests.Actors.Replication;

public abstract class ReplicaHarness : ActorTest
{
    private protected const string InMemory = "akka.persistence.journal.inmem";
    private static readonly NodeId Node = new("n1");

    private protected ReplicaHarness()
        : base(ConfigurationFactory.ParseString(
            """
            akka.actor.provider = cluster
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            """).WithFallback(TestSystem.Config))
    {
        Serving = new ServingState(Clock);
        Oracle = CreateTestProbe("oracle");
        Partitions = [CreateTestProbe("segments"), CreateTestProbe("shard-0"), CreateTestProbe("shard-1")];
        foreach (var shard in Partitions[1..])
            shard.IgnoreMessages<ReportExtents>(); // see PartitionFeedTests
    }

    private readonly MemoryDisk _disk = new();
    private DataDirectory? _directory;

    private protected ManualTime Clock { get; } = new();

    /// <summary>The data directory of this life.</summary>
    private protected DataDirectory OwnDirectory => _directory!;

    private protected ServingState Serving { get; }

    private protected TestProbe Oracle { get; }

    private protected TestProbe[] Partitions { get; }

    private protected TestProbe Segments => Partitions[0];

    private protected RecordingSink Sink { get; } = new();

    private protected IActorRef Replica { get; private set; } = ActorRefs.Nobody;

    /// <summary>A node's life begins; every partition is told to forget what it knows.</summary>
    private protected void Start(string journal = InMemory, bool crowned = false, params NodeId[] peers)
    {
        var cell = new ReplicaCellSettings(
            new ReplicaSettings { Self = Node, Voters = [Node, .. peers] }, Partitions.Length - 1, TimeSpan.FromMilliseconds(5),
            TimeSpan.FromMilliseconds(500).Ticks, CheckpointBytes: 1 << 20, CheckpointIntervalTicks: TimeSpan.FromMinutes(10).Ticks,
            RetainBytes: 0);
        var options = new ReplicaOptions(cell, journal, "akka.persistence.snapshot-store.inmem");
        var routes = TestRoutes.Of([.. Partitions.Skip(1).Select(probe => probe.Ref)], Segments, serving: Serving);
        var parent = CreateTestProbe();
        Replica = parent.ChildActorOf(
            ReplicaActor.Props(options, OpenDirectory(), routes, Serving, Clock), new OneForOneStrategy(_ => Directive.Stop));
        if (crowned)
            Crown();
        Replica.Tell(NodeIsMade.Instance);
        ExpectReset(1);
    }

    // The next start of the same directory.
    private DataDirectory OpenDirectory()
    {
        _directory?.Dispose();
        return _directory = DataDirectory.Open(_disk, "/data", "cluster", Node.Name);
    }

    private protected void Restart(params NodeId[] peers)
    {
        Watch(Replica);
        Sys.Stop(Replica);
        ExpectTerminated(Replica);
        Start(peers: peers);
    }

    private protected void Crown() => Replica.Tell(HotStandby.Core.Node.Crown.Instance, Oracle);

    private protected void Uncrown() => Replica.Tell(HotStandby.Core.Node.Uncrown.Instance, Oracle);

    /// <summary>Crowned, led, ready: the reign in which the node serves now. The segment table has been fed its start.</summary>
    private protected ulong Reign()
    {
        Crown();
        Assert.Equal(OpType.EpochStart, Assert.Single(Fed(Segments)).Type);
        var reign = ExpectBegin();
        Replica.Tell(new ReadyToServe(reign), Segments);
        AwaitAssert(() => Assert.True(Serving.Accepts));
        return reign;
    }

    private protected ulong ExpectBegin()
    {
        var reign = Segments.ExpectMsg<BeginLeading>().Reign;
        foreach (var shard in Partitions.Skip(1))
            Assert.Equal(reign, shard.ExpectMsg<BeginLeading>().Reign);
        return reign;
    }

    private protected void ExpectStop()
    {
        foreach (var partition in Partitions)
            partition.ExpectMsg<StopLeading>();
    }

    private protected void ExpectReset(ulong stateNumber)
    {
        for (ushort i = 0; i < Partitions.Length; i++)
        {
            Partitions[i].FishForMessage<ResetPartition>(reset => reset.StateNumber == stateNumber); // behind what was fed before
            Partitions[i].Reply(new PartitionRestored(new Partition(i), stateNumber, ""));
        }
    }

    private protected void Stopped(int partition, bool dirty = false) => Replica.Tell(new LeadingStopped(dirty), Partitions[partition]);

    private protected KeyedCall Propose(ushort partition, ulong reign, int items = 1, ReplyAfter after = ReplyAfter.Commit)
    {
        var call = new KeyedCall(Sink, KeyedOperation.Remove, [.. Enumerable.Range(0, items).Select(i => ObjectKey.From($"key-{i}"))]);
        Replica.Tell(new Propose(new Partition(partition), reign, Batches.Draft(partition, 1), call, items, after), Partitions[partition]);
        return call;
    }

    /// <summary>The next entries that a partition is given, and applies: the replica hears of it.</summary>
    private protected (OpType Type, ulong Sequence)[] Fed(TestProbe partition)
    {
        var message = partition.ExpectMsg<ApplyEntries>();
        var entries = new (OpType, ulong)[message.Count];
        for (var i = 0; i < message.Count; i++)
        {
            Assert.True(OpLogEntry.TryView(message.Batch.Encoded.Span[message.Offsets[i]..], out var entry));
            entries[i] = (entry.Type, entry.Sequence);
        }

        Replica.Tell(new EntriesApplied(message.StateNumber, message.Batch.LastSequence), partition);
        return entries;
    }

    private protected ReplicaReport Report()
    {
        Replica.Tell(ReportReplica.Instance, TestActor);
        return ExpectMsg<ReplicaReport>();
    }
}
