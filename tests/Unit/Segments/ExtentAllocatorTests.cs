// The extent allocator against a naive model: an array of bytes that are used or not.
using CsCheck;
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Unit.Segments;

public sealed class ExtentAllocatorTests
{
    private enum Step { Allocate, AllocateAt, FreeOne, FreeAnything, Rebuild }

    [Fact]
    public void Allocator_does_what_an_array_of_used_bytes_does()
    {
        var step = Gen.Select(Gen.Enum<Step>(), Gen.Int[0, 600], Gen.Int[1, 40]);
        step.List[0, 400].Sample(steps =>
        {
            const int size = 600;
            var model = new NaiveAllocator(size);
            var allocator = new ExtentAllocator(size);
            foreach (var (what, where, length) in steps)
            {
                Apply(what, where, length, model, allocator);
                model.MustEqual(allocator);
            }
        });
    }

    [Fact]
    public void Allocator_with_thousands_of_ranges_does_what_an_array_of_used_bytes_does()
    {
        // Long enough for three levels of nodes, for splits, merges and a shrinking root.
        Gen.ULong.Sample(
            seed =>
            {
                const int size = 40_000;
                var random = new Random((int)seed);
                var model = new NaiveAllocator(size);
                var allocator = new ExtentAllocator(size);
                for (var round = 0; round < 4; round++)
                {
                    while (model.TryAllocate(random.Next(1, 4), out var expected, out var length))
                    {
                        Assert.True(allocator.TryAllocate((ulong)length, out var offset));
                        Assert.Equal((ulong)expected, offset);
                    }

                    model.MustEqual(allocator);
                    var share = random.Next(2, 4);
                    foreach (var (offset, length) in model.Live.OrderBy(_ => random.Next()).ToArray())
                    {
                        if (round < 3 && random.Next(share) == 0)
                            continue;
                        model.Free(offset);
                        allocator.Free((ulong)offset, (ulong)length);
                    }

                    model.MustEqual(allocator);
                }

                Assert.Equal(1, allocator.FreeRanges);
                Assert.Equal(0UL, allocator.UsedBytes);
            },
            iter: 20);
    }

    [Fact]
    public void Buffer_that_is_given_back_twice_breaks_invariant_5()
    {
        var allocator = new ExtentAllocator(100);
        Assert.True(allocator.TryAllocate(10, out var offset));
        allocator.Free(offset, 10);
        Assert.Equal(5, Assert.Throws<InvariantViolation>(() => allocator.Free(offset, 10)).Number);
    }

    [Theory]
    [InlineData(0, 11)] // ends in a free range
    [InlineData(30, 10)] // wholly free
    [InlineData(5, 20)] // begins in a used one
    [InlineData(99, 2)] // ends behind the segment
    [InlineData(100, 1)] // begins behind the segment
    [InlineData(1, ulong.MaxValue)] // its end wraps around
    public void Buffer_that_was_not_handed_out_breaks_invariant_5(ulong offset, ulong length)
    {
        var allocator = new ExtentAllocator(100);
        Assert.True(allocator.TryAllocate(10, out _));
        Assert.Equal(5, Assert.Throws<InvariantViolation>(() => allocator.Free(offset, length)).Number);
        Assert.Equal(10UL, allocator.UsedBytes);
    }

    [Fact]
    public void Empty_buffer_is_an_error()
    {
        var allocator = new ExtentAllocator(100);
        Assert.Throws<ArgumentOutOfRangeException>(() => allocator.TryAllocate(0, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => allocator.TryAllocateAt(5, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => allocator.Free(5, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExtentAllocator(0));
    }

    [Fact]
    public void Segment_of_the_largest_size_can_be_used_to_its_last_byte()
    {
        var allocator = new ExtentAllocator(ulong.MaxValue);
        Assert.True(allocator.TryAllocateAt(ulong.MaxValue - 1, 1));
        Assert.False(allocator.TryAllocateAt(ulong.MaxValue - 1, 1));
        Assert.False(allocator.TryAllocateAt(2, ulong.MaxValue));
        Assert.True(allocator.TryAllocate(ulong.MaxValue - 1, out var offset));
        Assert.Equal((0UL, 0UL), (offset, allocator.LargestFreeBytes));
        Assert.False(allocator.TryAllocate(1, out _));
        allocator.Free(0, ulong.MaxValue);
        Assert.Equal(ulong.MaxValue, allocator.LargestFreeBytes);
    }

    [Theory]
    [InlineData(10, 10, 15, 10)] // overlap
    [InlineData(20, 10, 0, 10)] // out of order
    [InlineData(0, 10, 95, 10)] // out of range
    [InlineData(0, 0, 5, 5)] // empty
    public void Rebuild_from_impossible_buffers_breaks_invariant_5(ulong first, ulong firstLength, ulong second, ulong secondLength)
    {
        var allocator = new ExtentAllocator(100);
        Extent[] live = [new(1, first, firstLength), new(1, second, secondLength)];
        Assert.Equal(5, Assert.Throws<InvariantViolation>(() => allocator.Rebuild(live)).Number);
    }

    private static void Apply(Step what, int where, int length, NaiveAllocator model, ExtentAllocator allocator)
    {
        switch (what)
        {
            case Step.Allocate:
                var fits = model.TryAllocate(length, out var expected, out _);
                Assert.Equal(fits, allocator.TryAllocate((ulong)length, out var offset));
                if (fits)
                    Assert.Equal((ulong)expected, offset);
                break;
            case Step.AllocateAt:
                Assert.Equal(model.TryAllocateAt(where, length), allocator.TryAllocateAt((ulong)where, (ulong)length));
                break;
            case Step.FreeOne when model.Live.Count > 0:
                var (start, size) = model.Live.ElementAt(where % model.Live.Count);
                model.Free(start);
                allocator.Free((ulong)start, (ulong)size);
                break;
            case Step.FreeAnything when model.AllUsed(where, length):
                model.FreeBytes(where, length);
                allocator.Free((ulong)where, (ulong)length);
                break;
            case Step.FreeAnything:
                Assert.Throws<InvariantViolation>(() => allocator.Free((ulong)where, (ulong)length));
                break;
            case Step.Rebuild:
                allocator.Rebuild(model.Live.Select(live => new Extent(7, (ulong)live.Key, (ulong)live.Value)).ToArray());
                break;
        }
    }
}
