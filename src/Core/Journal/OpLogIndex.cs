// Where in the journal each live batch is. The journal only ever grows, so after a cut it still holds batches that are no
// longer part of the log; what is not in this index is not part of the log.
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Journal;

/// <summary>A batch's place: its seqs, its bytes, its sequence number in the journal.</summary>
public readonly record struct BatchPlace(ulong FirstSequence, ulong LastSequence, long JournalNumber, int Bytes);

/// <summary>Places of all live batches, ascending in seq and in journal number.</summary>
public sealed class OpLogIndex
{
    private readonly List<BatchPlace> _places = [];

    /// <summary>Number of live batches.</summary>
    public int Count => _places.Count;

    /// <summary>Notes a batch.</summary>
    public void Add(OpLogBatch batch, long journalNumber) =>
        _places.Add(new BatchPlace(batch.FirstSequence, batch.LastSequence, journalNumber, batch.Encoded.Length));

    /// <summary>Forgets everything behind a seq; a batch that holds it stays, shortened.</summary>
    public void CutAfter(ulong lastKept)
    {
        while (_places.Count > 0 && _places[^1].LastSequence > lastKept)
        {
            var place = _places[^1];
            _places.RemoveAt(_places.Count - 1);
            if (place.FirstSequence <= lastKept)
                _places.Add(place with { LastSequence = lastKept });
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _places.Clear();

    /// <summary>
    /// Forgets batches that end before a seq. Returns the highest journal number below the first one kept; 0: nothing to delete.
    /// </summary>
    public long TruncateBefore(ulong sequence)
    {
        var count = 0;
        while (count < _places.Count && _places[count].LastSequence < sequence)
            count++;
        if (count == 0)
            return 0;
        var journalNumber = _places[count - 1].JournalNumber;
        _places.RemoveRange(0, count);
        return journalNumber;
    }

    /// <summary>The places from a seq on, up to about so many bytes; at least one if the log reaches there.</summary>
    public BatchPlace[] From(ulong sequence, long maximumBytes)
    {
        var first = _places.BinarySearch(new BatchPlace(sequence, sequence, 0, 0), ByLastSequence.Instance);
        if (first < 0)
            first = ~first;
        if (first >= _places.Count || _places[first].FirstSequence > sequence)
            return [];
        var count = 0;
        for (long bytes = 0; first + count < _places.Count && (count == 0 || bytes + _places[first + count].Bytes <= maximumBytes); count++)
            bytes += _places[first + count].Bytes;
        return [.. _places.GetRange(first, count)];
    }

    private sealed class ByLastSequence : IComparer<BatchPlace>
    {
        public static readonly ByLastSequence Instance = new();

        public int Compare(BatchPlace x, BatchPlace y) => x.LastSequence.CompareTo(y.LastSequence);
    }
}
