// The shape of a log: where each epoch ends. Enough to answer "which epoch has seq n" and "up to where do two logs agree",
// because two logs that hold the same (epoch, seq) are identical up to it (invariant 2).
using HotStandby.Messages;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>Epochs and seqs of a log; not its entries.</summary>
public sealed class LogIndex
{
    private readonly List<EpochEnd> _ends = [];

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
        if (batch.Epoch == LastEpoch)
            _ends[^1] = new EpochEnd(batch.Epoch, batch.LastSequence);
        else
            _ends.Add(new EpochEnd(batch.Epoch, batch.LastSequence));
    }

    /// <summary>Drops everything behind <paramref name="lastKept"/>.</summary>
    public void CutAfter(ulong lastKept)
    {
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
