// Hands committed entries to the partitions, in order: from the window when they are there, from the journal when they are
// not (after a start, a rebuild, or a long absence). Knows when everything up to a seq is applied.
using System.Buffers.Binary;
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Node;

/// <summary>The stream of committed entries into a node's partitions.</summary>
/// <param name="partitions">How many there are.</param>
/// <param name="readBytes">How much is read from the journal at once.</param>
/// <param name="entriesPerReport">
/// After so many entries the shards report their buffers to the segment table again, at least 1: so much does a promotion have to catch up
/// with.
/// </param>
/// <param name="outbox">Takes what follows.</param>
public sealed class PartitionFeed(int partitions, long readBytes, int entriesPerReport, Outbox outbox)
{
    // Batches under way to the partitions; beyond it the feed waits, so that a long replay does not fill their mailboxes.
    private const int MaximumUnderWay = 64;

    /// <summary>How long the journal may take to answer a read: longer than its circuit breaker waits. Then the node ends.</summary>
    public static readonly TimeSpan ReadPatience = TimeSpan.FromMinutes(3);

    // What passes between two ticks counts for no more than this: a process that was frozen has not waited.
    private static readonly long LongestStepTicks = TimeSpan.TicksPerSecond;

    private sealed record ForFeed(ulong StateNumber);

    private readonly Queue<(ulong LastSequence, int Partitions)> _underWay = [];
    private readonly int[] _counts = new int[partitions];
    private readonly int[]?[] _offsets = new int[]?[partitions];
    private readonly List<int> _touched = [];
    private readonly Dictionary<ulong, int> _answers = [];
    private ulong _target;
    private ulong _readTarget;
    private bool _reading;
    private long _readingForTicks;
    private long _tickedAtTicks;
    private bool _suspended = true;
    private ulong _extentRound;
    private ulong _reportedAt;
    private bool _hasReports;
    private bool _leads;

    /// <summary>Counts the states that the partitions have been given; answers of an earlier one are ignored.</summary>
    public ulong StateNumber { get; private set; }

    /// <summary>Everything up to here has been handed over; 0 while suspended.</summary>
    public ulong FedSequence { get; private set; }

    /// <summary>Everything up to here is applied.</summary>
    public ulong AppliedSequence { get; private set; }

    /// <summary>True when all that is committed has been handed over.</summary>
    public bool IsComplete => FedSequence >= _target;

    /// <summary>Nothing is handed over until <see cref="GoOnFrom"/>: the partitions are given another state meanwhile.</summary>
    public void Suspend()
    {
        StateNumber++;
        (FedSequence, AppliedSequence, _reading, _suspended, _hasReports) = (0, 0, false, true, false);
        _underWay.Clear();
        _answers.Clear();
    }

    /// <summary>Every partition holds what the entries up to here have made of it, or more: a partition skips what it has.</summary>
    public void GoOnFrom(ulong sequence) => (FedSequence, AppliedSequence, _suspended) = (sequence, sequence, false);

    /// <summary>Hands over what is committed now.</summary>
    public void Advance(ulong commitSequence, OpLogWindow window)
    {
        _target = Math.Max(_target, commitSequence);
        while (!_suspended && FedSequence < _target && !_reading && _underWay.Count < MaximumUnderWay)
        {
            if (window.From(FedSequence + 1) is not { } batch)
            {
                (_reading, _readingForTicks, _readTarget) = (true, 0, _target);
                outbox.Send(CellAddress.OpLog, new GetEntriesSince(FedSequence + 1, readBytes, new ForFeed(StateNumber)));
                return;
            }

            Feed(batch.Until(_target));
        }

        if (!_suspended && !_leads && !_hasReports && IsComplete)
            AskForExtents();
    }

    /// <summary>The partitions lead from now on.</summary>
    /// <returns>The round of reports that the shards are asked for before. The number behind it is the reign's own.</returns>
    public ulong BeginLeading()
    {
        AskForExtents();
        (_leads, _hasReports) = (true, false);
        return _extentRound++;
    }

    /// <summary>The partitions follow again.</summary>
    public void EndLeading() => _leads = false;

    /// <summary>What the shards reported of their buffers is wrong: they report everything again.</summary>
    public void ForgetExtents() => _hasReports = false;

