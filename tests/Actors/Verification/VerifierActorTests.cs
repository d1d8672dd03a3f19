// A verifier between probes: its replica, its partitions, its node, and the verifier of the Primary, which here is reached under the
// address of the same system.
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.TestKit;
using HotStandby.Actors.Node;
using HotStandby.Actors.Serialization;
using HotStandby.Actors.Settings;
using HotStandby.Actors.Verification;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Actors.Verification;

public sealed class VerifierActorTests : ActorTest
{
    private static readonly NodeId Self = new("s");
    private static readonly NodeId Other = new("p");
    private static readonly Partition Shard = Partition.OfShard(1);
    private static readonly MarkerVerdict Clean = new(true, 0, false);
    private static readonly MarkerVerdict Different = new(true, 1, false);

    private readonly ManualTime _clock = new();
    private readonly TestProbe _node;
    private readonly TestProbe _replica;
    private readonly TestProbe _primary;
    private readonly IActorRef _relay;
    private readonly TestProbe[] _partitions;

    public VerifierActorTests()
        : base(ConfigurationFactory.ParseString(
            $$"""
            akka.actor.provider = cluster
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            akka.cluster.roles = ["node.{{Other}}"]
            akka.loglevel = OFF
            """).WithFallback(SerializationConfiguration.Hocon))
    {
        (_node, _replica, _primary) = (CreateTestProbe("parent"), CreateTestProbe("replica"), CreateTestProbe("primary"));
        _partitions = [.. Enumerable.Range(0, 4).Select(at => CreateTestProbe($"partition-{at}"))];
        Sys.ActorOf(Props.Create(() => new NodeOfThePrimary(_primary.Ref)), "node").AwaitHandled(); // it has its child by then
        _relay = Sys.ActorSelection($"/user/node/{VerifierActor.Name}").ResolveOne(Deadline.Step).GetAwaiter().GetResult();
        var cluster = Cluster.Get(Sys);
        cluster.Join(cluster.SelfAddress);
        AwaitAssert(() => Assert.Equal(MemberStatus.Up, cluster.SelfMember.Status), Deadline.Step);
    }

    [Fact]
    public void A_Standby_asks_the_Primary_for_points_of_its_partitions_in_turn()
    {
        var verifier = Start("ratio = 0.5");
        Assert.All(_partitions, partition => Assert.Equal(
            new VerifierIs(Self, new DrillDownSettings(100, 1000)), partition.ExpectMsg<VerifierIs>()));
        Round(verifier);
        Assert.Equal([0, 1], [Point(), Point()]);
        Round(verifier);
        Assert.Equal([2, 3], [Point(), Point()]);
    }

    [Fact]
    public void Nobody_is_asked_by_a_Primary_nor_while_nobody_leads()
    {
        var verifier = Start();
        Round(verifier, LeaderIs.Of(ReplicaRole.Primary, Self, Self));
        Round(verifier, LeaderIs.Of(ReplicaRole.Candidate, Other, Self));
        Round(verifier, LeaderIs.Of(ReplicaRole.Standby, NodeId.None, Self));
        Round(verifier, LeaderIs.Of(ReplicaRole.Standby, default, Self));
        Reported(verifier);
        _primary.ExpectNothingFrom(verifier, _relay);
    }

    [Fact]
    public void A_node_that_does_not_verify_itself_answers_the_others()
    {
        var verifier = Start("enabled = off");
        Assert.Null(_partitions[0].ExpectMsg<VerifierIs>().Settings);
        Assert.False(Reported(verifier).IsEnabled);
        verifier.Tell(new VerificationPointRequest(Other, Shard), _primary);
        _partitions[Shard.Value].ExpectMsg<VerifierIs>();
        _partitions[Shard.Value].ExpectMsg<ProposeVerificationMarker>();
        var request = Request();
        verifier.Tell(request, _primary);
        Assert.Equal(request, _partitions[Shard.Value].ExpectMsg<VerificationRequest>());
        Assert.Equal(_primary.Ref, _partitions[Shard.Value].LastSender);
    }

    [Fact]
    public void What_is_said_of_a_partition_that_does_not_exist_is_passed_over()
    {
        var verifier = Start();
        verifier.Tell(new VerificationPointRequest(Other, new Partition(4)), _primary);
        verifier.Tell(Request() with { Partition = Partition.SegmentTable }, _primary);
        Reported(verifier);
        _partitions[0].ExpectMsg<VerifierIs>();
        _partitions[0].ExpectNothingFrom(verifier);
    }

    [Fact]
    public void A_request_is_sent_again_each_round_and_given_up_when_nobody_answers()
    {
        var verifier = Start("ratio = 0");
        Round(verifier);
        Point();
        verifier.Tell(new DrillDownAsks(Request()), _partitions[Shard.Value]);
        for (var sent = 0; sent < 3; sent++)
        {
            Assert.Equal(7UL, _primary.FishForMessage<VerificationRequest>(_ => true).MarkerSequence);
            Round(verifier);
        }

        _partitions[Shard.Value].ExpectMsg<VerifierIs>();
        _partitions[Shard.Value].ExpectMsg<AbandonDrillDown>();
    }

    [Fact]
    public void An_answer_goes_to_its_shard_and_ends_the_asking()
    {
        var verifier = Start("ratio = 0");
        Round(verifier);
        Point();
        verifier.Tell(new DrillDownAsks(Request()), _partitions[Shard.Value]);
        _primary.ExpectMsg<VerificationRequest>();
        verifier.Tell(new VerificationResponse(Other, Shard, 7, 1, 0, ulong.MaxValue, ComparisonOutcome.Compared, 9, []), _primary);
        _partitions[Shard.Value].ExpectMsg<VerifierIs>();
        _partitions[Shard.Value].ExpectMsg<VerificationResponse>();
        for (var round = 0; round < 4; round++)
        {
            Round(verifier);
            Point();
        }

        _partitions[Shard.Value].ExpectNothingFrom(verifier);
    }

