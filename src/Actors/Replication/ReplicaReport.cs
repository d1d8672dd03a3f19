// What a replica tells operators of itself.
using Akka.Actor;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Node;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Replication;

/// <summary>Anyone to the replica: report. Answered with <see cref="ReplicaReport"/>.</summary>
internal sealed record ReportReplica : INoSerializationVerificationNeeded
{
    /// <summary>The only one.</summary>
    public static readonly ReportReplica Instance = new();
}

/// <summary>A Standby as its Primary sees it.</summary>
/// <param name="Node">Who.</param>
/// <param name="State">How it is being sent to.</param>
/// <param name="StoredSequence">In its journal.</param>
/// <param name="AppliedSequence">In its partitions.</param>
/// <param name="LagEntries">Entries that it does not store yet.</param>
/// <param name="Voting">Whether it counts.</param>
/// <param name="SilentMilliseconds">Since it was last heard; -1: never.</param>
public sealed record StandbyStatus(
    NodeId Node, LinkState State, ulong StoredSequence, ulong AppliedSequence, ulong LagEntries, bool Voting, long SilentMilliseconds)
{
    /// <summary>
    /// Since when something committed is not in its journal, seconds, to a tenth; at most some 400. 0: it has everything.
    /// </summary>
    public double LagSeconds { get; init; }

    /// <summary>How much of what may be under way to it is, by bytes; 1: full. One batch more may be under way than fits.</summary>
    public double InFlightFill { get; init; }
}

/// <summary>
/// Microseconds from commit on the Primary to applied on this Standby, in the last ten to twenty seconds. The clocks of two machines
/// differ: only meaningful where both share one.
/// </summary>
public sealed record ApplyLag(long Count, long P50Microseconds, long P99Microseconds, long P999Microseconds, long MaximumMicroseconds);

/// <summary>A replica at one moment.</summary>
public sealed record ReplicaReport(
    NodeId Node, ReplicaRole Role, bool Serving, ulong Epoch, NodeId Leader, bool Voting, ulong AppendedSequence,
    ulong DurableSequence, ulong CommittedSequence, ulong AppliedSequence, long LeaseRemainingMilliseconds, int HeldReplies,
    IReadOnlyList<StandbyStatus> Standbys, ApplyLag ApplyLag, StateStatus State) : INoSerializationVerificationNeeded
{
    /// <summary>How much of the memory for the log's newest entries is in use, by bytes; 1: full.</summary>
    public double WindowFill { get; init; }

    /// <summary>What the node is in.</summary>
    public NodePhase Phase { get; init; }

    /// <summary>What the node has heard of the others.</summary>
    public IReadOnlyList<PeerHeard> Peers { get; init; } = [];

    internal static ReplicaReport Of(ReplicaCell cell, long nowTicks, bool serving, ReignLedger ledger)
    {
        var replica = cell.Replica!;
        var state = replica.State;
        var last = state.Log.LastSequence;
        var standbys = replica.Standbys.Select(standby => new StandbyStatus(
            standby.Node, standby.State, standby.MatchSequence, standby.AppliedSequence, last - Math.Min(standby.MatchSequence, last),
            standby.Voting,
            standby.HeardAtTicks == long.MinValue ? -1 : (nowTicks - standby.HeardAtTicks) / TimeSpan.TicksPerMillisecond)
        {
            LagSeconds = ledger.CommitTimes.SecondsBehind(standby.MatchSequence, nowTicks),
            InFlightFill = (double)standby.InFlightBytes / state.Settings.InFlightBytes,
        });
        return new ReplicaReport(
            state.Settings.Self, replica.Role, serving, replica.Epoch, state.Leader, state.Voting, last, state.DurableSequence,
            state.CommitSequence, cell.AppliedSequence,
            replica.LeaseUntilTicks > nowTicks ? (replica.LeaseUntilTicks - nowTicks) / TimeSpan.TicksPerMillisecond : 0,
            cell.HeldReplies, [.. standbys], ledger.ApplyLag.Report(nowTicks), cell.State!)
        {
            WindowFill = (double)state.Window.Bytes / state.Settings.WindowBytes,
            Phase = cell.Phase,
            Peers = ledger.Peers.Report(nowTicks),
        };
    }
}
