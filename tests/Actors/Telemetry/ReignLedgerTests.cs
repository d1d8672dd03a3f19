// For how long no node served, as the new Primary accounts for it.
using HotStandby.Actors.Replication;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Actors.Telemetry;

public sealed class ReignLedgerTests
{
    private const long Second = TimeSpan.TicksPerSecond;

    private static readonly NodeId Self = new("n1"), Other = new("n2");

    private readonly ReignLedger _ledger = new(Self);

    [Fact]
    public void An_outage_begins_when_the_old_primary_was_last_heard_to_serve()
    {
        Heartbeat(serves: true, at: 10 * Second);
        Heartbeat(serves: false, at: 11 * Second); // it leads and does not serve any more
        Lead(epoch: 8, candidate: 13 * Second, primary: 14 * Second, serves: 15 * Second);
        Assert.Equal(new ServiceBegan(Self, 8, false, Other, 5000, false), _ledger.TakeNews());
        Assert.Null(_ledger.TakeNews());
    }

    [Fact]
    public void A_node_that_served_itself_accounts_from_when_it_stopped()
    {
        Lead(epoch: 7, candidate: 1 * Second, primary: 2 * Second, serves: 3 * Second);
        Assert.Equal(new ServiceBegan(Self, 7, false, NodeId.None, 0, false), _ledger.TakeNews());
        _ledger.Became(new RoleChanged(ReplicaRole.Standby, 7, ""), 20 * Second);
        Lead(epoch: 8, candidate: 21 * Second, primary: 22 * Second, serves: 23 * Second);
        Assert.Equal(new ServiceBegan(Self, 8, false, Self, 3000, false), _ledger.TakeNews());
    }

    [Fact]
    public void A_hand_over_is_named_as_one()
    {
        Heartbeat(serves: true, at: 10 * Second);
        _ledger.Heard(new GrantReleased(Said(), 7, Self), 10 * Second);
        Lead(epoch: 8, candidate: 10 * Second, primary: 10 * Second, serves: 10 * Second + (Second / 10));
        Assert.Equal(new ServiceBegan(Self, 8, false, Other, 100, true), _ledger.TakeNews());
    }

    [Fact]
    public void Peers_are_known_by_what_they_said_last()
    {
        Heartbeat(serves: true, at: 10 * Second);
        Assert.Equal([new PeerHeard(Other, 2000, true, false, true)], _ledger.Peers.Report(12 * Second));
        var empty = Said() with { Votes = false };
        _ledger.Heard(new SealReply(empty, 8, new Life(1, 1), SealOutcome.Empty, 0, 0, 0, 0, 0), 12 * Second);
        Assert.Equal([new PeerHeard(Other, 0, false, true, false)], _ledger.Peers.Report(12 * Second));
        for (var i = 0; i < 100; i++)
            _ledger.Heard(new GrantReleased(Said() with { Node = new NodeId($"x{i}") }, 7, Self), 12 * Second);
        Assert.Equal(16, _ledger.Peers.Report(12 * Second).Count);
    }

    private static Origin Said() => new(Other, new Life(5, 9), 0xCAFE, Votes: true);

    private void Heartbeat(bool serves, long at) => _ledger.Heard(new AppendBatch(Said(), 7, 6, 9, null, 9, 9, at, serves), at);

    private void Lead(ulong epoch, long candidate, long primary, long serves)
    {
        _ledger.Became(new RoleChanged(ReplicaRole.Candidate, epoch, ""), candidate);
        _ledger.Became(new RoleChanged(ReplicaRole.Primary, epoch, ""), primary);
        _ledger.Serves(serves);
    }
}
