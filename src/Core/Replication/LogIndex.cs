// The shape of a log: where each epoch ends, and from where on its entries are still there. Enough to answer "which epoch has seq n"
// and "up to where do two logs agree", because two logs that hold the same (epoch, seq) are identical up to it (invariant 2). Beside it,
// what the entries say of the voters (Roster).
using HotStandby.Messages;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>Epochs and seqs of a log; not its entries.</summary>
public sealed class LogIndex
{
    // A mark every so many bytes: how much of the log can be told from the seqs between them.
    private const long MarkBytes = 1 << 20;

    private readonly List<EpochEnd> _ends = [];
    private readonly List<(ulong Sequence, long TotalBytes)> _marks = [];
    private long _totalBytes;

    /// <summary>Entries up to here are gone, replaced by checkpoints; their epochs are still known. 0: nothing is gone.</summary>
    public ulong BaseSequence { get; private set; }

    /// <summary>Which memory votes under which name, by the entries of this log.</summary>
    public Roster Roster { get; } = new();

    /// <summary>Last seq; 0 when the log is empty.</summary>
    public ulong LastSequence => _ends.Count == 0 ? 0 : _ends[^1].LastSequence;

    /// <summary>Epoch of the last entry; 0 when the log is empty.</summary>
    public ulong LastEpoch => _ends.Count == 0 ? 0 : _ends[^1].Epoch;

    /// <summary>The log, epoch by epoch, oldest first.</summary>
    public EpochEnd[] Describe() => [.. _ends];

    /// <summary>Adds the next batch.</summary>
    public void Append(OpLogBatch batch)
    {
        if (batch.FirstSequence != LastSequence + 1 || batch.Epoch < LastEpoch)
            throw new InvariantViolation(2, $"batch {batch.Epoch}/{batch.FirstSequence} behind {LastEpoch}/{LastSequence}");
        Roster.Note(batch);
        _totalBytes += batch.Encoded.Length;
        if (_marks.Count == 0 || _totalBytes - _marks[^1].TotalBytes >= MarkBytes)
            _marks.Add((batch.LastSequence, _totalBytes));
        if (batch.Epoch == LastEpoch)
            _ends[^1] = new EpochEnd(batch.Epoch, batch.LastSequence);
        else
            _ends.Add(new EpochEnd(batch.Epoch, batch.LastSequence));
    }

    /// <summary>The entries up to a seq are gone.</summary>
    public void TruncateTo(ulong sequence)
    {
        BaseSequence = Math.Max(BaseSequence, Math.Min(sequence, LastSequence));
        Roster.TruncateTo(BaseSequence);
        _marks.RemoveRange(0, Math.Max(0, _marks.FindLastIndex(mark => mark.Sequence <= BaseSequence)));
    }

    /// <summary>
    /// What is known of the log below its first entry: an older log's epochs, where a new one begins. Entries that are held stay; where
    /// none is, the log goes on behind these.
    /// </summary>
    /// <param name="below">Ends of the epochs up to the base, oldest first; not empty.</param>
    /// <param name="roll">The voters at the base; null: what is known of them already.</param>
    public void FoundOn(ReadOnlySpan<EpochEnd> below, VoterRoll? roll)
    {
        var last = below[^1];
        _ends.RemoveAll(end => end.LastSequence <= last.LastSequence);
        _ends.InsertRange(0, _ends.Count > 0 && _ends[0].Epoch == last.Epoch ? below[..^1] : below);
        BaseSequence = Math.Max(BaseSequence, last.LastSequence);
        if (roll is null)
            Roster.TruncateTo(last.LastSequence);
        else
            Roster.FoundOn(roll, last.LastSequence);
    }

    /// <summary>Forgets every entry; see <see cref="FoundOn"/>.</summary>
    public void Clear()
    {
        _ends.Clear();
        _marks.Clear();
        Roster.Clear();
        (BaseSequence, _totalBytes) = (0, 0);
    }

    /// <summary>
    /// A batch of a log that is read back. The first one need not follow what is known by then: a truncation is written behind the entries
    /// that it deletes, so that of the last two only the earlier may have been read yet. The later one comes, and says what lies below.
    /// </summary>
    public void AppendRecovered(OpLogBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (LastSequence == BaseSequence && batch.FirstSequence > LastSequence + 1)
            FoundOn([.. _ends.SkipLast(1), new EpochEnd(LastEpoch, batch.FirstSequence - 1)], roll: null);
        Append(batch);
    }

    /// <summary>The seq up to which the log can be truncated so that about so many bytes of it are left.</summary>
    public ulong KeepingBytes(long bytes)
    {
        var last = _marks.FindLastIndex(mark => mark.TotalBytes <= _totalBytes - bytes);
        return last < 0 ? 0 : _marks[last].Sequence;
    }

    /// <summary>Bytes that were appended in this life of the node.</summary>
    public long TotalBytes => _totalBytes;

    /// <summary>The epochs up to a seq which the log holds or has held.</summary>
    public EpochEnd[] DescribeUntil(ulong sequence)
    {
        var until = new List<EpochEnd>();
        foreach (var end in _ends)
        {
            until.Add(end with { LastSequence = Math.Min(end.LastSequence, sequence) });
            if (end.LastSequence >= sequence)
                break;
        }

        return [.. until];
    }

    /// <summary>Drops everything behind <paramref name="lastKept"/>.</summary>
    public void CutAfter(ulong lastKept)
    {
        if (lastKept < BaseSequence)
            throw new InvariantViolation(3, $"asked to cut after {lastKept}, but the entries up to {BaseSequence} are in checkpoints");
        _marks.RemoveAll(mark => mark.Sequence > lastKept);
        Roster.CutAfter(lastKept);
        while (_ends.Count > 0 && LastSequence > lastKept)
        {
            var end = _ends[^1];
            _ends.RemoveAt(_ends.Count - 1);
            if (LastSequence < lastKept)
                _ends.Add(end with { LastSequence = lastKept });
        }
    }

    /// <summary>Epoch of an entry; 0 for seq 0, null when the log does not hold it.</summary>
    public ulong? EpochOf(ulong sequence) =>
        sequence == 0 ? 0 : sequence > LastSequence ? null : _ends[IndexOf(sequence)].Epoch;

    /// <summary>The last seq of this log that has the same epoch as <paramref name="sequence"/>, which the log holds.</summary>
    public ulong EndOfEpochAt(ulong sequence) => _ends[IndexOf(sequence)].LastSequence;

    private int IndexOf(ulong sequence)
    {
        var (low, high) = (0, _ends.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ends[middle].LastSequence >= sequence)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    /// <summary>The last seq up to which this log and another one are identical.</summary>
    /// <param name="other">The other log, as <see cref="Describe"/> gives it.</param>
    public ulong CommonPoint(ReadOnlySpan<EpochEnd> other)
    {
        ulong common = 0;
        var mine = 0;
        foreach (var theirs in other)
        {
            while (mine < _ends.Count && _ends[mine].Epoch < theirs.Epoch)
                mine++;
            if (mine < _ends.Count && _ends[mine].Epoch == theirs.Epoch)
                common = Math.Min(_ends[mine].LastSequence, theirs.LastSequence);
        }

        return common;
    }
}
