// The pulse of a node, between probes that stand for replica and verifier.
using HotStandby.Core.Node;
using Akka.Actor;
using Akka.TestKit;
using HotStandby.Actors.Node;
using HotStandby.Actors.Replication;
using HotStandby.Actors.Verification;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Node;

public sealed class PulseActorTests : ActorTest
{
    private static readonly TimeSpan Patience = Deadline.Step;

    private readonly ManualTime _time = new();
    private readonly NodePulse _pulse;
    private readonly TestProbe _replica;
    private readonly TestProbe _verifier;

    public PulseActorTests()
        : base(Serializes)
    {
        _pulse = new NodePulse(_time);
        _replica = CreateTestProbe("replica");
        _verifier = CreateTestProbe("verifier");
        Sys.ActorOf(PulseActor.Props(_replica, _verifier, _pulse), "pulse");
    }

    [Fact]
    public void What_the_node_said_last_is_there_to_be_read_until_it_is_old()
    {
        Assert.Null(_pulse.Latest);
        Beat(sequence: 100);
        Until(() => _pulse.Latest?.Replica.AppliedSequence == 100);
        Assert.True(_pulse.Latest!.Verification!.IsEnabled);
        Assert.Empty(_pulse.Latest.Partitions);
        _time.Advance(NodePulse.Patience);
        Assert.Null(_pulse.Latest); // it says nothing more: it reads its journal, for example
        Beat(sequence: 200);
        Until(() => _pulse.Latest?.Replica.AppliedSequence == 200);
    }

    [Fact]
    public void A_node_whose_verifier_is_silent_has_no_pulse()
    {
        for (var i = 0; i < 3; i++)
        {
            _replica.ExpectMsg<ReportReplica>(Patience);
            _replica.Reply(Status(100));
        }

        // What came before these has been handled: the pulse's actor takes them in order.
        Assert.Null(_pulse.Latest);
    }

    private void Beat(ulong sequence)
    {
        _verifier.ExpectMsg<ReportVerification>(Patience);
        _verifier.Reply(new VerificationReport(true, default, null, null, []));
        _replica.ExpectMsg<ReportReplica>(Patience);
        _replica.Reply(Status(sequence));
    }

    private static ReplicaReport Status(ulong sequence) => new(
        new NodeId("n1"), ReplicaRole.Standby, false, 7, new NodeId("n2"), true, sequence, sequence, sequence, sequence, 0, 0, [],
        new ApplyLag(0, 0, 0, 0, 0), new StateStatus(true, 0, 0, null));
}
