// What a Standby keeps of its shards' buffers, against a model: shards that allocate and free, and report in rounds.
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Unit.Segments;

public sealed class OccupancyTests
{
    private const int Shards = 4;
    private const ulong SegmentBytes = 10_000;

    private readonly Occupancy _occupancy = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Allocators_that_are_handed_over_hold_what_the_shards_cover_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        var (truth, changes) = (new ExtentAllocator(SegmentBytes), new ExtentChanges[Shards]);
        var live = new List<(int Shard, Extent Extent)>();
        for (var shard = 0; shard < Shards; shard++)
            changes[shard] = new ExtentChanges();
        _occupancy.Rebuild([[], [], [], []]);
        for (var step = 0; step < 3000; step++)
        {
            // Nearly full, so that what one shard frees is taken by another within the round.
            var length = (ulong)random.Next(1, 200);
            if (truth.TryAllocate(length, out var offset))
            {
                var shard = random.Next(Shards);
                live.Add((shard, new Extent(1, offset, length)));
                changes[shard].Taken(live[^1].Extent);
            }
            else
            {
                var at = random.Next(live.Count);
                truth.Free(live[at].Extent.Offset, live[at].Extent.LengthBytes);
                changes[live[at].Shard].Freed(live[at].Extent);
                live.RemoveAt(at);
            }

            if (step % 97 == 0)
                Report(changes);
        }

        Report(changes);
        var handed = _occupancy.HandOver(1, SegmentBytes);
        Assert.Equal(
            (truth.UsedBytes, truth.FreeRanges, truth.LargestFreeBytes), (handed.UsedBytes, handed.FreeRanges, handed.LargestFreeBytes));
        Assert.All(live, used => Assert.True(handed.TryFree(used.Extent.Offset, used.Extent.LengthBytes)));
        Assert.Equal(0UL, handed.UsedBytes);
    }

    [Fact]
    public void A_buffer_that_another_shard_frees_later_waits()
    {
        _occupancy.Rebuild([[new(1, 0, 100)], [new(1, 50, 100)]]); // images of different seqs
        Assert.Equal(5, Assert.Throws<InvariantViolation>(() => _occupancy.HandOver(1, SegmentBytes)).Number);
        _occupancy.Change([[new(1, 0, 100)], []], [[], []]);
        Assert.Equal(100UL, _occupancy.HandOver(1, SegmentBytes).UsedBytes);
    }

    [Fact]
    public void What_was_never_covered_cannot_be_freed()
    {
        _occupancy.Rebuild([[new(1, 0, 100)]]);
        _occupancy.Change([[new(1, 50, 100)]], [[]]);
        Assert.False(_occupancy.IsSound);
        Assert.Throws<InvariantViolation>(() => _occupancy.HandOver(1, SegmentBytes));
        _occupancy.Rebuild([[new(1, 0, 100)]]);
        Assert.True(_occupancy.IsSound);
    }

    [Fact]
    public void A_buffer_beyond_the_end_of_its_segment_breaks_invariant_5()
    {
        _occupancy.Rebuild([[new(1, SegmentBytes - 50, 100)]]);
        Assert.Equal(5, Assert.Throws<InvariantViolation>(() => _occupancy.HandOver(1, SegmentBytes)).Number);
    }

    [Fact]
    public void Erased_segments_are_forgotten_and_those_that_are_not_mounted_yet_are_not()
    {
        _occupancy.Rebuild([[new(1, 0, 100), new(2, 0, 100), new(3, 0, 100)]]);
        _occupancy.Forget(SegmentDirectory.Empty, nextHandle: 3);
        Assert.Equal([0UL, 0, 100], new uint[] { 1, 2, 3 }.Select(handle => _occupancy.HandOver(handle, SegmentBytes).UsedBytes));
    }

    private void Report(ExtentChanges[] changes) =>
        _occupancy.Change([.. changes.Select(change => change.TakeFreed())], [.. changes.Select(change => change.TakeTaken())]);
}
