// What a replica knows whatever its role: its log, its promise, its grant, what is durable, committed and applied. The
// roles (StandbyRole, CandidateRole, PrimaryRole) decide; this keeps the books and collects the effects.
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>What a node finds in its journal when it starts.</summary>
/// <param name="Log">The shape of the recovered log.</param>
/// <param name="CommitSequence">What was known to be committed.</param>
/// <param name="PromisedEpoch">Its promise; 0: none.</param>
/// <param name="PromisedTo">To whom.</param>
/// <param name="Voting">Whether it may vote.</param>
/// <param name="ImagesUpTo">Images up to here came with a full sync, whether the log reaches them or not.</param>
/// <param name="VotingMemory">
/// The memory that has the right to vote; 0: the one that has this journal, as earlier versions wrote it.
/// </param>
public sealed record RecoveredJournal(
    LogIndex Log, ulong CommitSequence, ulong PromisedEpoch, NodeId PromisedTo, bool Voting, ulong ImagesUpTo = 0, ulong VotingMemory = 0)
{
    /// <summary>A new node.</summary>
    public static RecoveredJournal Empty => new(new LogIndex(), 0, 0, NodeId.None, false);

    /// <summary>True for a node that has never taken part: it cannot have granted anything.</summary>
    public bool IsNew => Log.LastSequence == 0 && PromisedEpoch == 0 && !Voting;
}

/// <summary>The books of one replica.</summary>
public sealed class ReplicaState
{
    private readonly record struct PendingWrite(ulong LastSequence, bool GrantsVote);

    private readonly Queue<PendingWrite> _writes = [];
    private readonly Queue<(ulong AfterWrite, NodeId To, ReplicationMessage Message)> _barriers = [];
    private ulong _writesIssued;
    private ulong _writesDone;
    private ulong _promiseWrite;
    private bool _claimsVote;

    internal ReplicaState(ReplicaSettings settings, RecoveredJournal recovered, Life life, ulong birth, long nowTicks)
    {
        Settings = settings;
        Life = life;
        Log = recovered.Log;
        OwnSeat = Log.Roster.SeatOf(settings.Self);
        Window = new OpLogWindow(settings.WindowEntries, settings.WindowBytes);
        DurableSequence = Log.LastSequence;
        CommitSequence = Math.Min(recovered.CommitSequence, Log.LastSequence);
        PromisedEpoch = Math.Max(recovered.PromisedEpoch, Log.LastEpoch);
        PromisedTo = recovered.PromisedTo;
        Voting = recovered.Voting && (recovered.VotingMemory == 0 || recovered.VotingMemory == life.Memory)
            && (OwnSeat.Memory == 0 || OwnSeat.Memory == life.Memory);
        Birth = birth;
        // Its right came from the entry that names it in place of another, and from nothing else: so that entry is committed, even if a
        // start has forgotten it.
        if (Voting && OwnSeat.Replaces && OwnSeat.Memory == life.Memory)
            CommitSequence = Math.Max(CommitSequence, OwnSeat.Sequence);
        ImagesUpTo = recovered.ImagesUpTo;
        SilentUntilTicks = Voting ? long.MinValue : nowTicks + settings.LeaseDurationTicks;
        LearnBirth();
    }

    /// <summary>Settings.</summary>
    public ReplicaSettings Settings { get; }

    /// <summary>Which memory this is, and which run of it.</summary>
    public Life Life { get; }

    /// <summary>The identity of the cluster, once it is known to be committed; 0 before.</summary>
    public ulong Birth { get; private set; }

    /// <summary>What this node's messages say of their sender now.</summary>
    public Origin Origin => new(Settings.Self, Life, Birth, Voting);

    /// <summary>Another life has this one's place: it sends nothing any more.</summary>
    public bool IsSuperseded { get; private set; }

    /// <summary>The seat of this node's name, which another life may have.</summary>
    internal RosterSeat OwnSeat { get; }

    /// <summary>It has helped to found the cluster in this life, which is no reason to stay silent.</summary>
    internal bool Founds { get; set; }

    /// <summary>The log as appended: in memory, on its way to the journal or in it.</summary>
    public LogIndex Log { get; }

    /// <summary>The newest batches.</summary>
    public OpLogWindow Window { get; }

    /// <summary>Everything up to here is in the journal. Invariant: committed entries of this log are appended.</summary>
    public ulong DurableSequence { get; private set; }

    /// <summary>Everything up to here is on a majority. Never goes back.</summary>
    public ulong CommitSequence { get; private set; }

    /// <summary>Everything up to here is applied in every partition (as reported from outside).</summary>
    public ulong AppliedSequence { get; internal set; }

    /// <summary>The highest epoch this node sealed for or accepted entries of. Persistent; older ones are refused.</summary>
    public ulong PromisedEpoch { get; private set; }

    /// <summary>For whom.</summary>
    public NodeId PromisedTo { get; private set; }

    /// <summary>
    /// Which life of the candidate asked for it; none when that is not known (any more) or its reign has begun. Not persistent:
    /// only who can prove that it is the same attempt is answered again.
    /// </summary>
    internal Life PromisedLife { get; private set; }