    [Fact]
    public void After_a_drill_down_the_next_point_is_asked_for_at_once_but_not_for_ever()
    {
        var verifier = Start("ratio = 0");
        Round(verifier);
        Point();
        for (var time = 0; time < 5; time++)
            verifier.Tell(
                new DrillDownEnded(Shard, time % 2 == 0 ? DrillDownState.Done : DrillDownState.Superseded, ""), _partitions[Shard.Value]);
        Assert.Equal([Shard.Value, Shard.Value, Shard.Value], [Point(), Point(), Point()]);
        _primary.ExpectNothingFrom(verifier, _relay);
        Round(verifier);
        Point();
        verifier.Tell(new DrillDownEnded(Shard, DrillDownState.Done, ""), _partitions[Shard.Value]);
        Assert.Equal(Shard.Value, Point());
    }

    [Fact]
    public void What_is_beyond_repair_is_told_to_the_node_and_stays_in_the_report_until_it_is_equal_again()
    {
        var verifier = Start();
        verifier.Tell(new PartitionCompared(Shard, 7, Different, 10));
        verifier.Tell(new DrillDownEnded(Shard, DrillDownState.NeedsFullSync, "too much"));
        Assert.Equal(new PartitionNeedsFullSync(Shard, "too much"), _node.ExpectMsg<PartitionNeedsFullSync>());
        verifier.Tell(new PartitionCompared(Partition.SegmentTable, 8, new MarkerVerdict(true, 0, IsRestDifferent: true), 1));
        Assert.Equal(Partition.SegmentTable, _node.ExpectMsg<PartitionNeedsFullSync>().Partition);
        var report = Reported(verifier);
        Assert.Equal((false, 2L, 2L), (report.IsClean, report.Counts.FullSyncsNeeded, report.Counts.Failed));
        Assert.Equal([Partition.SegmentTable, Shard], report.Unclean);
        for (ushort partition = 0; partition < 4; partition++)
            verifier.Tell(new PartitionCompared(new Partition(partition), 9, Clean, 10));
        Reported(verifier);
        _clock.Advance(TimeSpan.FromSeconds(3));
        report = Reported(verifier);
        Assert.Equal((true, 1L, 3000L), (report.IsClean, report.Counts.Cycles, report.LastCycleAgeMilliseconds));
        Assert.Empty(report.Unclean);
    }

    [Fact]
    public void A_marker_that_was_computed_in_another_way_counts_for_nothing()
    {
        var verifier = Start();
        verifier.Tell(new PartitionCompared(Partition.SegmentTable, 7, default, 10));
        var report = Reported(verifier);
        Assert.Equal((0L, null), (report.Counts.Compared, report.IsClean));
        _node.ExpectNothingFrom(verifier);
    }

    [Fact]
    public void Found_and_repaired_mismatches_are_counted()
    {
        var verifier = Start();
        verifier.Tell(new MismatchesFound(Shard, 3, 3));
        verifier.Tell(new MismatchesFound(Shard, 2, 1));
        var counts = Reported(verifier).Counts;
        Assert.Equal((5L, 4L), (counts.Mismatched, counts.Repaired));
    }

    // Rounds come when the test says so: the interval is an hour, and the answer to the verifier's question is what begins one.
    private void Round(IActorRef verifier, LeaderIs? leader = null) => verifier.Tell(leader ?? new LeaderIs(Other), _replica);

    private ushort Point() => _primary.ExpectMsg<VerificationPointRequest>().Partition.Value;

    private VerificationReport Reported(IActorRef verifier)
    {
        var asker = CreateTestProbe();
        verifier.Tell(ReportVerification.Instance, asker);
        return asker.ExpectMsg<VerificationReport>();
    }

    private IActorRef Start(string verification = "ratio = 1")
    {
        var parsed = NodeConfiguration.Parse(
            $$"""
            hotstandby { node-id = "{{Self}}", voters = ["{{Self}}", "{{Other}}"], data-dir = "nowhere", remoting.port = 0 }
            hotstandby.verification { interval = 1h, {{verification}} }
            """, "test");
        Assert.Empty(parsed.Errors);
        var settings = NodeActor.VerifierSettingsOf(parsed.Configuration!.Settings);
        var routes = TestRoutes.Of([.. _partitions.Skip(1).Select(probe => probe.Ref)], _partitions[0], _replica, node: _node);
        var verifier = _node.ChildActorOf(VerifierActor.Props(settings, _partitions.Length, routes, _clock));
        Reported(verifier);
        // It has asked before: what the cluster says of its members has reached the verifier when it reaches somebody who asks now.
        var members = CreateTestProbe();
        Cluster.Get(Sys).Subscribe(members, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        members.ExpectMsg<ClusterEvent.IMemberEvent>();
        return verifier;
    }

    private static VerificationRequest Request() => new(Self, Shard, 7, 1, 0, ulong.MaxValue, 100, 1000, []);

    private sealed class NodeOfThePrimary : UntypedActor
    {
        public NodeOfThePrimary(IActorRef verifier) =>
            Context.ActorOf(Akka.Actor.Props.Create(() => new Relay(verifier)), VerifierActor.Name);

        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class Relay(IActorRef to) : UntypedActor
    {
        protected override void OnReceive(object message) => to.Forward(message);
    }
}