    /// <summary>Time has passed.</summary>
    /// <exception cref="JournalFailedException">The journal does not answer: this node would store and never apply.</exception>
    public void Tick(long nowTicks)
    {
        if (_reading && (_readingForTicks += Math.Min(nowTicks - _tickedAtTicks, LongestStepTicks)) > ReadPatience.Ticks)
            throw new JournalFailedException(
                $"the journal has not answered for {ReadPatience.TotalMinutes} minutes: entries from {FedSequence + 1} on were asked for");
        _tickedAtTicks = nowTicks;
    }

    /// <summary>
    /// Takes the answer to the feed's own read; false when it answers another read. Only what was committed when the feed asked
    /// counts: the rest of the answer may have been cut off since, and other entries committed in its place.
    /// </summary>
    public bool OnRead(EntriesSince answer, OpLogWindow window)
    {
        if (answer.Purpose is not ForFeed { StateNumber: var stateNumber })
            return false;
        if (stateNumber != StateNumber)
            return true;
        _reading = false;
        foreach (var batch in answer.Batches)
            if (FedSequence < _readTarget && batch.FirstSequence == FedSequence + 1)
                Feed(batch.Until(_readTarget));
        if (answer.Batches.Count > 0)
            Advance(_target, window);
        return true;
    }

    /// <summary>The partitions of a Primary have applied up to here by themselves: they proposed it.</summary>
    public void Skip(ulong sequence) => FedSequence = AppliedSequence = _target = Math.Max(FedSequence, sequence);

    /// <summary>A partition has applied its part of a batch. True when <see cref="AppliedSequence"/> moved.</summary>
    public bool OnApplied(EntriesApplied applied, OpLogWindow window)
    {
        if (applied.StateNumber != StateNumber)
            return false;
        _answers[applied.LastSequence] = _answers.GetValueOrDefault(applied.LastSequence) + 1;
        var moved = false;
        while (_underWay.TryPeek(out var oldest) && _answers.GetValueOrDefault(oldest.LastSequence) >= oldest.Partitions)
        {
            _underWay.Dequeue();
            _answers.Remove(oldest.LastSequence);
            // A Primary that has begun to lead may have skipped ahead of the last answers.
            AppliedSequence = Math.Max(AppliedSequence, oldest.LastSequence);
            moved = true;
        }

        if (moved)
            Advance(_target, window);
        return moved;
    }

    // The shards tell the segment table which buffers they cover, as of here: what has changed since the last time, or everything when they
    // were given another state or have led since.
    private void AskForExtents()
    {
        outbox.Send(CellAddress.AllShards, new ReportExtents(++_extentRound, IsWhole: !_hasReports));
        (_hasReports, _reportedAt) = (true, FedSequence);
    }

    private void Feed(OpLogBatch batch)
    {
        var bytes = batch.Encoded.Span;
        for (var at = OpLogBatch.HeaderBytes; at < bytes.Length; at += LengthAt(bytes, at))
        {
            var partition = PartitionAt(bytes, at);
            if (_counts[partition]++ == 0)
                _touched.Add(partition);
        }

        foreach (var partition in _touched)
        {
            _offsets[partition] = new int[_counts[partition]];
            _counts[partition] = 0;
        }

        for (var at = OpLogBatch.HeaderBytes; at < bytes.Length; at += LengthAt(bytes, at))
        {
            var partition = PartitionAt(bytes, at);
            _offsets[partition]![_counts[partition]++] = at;
        }

        _underWay.Enqueue((batch.LastSequence, _touched.Count));
        foreach (var partition in _touched)
        {
            outbox.Send(
                new CellAddress(CellKind.Partition, partition),
                new ApplyEntries(StateNumber, batch, _offsets[partition]!, _counts[partition]));
            (_offsets[partition], _counts[partition]) = (null, 0);
        }

        _touched.Clear();
        FedSequence = batch.LastSequence;
        if (_hasReports && FedSequence - _reportedAt >= (ulong)entriesPerReport)
            AskForExtents();
    }

    private static int LengthAt(ReadOnlySpan<byte> bytes, int at) => (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private int PartitionAt(ReadOnlySpan<byte> bytes, int at)
    {
        var partition = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at + 40)..]);
        return partition < partitions
            ? partition
            : throw new InvariantViolation(7, $"an entry for {new Partition(partition)}, but this node has {partitions - 1} shards");
    }
}