    /// <summary>Whether this node may be counted. Persistent.</summary>
    public bool Voting { get; private set; }

    /// <summary>
    /// Until when a node without a vote stays silent. It may have forgotten a seal that a candidate is about to win with;
    /// after a lease that candidate has won, and a majority of the others knows it, or it has given up.
    /// </summary>
    internal long SilentUntilTicks { get; }

    /// <summary>The Primary as far as this node knows.</summary>
    public NodeId Leader { get; internal set; }

    /// <summary>The latest epoch in which a Primary was heard here, and when that was last (monotonic ticks).</summary>
    internal ulong LeaderEpoch { get; private set; }

    internal long LeaderHeardAtTicks { get; private set; }

    /// <summary>Whether that Primary serves, by its own word.</summary>
    internal HeardService Service { get; } = new();

    /// <summary>To whom the running grant was given.</summary>
    public NodeId GrantedTo { get; internal set; }

    /// <summary>To which life of it. Another process of that name is another candidate.</summary>
    internal Life GrantedLife { get; set; }

    /// <summary>Until when this node helps no other candidate (monotonic ticks).</summary>
    public long GrantUntilTicks { get; internal set; }

    /// <summary>
    /// False while this node's partitions do not hold what its log begins with: it stores, acknowledges and votes, but does not lead.
    /// </summary>
    public bool IsStateComplete { get; internal set; } = true;

    /// <summary>
    /// Images of partitions up to this seq are of committed state even where the log ends before them: a full sync brought them. An
    /// image from beyond both may hold what was lost, and must not be used.
    /// </summary>
    public ulong ImagesUpTo { get; private set; }

    internal List<Effect> Effects { get; } = [];

    internal void Heard(NodeId leader, ulong epoch, long nowTicks) => (Leader, LeaderEpoch, LeaderHeardAtTicks) = (leader, epoch, nowTicks);

    internal void Send(NodeId to, ReplicationMessage message)
    {
        if (!IsSuperseded)
            Effects.Add(new Send(to, message));
    }

    /// <summary>Whether what a life says counts for its name: this log names it, or names no life and this one has a vote.</summary>
    internal bool Counts(RosterSeat seat, Life life, bool votes) => Settings.Miscounts switch
    {
        CountingBug.AnyLife => votes,
        CountingBug.BothLives when seat.Replaces && votes => true,
        _ => seat.Memory == 0 ? votes
            : seat.Memory == life.Memory
                && (!seat.Replaces || (votes && seat.Sequence <= CommitSequence)),
    };

    /// <summary>This life is over.</summary>
    internal void Supersede(Life by)
    {
        if (IsSuperseded || Settings.Miscounts is CountingBug.AnyLife or CountingBug.BothLives)
            return;
        IsSuperseded = true;
        Effects.Add(new Superseded(by));
    }

    /// <summary>Sends once everything that this node has asked its journal for so far is in it.</summary>
    internal void SendWhenDurable(NodeId to, ReplicationMessage message)
    {
        if (_writes.Count == 0)
            Send(to, message);
        else
            _barriers.Enqueue((_writesIssued, to, message));
    }

    /// <summary>Appends a batch to log, window and journal.</summary>
    /// <exception cref="InvariantViolation">2: it is of another cluster's log.</exception>
    internal void Append(OpLogBatch batch)
    {
        var before = Log.LastSequence;
        Log.Append(batch);
        if (Birth != 0 && Log.Roster.Birth != 0 && Log.Roster.Birth != Birth)
            throw new InvariantViolation(2, $"entries of the cluster born {Log.Roster.Birth:x16} in a log of the one born {Birth:x16}");
        Window.Add(batch, DurableSequence);
        Write(new WriteBatch(batch), new PendingWrite(batch.LastSequence, false));
        if (Log.Roster.Supersedes(Settings.Self, Life.Memory, before, fromAny: Voting))
            Supersede(new Life(OwnSeat.Memory, 0));
    }

    /// <summary>Cuts off what conflicts with a later Primary's log. Never a committed entry (invariant 3).</summary>
    internal void CutAfter(ulong lastKept)
    {
        if (lastKept < CommitSequence)
            throw new InvariantViolation(3, $"asked to cut after {lastKept}, but {CommitSequence} is committed");
        Log.CutAfter(lastKept);
        Window.CutAfter(lastKept);
        LimitDurable(lastKept);
        Write(new WriteCut(lastKept), default);
    }

    // What is behind the end of the log now is not in it, whether it is in the journal already or on its way there.
    private void LimitDurable(ulong lastKept)
    {
        DurableSequence = Math.Min(DurableSequence, lastKept);
        for (var i = _writes.Count; i > 0; i--)
        {
            var write = _writes.Dequeue();
            _writes.Enqueue(write with { LastSequence = Math.Min(write.LastSequence, lastKept) });
        }
    }

