// The index of the journal against a list that keeps one record per entry.
using CsCheck;
using HotStandby.Core.Journal;
using HotStandby.Tests.Unit.Replication;

namespace HotStandby.Tests.Unit.Journal;

public sealed class OpLogIndexTests
{
    private readonly record struct Step(int Kind, int Size);

    private sealed class Naive
    {
        // One for each live entry: its seq, and which journal write holds it.
        public List<(ulong Sequence, long JournalNumber)> Entries { get; } = [];

        public ulong Last => Entries.Count == 0 ? _truncated : Entries[^1].Sequence;

        private ulong _truncated;

        public void Add(int count, long journalNumber)
        {
            for (var i = 0; i < count; i++)
                Entries.Add((Last + 1, journalNumber));
        }

        public void CutAfter(ulong lastKept) => Entries.RemoveAll(entry => entry.Sequence > lastKept);

        public long TruncateBefore(ulong sequence)
        {
            var kept = Entries.Where(entry => entry.Sequence >= sequence).Select(entry => entry.JournalNumber).ToHashSet();
            var gone = Entries.Where(entry => !kept.Contains(entry.JournalNumber)).ToList();
            if (gone.Count > 0)
                _truncated = gone[^1].Sequence;
            Entries.RemoveAll(entry => !kept.Contains(entry.JournalNumber));
            return gone.Count == 0 ? 0 : gone[^1].JournalNumber;
        }
    }

    [Fact]
    public void Index_agrees_with_a_list_of_entries() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[1, 20], (kind, size) => new Step(kind, size)).Array[1, 60]
            .Sample(Run, iter: 2_000);

    [Fact]
    public void Read_is_bounded_by_bytes_and_never_empty_where_the_log_reaches()
    {
        var index = new OpLogIndex();
        var bytes = ReplicaDriver.Batch(1, 1, 10).Encoded.Length;
        for (var i = 0; i < 5; i++)
            index.Add(ReplicaDriver.Batch(1, (ulong)(i * 10) + 1, 10), i + 1);
        Assert.Single(index.From(11, 1));
        Assert.Single(index.From(11, (2 * bytes) - 1));
        Assert.Equal([2L, 3L], index.From(15, 2 * bytes).Select(place => place.JournalNumber));
        Assert.Equal(5, index.From(1, long.MaxValue).Length);
        Assert.Empty(index.From(51, long.MaxValue));
    }

    private static void Run(Step[] steps)
    {
        var (index, naive, journalNumber) = (new OpLogIndex(), new Naive(), 0L);
        foreach (var (kind, size) in steps)
        {
            journalNumber++;
            var some = naive.Last > (ulong)size ? naive.Last - (ulong)size : naive.Last;
            switch (kind)
            {
                case <= 6:
                    index.Add(ReplicaDriver.Batch(1, naive.Last + 1, size), journalNumber);
                    naive.Add(size, journalNumber);
                    break;
                case <= 8 when naive.Entries.Count > 0 && some >= naive.Entries[0].Sequence:
                    index.CutAfter(some);
                    naive.CutAfter(some);
                    break;
                case 9:
                    Assert.Equal(naive.TruncateBefore(some), index.TruncateBefore(some));
                    break;
                default:
                    break;
            }

            AssertSame(naive, index);
        }
    }

    private static void AssertSame(Naive naive, OpLogIndex index)
    {
        Assert.Equal(naive.Entries.Select(entry => entry.JournalNumber).Distinct().Count(), index.Count);
        foreach (var (sequence, journalNumber) in naive.Entries)
        {
            var places = index.From(sequence, long.MaxValue);
            Assert.Equal(journalNumber, places[0].JournalNumber);
            Assert.InRange(sequence, places[0].FirstSequence, places[0].LastSequence);
            Assert.Equal(naive.Last, places[^1].LastSequence);
            for (var i = 1; i < places.Length; i++)
            {
                if (places[i].FirstSequence != places[i - 1].LastSequence + 1)
                    Assert.Fail($"{places[i]} does not follow {places[i - 1]}");
            }
        }

        Assert.Empty(index.From(naive.Last + 1, long.MaxValue));
    }
}
