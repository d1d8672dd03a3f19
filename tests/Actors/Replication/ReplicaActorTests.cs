// The replica of one node: from recovery to a reign, through it, and out of it.
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Replication;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Actors.Replication;

public sealed class ReplicaActorTests : ReplicaHarness
{
    [Fact]
    public void Crowned_replica_leads_when_its_partitions_have_been_fed_and_serves_when_they_are_ready()
    {
        Start();
        Assert.Equal(ReplicaRole.Standby, Report().Role);
        Crown();
        Assert.Equal([(OpType.EpochStart, 1UL)], Fed(Segments));
        var reign = ExpectBegin();
        Assert.Equal((ReplicaRole.Primary, false, reign), (Report().Role, Serving.Accepts, Report().Epoch));
        Replica.Tell(new ReadyToServe(reign - 1), Segments);
        Assert.False(Report().Serving);
        Replica.Tell(new ReadyToServe(reign), Segments);
        Assert.True(Report().Serving);
        Assert.Equal(reign, Serving.Epoch);
    }

    [Fact]
    public void Crown_before_recovery_is_not_forgotten()
    {
        Start(crowned: true);
        Fed(Segments);
        Assert.Equal(1UL, ExpectBegin());
    }

    [Fact]
    public void A_peer_that_asks_for_an_image_of_what_is_not_here_is_not_answered_and_harms_nothing()
    {
        Start(peers: [new NodeId("n2"), new NodeId("n3")]);
        foreach (var (node, partition) in ((string, ushort)[])[("n2", 3), ("n2", ushort.MaxValue), ("stranger", 1)])
        {
            var fetch = new FetchImage(new Origin(new NodeId(node), new Life(1, 1), 0, false), 0, new Partition(partition), 0, 0);
            EventFilter.Warning(contains: "and is not answered").ExpectOne(() =>
            {
                Replica.Tell(fetch);
                Replica.Tell(fetch); // a line a minute
                Report();
            });
            Clock.Advance(LineLimit.Interval);
        }

        Assert.Equal(ReplicaRole.Standby, Report().Role);
        Assert.All(Partitions, partition => partition.ExpectNoMsg(TimeSpan.Zero));
    }

    [Fact]
    public void A_full_sync_that_was_asked_for_goes_on_after_a_restart()
    {
        NodeId[] peers = [new("n2"), new("n3")];
        using var other = ActorSystem.Create(Sys.Name, ConfigurationFactory.ParseString("""
            akka { actor.provider = cluster, cluster.roles = ["node.n2"], remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 } }
            """));
        var cluster = Cluster.Get(other);
        cluster.Join(cluster.SelfAddress);
        AwaitAssert(() => Assert.Equal(MemberStatus.Up, cluster.SelfMember.Status));
        Start(peers: peers);
        Replica.Tell(new RunNodeCommand(NodeCommand.FullSync), TestActor);
        Assert.Contains("nothing is committed yet", ExpectMsg<NodeCommandAnswer>().Refusal, StringComparison.Ordinal);
        Restart();
        Propose(1, Reign()); // its batch says that the reign's first entry is committed
        AwaitAssert(() => Assert.Equal(1, Sink.Answers));
        Partitions[1].ExpectMsg<EntriesCommitted>();
        Restart(peers);
        Replica.Tell(new ClusterEvent.MemberUp(cluster.SelfMember));
        Replica.Tell(new RunNodeCommand(NodeCommand.FullSync), TestActor);
        Assert.Null(ExpectMsg<NodeCommandAnswer>().Refusal);
        Assert.False(Report().State.IsWhole);
        Assert.True(OwnDirectory.NeedsFullSync);
        EventFilter.Warning(contains: "still needs a full sync").ExpectOne(() => Restart(peers));
        Assert.False(Report().State.IsWhole);
        Assert.True(OwnDirectory.NeedsFullSync);
    }