    /// <summary>The entries up to a committed seq are in checkpoints, and go.</summary>
    internal void Truncate(ulong sequence)
    {
        if (sequence > CommitSequence)
            throw new InvariantViolation(3, $"asked to truncate to {sequence}, but only {CommitSequence} is committed");
        if (sequence <= Log.BaseSequence)
            return;
        Log.TruncateTo(sequence);
        Write(new WriteTruncation(Log.DescribeUntil(sequence), Log.Roster.At(sequence)), default);
    }

    /// <summary>
    /// The images of a full sync are durable. Where this log holds the entry at which they begin it goes on, whole: it may hold entries
    /// behind it that this node has acknowledged. Where it does not, nothing in it can be missed: what it may have acknowledged and what
    /// is committed lies below that entry, and what conflicts was never committed.
    /// </summary>
    internal void Install(ReadOnlySpan<EpochEnd> below, VoterRoll roll, ulong imagesUpTo)
    {
        ImagesUpTo = Math.Max(ImagesUpTo, imagesUpTo);
        var last = below[^1];
        if (last.LastSequence < CommitSequence && Log.EpochOf(last.LastSequence) != last.Epoch)
            throw new InvariantViolation(
                3, $"images of {last.Epoch}/{last.LastSequence} conflict with the log, of which {CommitSequence} is committed");
        if (Log.EpochOf(last.LastSequence) != last.Epoch)
        {
            var wasNamed = OwnSeat.Memory == Life.Memory;
            Log.Clear();
            Log.FoundOn(below, roll);
            Window.Clear();
            LimitDurable(last.LastSequence);
            Write(new WriteReset(below.ToArray(), roll, ImagesUpTo), new PendingWrite(last.LastSequence, false));
            if ((Voting || wasNamed) && OwnSeat.Memory != 0 && OwnSeat.Memory != Life.Memory)
                Supersede(new Life(OwnSeat.Memory, 0));
        }

        Commit(last.LastSequence);
    }

    internal EntriesGone EntriesGone(ulong epoch, long sentAtTicks) =>
        new(Origin, epoch, Log.EpochOf(Log.BaseSequence) ?? 0, Log.BaseSequence, sentAtTicks);

    internal void Promise(ulong epoch, NodeId candidate, Life life)
    {
        if (epoch < PromisedEpoch)
            throw new InvariantViolation(1, $"promise of epoch {epoch} after {PromisedEpoch}");
        PromisedLife = life;
        if (epoch == PromisedEpoch && candidate == PromisedTo)
            return;
        (PromisedEpoch, PromisedTo) = (epoch, candidate);
        Write(new WritePromise(epoch, candidate), default);
        _promiseWrite = _writesIssued;
    }

    /// <summary>True when the promise would survive a crash. No reign begins before: its epoch could be used twice.</summary>
    internal bool PromiseIsDurable => _writesDone >= _promiseWrite;

    /// <summary>
    /// A memory has a vote once its log names it and that is committed: then it holds everything that an earlier memory may have
    /// acknowledged, and knows every promise that it may have given (docs/protocol.md, "Voters").
    /// </summary>
    internal void ClaimVote()
    {
        if (Voting || _claimsVote || IsSuperseded || OwnSeat.Memory != Life.Memory || OwnSeat.Sequence > CommitSequence)
            return;
        _claimsVote = true;
        Write(new WriteVoting(Life.Memory), new PendingWrite(0, true));
    }

    /// <summary>The oldest outstanding journal write is done.</summary>
    internal void Persisted()
    {
        if (!_writes.TryDequeue(out var write))
            throw new InvariantViolation(8, "the journal confirmed a write that nobody asked for");
        _writesDone++;
        DurableSequence = Math.Max(DurableSequence, write.LastSequence);
        Voting |= write.GrantsVote;
        while (_barriers.TryPeek(out var barrier) && barrier.AfterWrite <= _writesDone)
        {
            _barriers.Dequeue();
            Send(barrier.To, barrier.Message);
        }
    }

    internal bool Commit(ulong sequence)
    {
        if (sequence <= CommitSequence)
            return false;
        if (sequence > Log.LastSequence)
            throw new InvariantViolation(3, $"commit of {sequence} beyond the log's end {Log.LastSequence}");
        CommitSequence = sequence;
        Effects.Add(new CommitAdvanced(sequence));
        LearnBirth();
        return true;
    }

    // A founding that failed has a birth, too. Only a committed one is the cluster's.
    private void LearnBirth()
    {
        if (Birth != 0 || Log.Roster.BirthUpTo(CommitSequence) is not (not 0 and var birth))
            return;
        Birth = birth;
        Effects.Add(new Born(birth));
    }

    internal bool GrantRunsForAnother(long nowTicks) => GrantRunsForAnother(Settings.Self, Life, nowTicks);

    internal bool GrantRunsForAnother(NodeId candidate, Life life, long nowTicks) => nowTicks < GrantUntilTicks
        && (GrantedTo != candidate || GrantedLife != life);

    private void Write(JournalWrite effect, PendingWrite pending)
    {
        _writesIssued++;
        _writes.Enqueue(pending);
        Effects.Add(effect);
    }
}
