// Why and how fast this node came to lead: told of what the replica hears and becomes, it counts promotions by cause and times the
// phases of a failover; and how far behind it applies. Nothing decides on it.
using HotStandby.Actors.Replication;
using HotStandby.Core.Node;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Telemetry;

/// <summary>The account of one node's reigns. Times are of one monotonic clock, in units of 100 ns.</summary>
internal sealed class ReignLedger(NodeId self = default) : IReplicaObserver
{
    private readonly NodeId _self = self;
    private const string NoLeaderKnown = "no_leader_known";
    private const string LeaderLost = "leader_lost";
    private const string HandedOver = "handed_over";
    private const string LedBefore = "led_before";

    /// <summary>All causes of a promotion.</summary>
    public static readonly IReadOnlyList<string> Causes = [NoLeaderKnown, LeaderLost, HandedOver, LedBefore];

    private string _cause = NoLeaderKnown;
    private long _heardAtTicks = long.MinValue;
    private string _promotedBy = NoLeaderKnown;
    private ulong _epoch;
    private long _failingOverSinceTicks = long.MinValue;
    private long _beganAtTicks = long.MinValue; // of the present phase
    private NodeId _servedBy; // what was last known to serve, this node included, and when
    private long _servedAtTicks = long.MinValue;
    private bool _serves;
    private ServiceBegan? _news;

    /// <summary>How long committed entries take to this node's partitions.</summary>
    public ApplyLagRecorder ApplyLag { get; } = new();

    /// <summary>When each other node was last heard.</summary>
    public PeerLedger Peers { get; } = new();

    /// <summary>When the Primary committed what.</summary>
    public CommitTimes CommitTimes { get; } = new();

    /// <summary>A peer said something: a leader that sends, or one that goes in order.</summary>
    public void Heard(ReplicationMessage message, long nowTicks)
    {
        Peers.Heard(message, nowTicks);
        if (message is AppendBatch append)
        {
            (_cause, _heardAtTicks) = (LeaderLost, nowTicks);
            ApplyLag.Committed(append.CommitSequence, append.SentAtTicks);
            if (append.Serves)
                (_servedBy, _servedAtTicks) = (append.From, nowTicks);
        }
        else if (message is GrantReleased { Epoch: not 0 })
            _cause = HandedOver;
    }

    /// <summary>The commit has advanced on the Primary; its oldest entry was proposed then.</summary>
    public void Committed(ulong sequence, long proposedAtTicks, long nowTicks)
    {
        CommitTimes.Committed(sequence, nowTicks);
        NodeMetrics.Committed(nowTicks - proposedAtTicks);
        NodeTraces.Committed(sequence, nowTicks - proposedAtTicks);
    }

    /// <summary>Entries are applied here.</summary>
    public void Applied(ulong sequence, long nowTicks) => ApplyLag.Applied(sequence, nowTicks);

    /// <summary>The node took another role.</summary>
    public void Became(RoleChanged changed, long nowTicks)
    {
        if (_serves)
            (_servedBy, _servedAtTicks, _serves) = (_self, nowTicks, false);
        ApplyLag.Restart();
        CommitTimes.Restart();
        NodeMetrics.Became(changed.Role);
        switch (changed.Role)
        {
            case ReplicaRole.Candidate:
                Phase("silence", _heardAtTicks, nowTicks);
                _failingOverSinceTicks = _heardAtTicks == long.MinValue ? nowTicks : _heardAtTicks;
                break;
            case ReplicaRole.Primary:
                NodeMetrics.Promoted(_cause);
                Phase("election", _beganAtTicks, nowTicks);
                (_promotedBy, _epoch, _cause) = (_cause, changed.Epoch, LedBefore);
                break;
            default:
                break;
        }

        _beganAtTicks = nowTicks;
    }

    /// <summary>The reign that was won is open to clients.</summary>
    public void Serves(long nowTicks)
    {
        Phase("opening", _beganAtTicks, nowTicks);
        if (_failingOverSinceTicks != long.MinValue)
            NodeTraces.FailedOver(_promotedBy, _epoch, nowTicks - _failingOverSinceTicks);
        Phase("outage", _servedAtTicks, nowTicks);
        _news = new ServiceBegan(
            _self, _epoch, IsFirst: false, _servedBy,
            _servedAtTicks == long.MinValue ? 0 : (nowTicks - _servedAtTicks) / TimeSpan.TicksPerMillisecond, _promotedBy == HandedOver);
        _serves = true;
    }

    /// <summary>What there is to say of a service that has just begun; null: nothing. It is given once.</summary>
    public ServiceBegan? TakeNews()
    {
        var news = _news;
        _news = null;
        return news;
    }

    private static void Phase(string phase, long sinceTicks, long nowTicks)
    {
        if (sinceTicks != long.MinValue)
            NodeMetrics.FailoverPhase(phase, nowTicks - sinceTicks);
    }
}