    [Fact]
    public void Proposal_is_committed_told_to_its_partition_and_its_call_settled()
    {
        Start();
        var reign = Reign();
        Propose(1, reign);
        Assert.Equal(new EntriesCommitted(1, 2), Partitions[1].ExpectMsg<EntriesCommitted>());
        AwaitAssert(() => Assert.Equal(1, Sink.Answers));
        Propose(2, reign);
        Assert.Equal(new EntriesCommitted(1, 3), Partitions[2].ExpectMsg<EntriesCommitted>());
        AwaitAssert(() => Assert.Equal(2, Sink.Answers));
        var report = Report();
        Assert.Equal((3UL, 3UL, 3UL, 0), (report.AppendedSequence, report.CommittedSequence, report.AppliedSequence, report.HeldReplies));
        Partitions[2].ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Read_behind_a_write_is_settled_when_the_write_is_committed()
    {
        Start();
        var reign = Reign();
        Propose(1, reign);
        Replica.Tell(new Propose(new(1), reign, null, new HotStandby.Messages.Calls.KeyedCall(
            Sink, HotStandby.Messages.Calls.KeyedOperation.Exist, [new()]), 1, ReplyAfter.Commit));
        AwaitAssert(() => Assert.Equal(2, Sink.Answers));
    }

    [Fact]
    public void Proposal_of_an_earlier_reign_is_abandoned()
    {
        Start();
        var reign = Reign();
        Propose(1, reign - 1);
        AwaitAssert(() => Assert.Equal((0, 1), (Sink.Answers, Sink.Abandons)));
        Assert.Equal(1UL, Report().AppendedSequence);
    }

    [Fact]
    public void Uncrowned_replica_closes_the_door_stops_its_partitions_and_says_so()
    {
        Start();
        Reign();
        Uncrown();
        Oracle.ExpectMsg<HandOverComplete>();
        Assert.False(Serving.MayServe);
        ExpectStop();
        for (var i = 0; i < Partitions.Length; i++)
            Stopped(i);
        Assert.Equal(ReplicaRole.Standby, Report().Role);
        foreach (var partition in Partitions)
            partition.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Standby_that_is_uncrowned_has_nothing_to_hand_over()
    {
        Start();
        Uncrown();
        Oracle.ExpectMsg<HandOverComplete>();
    }

    [Fact]
    public void Hand_over_answers_what_it_has_waited_for()
    {
        Start();
        var reign = Reign();
        Propose(1, reign);
        Uncrown();
        Oracle.ExpectMsg<HandOverComplete>();
        Assert.Equal((1, 0), (Sink.Answers, Sink.Abandons));
        Partitions[1].ExpectMsg<EntriesCommitted>();
        Partitions[1].ExpectMsg<StopLeading>();
    }

    [Fact]
    public void Nothing_is_fed_before_every_partition_has_stopped()
    {
        Start();
        var reign = Reign();
        Uncrown();
        ExpectStop();
        Crown();
        AwaitAssert(() => Assert.Equal((reign + 1, 2UL), (Report().Epoch, Report().CommittedSequence)));
        Stopped(0);
        Stopped(1);
        Assert.Equal(ReplicaRole.Primary, Report().Role);
        Segments.ExpectNoMsg(TimeSpan.Zero);
        Stopped(2);
        Assert.Equal([(OpType.EpochStart, 2UL)], Fed(Segments));
        Assert.Equal(reign + 1, ExpectBegin());
    }

    [Fact]
    public void Dirty_partition_makes_all_of_them_start_again_from_the_log()
    {
        Start();
        var reign = Reign();
        for (var i = 0; i < 3; i++)
        {
            Propose(1, reign);
            Partitions[1].ExpectMsg<EntriesCommitted>();
        }

        Uncrown();
        ExpectStop();
        Stopped(0);
        Stopped(1, dirty: true);
        Stopped(2);
        ExpectReset(2);
        Assert.Equal([(OpType.EpochStart, 1UL)], Fed(Segments));
        Assert.Equal([2UL, 3UL, 4UL], Enumerable.Range(0, 3).SelectMany(_ => Fed(Partitions[1])).Select(entry => entry.Sequence));
        AwaitAssert(() => Assert.Equal(4UL, Report().AppliedSequence));
        Partitions[2].ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Restarted_node_feeds_its_journal_before_it_leads()
    {
        Start();
        var reign = Reign();
        for (var i = 0; i < 5; i++)
        {
            Propose(1, reign);
            Partitions[1].ExpectMsg<EntriesCommitted>();
        }

        Restart();
        Crown();
        Assert.Equal([(OpType.EpochStart, 1UL)], Fed(Segments));
        for (ulong seq = 2; seq <= 5; seq++)
            Assert.Equal(seq, Assert.Single(Fed(Partitions[1])).Sequence);
        // Its journal does not say that the last entry is committed: that needs a reign, and this node's next one must wait for
        // the grant that its earlier life may have given.
        Assert.Equal((ReplicaRole.Standby, 5UL), (Report().Role, Report().CommittedSequence));
        Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(6UL, Assert.Single(Fed(Partitions[1])).Sequence);
        Assert.Equal([(OpType.EpochStart, 7UL)], Fed(Segments));
        Assert.Equal(reign + 1, ExpectBegin());
    }

    [Fact]
    public void Stopping_replica_closes_the_door()
    {
        Start();
        Reign();
        Watch(Replica);
        Sys.Stop(Replica);
        ExpectTerminated(Replica);
        Assert.False(Serving.MayServe);
    }

    [Fact]
    public void Failing_journal_stops_the_replica()
    {
        Start("broken-journal");
        Watch(Replica);
        Crown();
        ExpectTerminated(Replica);
    }
}
