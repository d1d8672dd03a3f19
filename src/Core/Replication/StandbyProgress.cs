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
public sealed class StandbyProgress(NodeId node, RosterSeat seat, ulong nextSequence)
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

    /// <summary>False while it must not be counted: it has no vote, or its name has another memory's.</summary>
    public bool Voting => Votes && (Seat.Memory == 0 || Seat.Memory == Life.Memory);

    /// <summary>When the newest message that it acknowledged was sent; its part of the lease runs from then.</summary>
    public long AcknowledgedSentAtTicks { get; private set; } = long.MinValue;

    /// <summary>When it was last heard of.</summary>
    public long HeardAtTicks { get; private set; } = long.MinValue;

    /// <summary>Bytes sent and not acknowledged.</summary>
    public long InFlightBytes { get; private set; }

    internal long SentAtTicks { get; set; } = long.MinValue / 2;

    internal long ProgressAtTicks { get; set; }

    internal ulong CommitSent { get; set; }

    /// <summary>The life that is followed: all the rest is said of it.</summary>
    internal Life Life { get; private set; }

    /// <summary>It says that it has a vote.</summary>
    internal bool Votes { get; private set; }

    /// <summary>Which memory has the vote of this name.</summary>
    internal RosterSeat Seat { get; } = seat;

    /// <summary>When the memory that has the vote was last heard.</summary>
    internal long VoterHeardAtTicks { get; private set; } = long.MinValue / 2;

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
    /// A process of this name says something. Of several, the Primary follows the one that has the vote, then the one that it follows
    /// already, for a lease after that was last heard; of two runs of one memory it follows the later. False: this is another one. A life
    /// that is followed from now on knows nothing of what an earlier one acknowledged.
    /// </summary>
    internal bool Meet(Life life, long nowTicks, long leaseTicks)
    {
        var hasVote = life.Memory == Seat.Memory;
        if (life != Life && (life.Memory == Life.Memory
            ? life.Incarnation < Life.Incarnation
            : !hasVote && Life != Life.None && nowTicks - HeardAtTicks < leaseTicks))
            return false;
        if (life != Life)
            (Life, MatchSequence, AppliedSequence, Votes, AcknowledgedSentAtTicks) = (life, 0, 0, false, long.MinValue);
        HeardAtTicks = nowTicks;
        if (hasVote)
            VoterHeardAtTicks = nowTicks;
        return true;
    }

    internal void Acknowledged(ulong stored, ulong applied, bool votes, long sentAtTicks, long nowTicks)
    {
        if (stored > MatchSequence)
            (MatchSequence, ProgressAtTicks) = (stored, nowTicks);
        AppliedSequence = Math.Max(AppliedSequence, applied);
        Votes = votes;
        AcknowledgedSentAtTicks = Math.Max(AcknowledgedSentAtTicks, sentAtTicks);
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
