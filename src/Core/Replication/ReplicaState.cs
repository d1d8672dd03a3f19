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
public sealed record RecoveredJournal(
    LogIndex Log, ulong CommitSequence, ulong PromisedEpoch, NodeId PromisedTo, bool Voting, ulong ImagesUpTo = 0)
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

    internal ReplicaState(ReplicaSettings settings, RecoveredJournal recovered, ulong incarnation, long nowTicks)
    {
        Settings = settings;
        Incarnation = incarnation;
        Log = recovered.Log;
        Window = new OpLogWindow(settings.WindowEntries, settings.WindowBytes);
        DurableSequence = Log.LastSequence;
        CommitSequence = Math.Min(recovered.CommitSequence, Log.LastSequence);
        PromisedEpoch = Math.Max(recovered.PromisedEpoch, Log.LastEpoch);
        PromisedTo = recovered.PromisedTo;
        Voting = recovered.Voting;
        ImagesUpTo = recovered.ImagesUpTo;
        SilentUntilTicks = Voting ? long.MinValue : nowTicks + settings.LeaseDurationTicks;
    }

    /// <summary>Settings.</summary>
    public ReplicaSettings Settings { get; }

    /// <summary>Differs after every start.</summary>
    public ulong Incarnation { get; }

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
    /// Which life of the candidate asked for it; 0 when that is not known (any more) or its reign has begun. Not persistent:
    /// only who can prove that it is the same attempt is answered again.
    /// </summary>
    internal ulong PromisedIncarnation { get; private set; }

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

    /// <summary>To whom the running grant was given.</summary>
    public NodeId GrantedTo { get; internal set; }

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

    internal void Send(NodeId to, ReplicationMessage message) => Effects.Add(new Send(to, message));

    /// <summary>Sends once everything that this node has asked its journal for so far is in it.</summary>
    internal void SendWhenDurable(NodeId to, ReplicationMessage message)
    {
        if (_writes.Count == 0)
            Send(to, message);
        else
            _barriers.Enqueue((_writesIssued, to, message));
    }

    /// <summary>Appends a batch to log, window and journal.</summary>
    internal void Append(OpLogBatch batch)
    {
        Log.Append(batch);
        Window.Add(batch, DurableSequence);
        Write(new WriteBatch(batch), new PendingWrite(batch.LastSequence, false));
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
        Write(new WriteTruncation(Log.DescribeUntil(sequence)), default);
    }

    /// <summary>
    /// The images of a full sync are durable. Where this log holds the entry at which they begin it goes on, whole: it may hold entries
    /// behind it that this node has acknowledged. Where it does not, nothing in it can be missed: what it may have acknowledged and what
    /// is committed lies below that entry, and what conflicts was never committed.
    /// </summary>
    internal void Install(ReadOnlySpan<EpochEnd> below, ulong imagesUpTo)
    {
        ImagesUpTo = Math.Max(ImagesUpTo, imagesUpTo);
        var last = below[^1];
        if (last.LastSequence < CommitSequence && Log.EpochOf(last.LastSequence) != last.Epoch)
            throw new InvariantViolation(3, $"images of {last.Epoch}/{last.LastSequence} conflict with the log, of which {CommitSequence} is committed");
        if (Log.EpochOf(last.LastSequence) != last.Epoch)
        {
            Log.Clear();
            Log.FoundOn(below);
            Window.Clear();
            LimitDurable(last.LastSequence);
            Write(new WriteReset(below.ToArray(), ImagesUpTo), new PendingWrite(last.LastSequence, false));
        }

        Commit(last.LastSequence);
    }

    internal EntriesGone EntriesGone(ulong epoch, long sentAtTicks) =>
        new(Settings.Self, epoch, Log.EpochOf(Log.BaseSequence) ?? 0, Log.BaseSequence, sentAtTicks);

    internal void Promise(ulong epoch, NodeId candidate, ulong incarnation)
    {
        if (epoch < PromisedEpoch)
            throw new InvariantViolation(1, $"promise of epoch {epoch} after {PromisedEpoch}");
        PromisedIncarnation = incarnation;
        if (epoch == PromisedEpoch && candidate == PromisedTo)
            return;
        (PromisedEpoch, PromisedTo) = (epoch, candidate);
        Write(new WritePromise(epoch, candidate), default);
        _promiseWrite = _writesIssued;
    }

    /// <summary>True when the promise would survive a crash. No reign begins before: its epoch could be used twice.</summary>
    internal bool PromiseIsDurable => _writesDone >= _promiseWrite;

    internal void BecomeVoter() => Write(new WriteVoting(), new PendingWrite(0, true));

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
        return true;
    }

    internal bool GrantRunsForAnother(NodeId candidate, long nowTicks) => GrantedTo != candidate && nowTicks < GrantUntilTicks;

    private void Write(JournalWrite effect, PendingWrite pending)
    {
        _writesIssued++;
        _writes.Enqueue(pending);
        Effects.Add(effect);
    }
}
