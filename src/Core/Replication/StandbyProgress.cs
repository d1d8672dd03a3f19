// What a Primary knows of one Standby, and what is under way to it.
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Replication;

/// <summary>How the Primary sends to a Standby.</summary>
public enum LinkState : byte
{
    /// <summary>Where its log ends is not known yet: one message at a time.</summary>
    Probe,
    /// <summary>Pipelined from the window.</summary>
    Stream,
    /// <summary>Behind the window: batches are being read from the journal.</summary>
    CatchUp,
}

/// <summary>One Standby as its Primary sees it.</summary>
public sealed class StandbyProgress(NodeId node, ulong nextSequence)
{
    private readonly Queue<(ulong LastSequence, int Bytes)> _underWay = [];

    /// <summary>Who.</summary>
    public NodeId Node { get; } = node;

    /// <summary>How it is being sent to.</summary>
    public LinkState State { get; internal set; }

    /// <summary>The next seq to send.</summary>
    public ulong NextSequence { get; private set; } = nextSequence;

    /// <summary>Stored there, known to equal this log.</summary>
    public ulong MatchSequence { get; private set; }

    /// <summary>Applied there.</summary>
    public ulong AppliedSequence { get; private set; }

    /// <summary>False while it must not be counted.</summary>
    public bool Voting { get; private set; }

    /// <summary>When the newest message that it acknowledged was sent; its part of the lease runs from then.</summary>
    public long AcknowledgedSentAtTicks { get; private set; } = long.MinValue;

    /// <summary>When it was last heard of.</summary>
    public long HeardAtTicks { get; private set; } = long.MinValue;

    /// <summary>Bytes sent and not acknowledged.</summary>
    public long InFlightBytes { get; private set; }

    internal long SentAtTicks { get; set; } = long.MinValue / 2;

    internal long ProgressAtTicks { get; set; }

    internal ulong CommitSent { get; set; }

    internal ulong Incarnation { get; private set; }

    /// <summary>The life for which a VoterReturned was appended in this reign.</summary>
    internal ulong Welcomed { get; set; }

    private long MetAtTicks { get; set; } = long.MinValue;

    private long RestartedAtTicks { get; set; } = long.MinValue;

    internal bool HasInFlight => _underWay.Count > 0;

    /// <summary>A batch is on its way.</summary>
    internal void Sent(ulong lastSequence, int bytes)
    {
        NextSequence = lastSequence + 1;
        InFlightBytes += bytes;
        _underWay.Enqueue((lastSequence, bytes));
    }

    /// <summary>
    /// A later life of the node knows nothing of what an earlier one acknowledged. False for the last words of an earlier life
    /// that arrive late: they answer something sent before the later one was met.
    /// </summary>
    internal bool Meet(ulong incarnation, long sentAtTicks, long nowTicks)
    {
        if (incarnation == Incarnation)
            return true;
        if (sentAtTicks < MetAtTicks)
            return false;
        if (Incarnation != 0)
            (MatchSequence, AppliedSequence, Voting, AcknowledgedSentAtTicks) = (0, 0, false, long.MinValue);
        (Incarnation, MetAtTicks) = (incarnation, nowTicks);
        return true;
    }

    internal void Acknowledged(ulong stored, ulong applied, bool voting, long sentAtTicks, long nowTicks)
    {
        if (stored > MatchSequence)
            (MatchSequence, ProgressAtTicks) = (stored, nowTicks);
        AppliedSequence = Math.Max(AppliedSequence, applied);
        Voting = voting;
        AcknowledgedSentAtTicks = Math.Max(AcknowledgedSentAtTicks, sentAtTicks);
        HeardAtTicks = nowTicks;
        while (_underWay.TryPeek(out var oldest) && oldest.LastSequence <= MatchSequence)
        {
            InFlightBytes -= oldest.Bytes;
            _underWay.Dequeue();
        }

        if (NextSequence <= MatchSequence)
            NextSequence = MatchSequence + 1;
    }

    /// <summary>True when the refusal answers something sent after the last restart; older ones were dealt with by it.</summary>
    internal bool IsFresh(long sentAtTicks) => sentAtTicks >= RestartedAtTicks;

    /// <summary>Send again from here.</summary>
    internal void RestartFrom(ulong sequence, long nowTicks)
    {
        NextSequence = sequence;
        InFlightBytes = 0;
        _underWay.Clear();
        (RestartedAtTicks, ProgressAtTicks) = (nowTicks, nowTicks);
    }
}
