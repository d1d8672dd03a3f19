// Sizes and addresses are the clients' own numbers: no sum of them wraps, and what cannot be counted is refused.
using CsCheck;
using HotStandby.Core.Eviction;
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

public sealed class CapacityTests
{
    private const ulong MiB = 1 << 20;

    // Around the powers of two, where sums wrap or lose their sign, and anything else.
    private static readonly Gen<ulong> Numbers = Gen.OneOf(
        Gen.Select(Gen.Int[0, 63], Gen.ULong[0, 8192], Gen.Bool, (bit, more, isLess) =>
            unchecked(isLess ? (1UL << bit) - more : (1UL << bit) + more)),
        Gen.ULong);

    private readonly Reign _reign = new();

    [Fact]
    public void Segments_that_no_one_can_count_together_are_refused_and_eviction_leaves_alone_what_is_there()
    {
        _reign.MountAndCommit(1, Segment(1, size: 64 * MiB));
        Assert.NotNull(_reign.Place(16 * MiB));
        foreach (var size in new[] { 1UL << 63, (1UL << 63) - (20 * MiB), (ulong)long.MaxValue, ulong.MaxValue - 4096 })
            Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(1, Segment(2, size: size)));
        Assert.Equal(ErrorCode.Ok, _reign.Mount(1, Segment(2, size: (1UL << 62))));
        Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(1, Segment(3, size: (1UL << 62))));
        _reign.Commit();
        Assert.Equal((1UL << 62) + (64 * MiB), _reign.Leader.Space.CapacityBytes);
        Assert.False(new EvictionPolicy(EvictionSettings.Default).IsNeeded(_reign.Leader.Space.UsedRatio, forced: false));
        _reign.Unmount(2);
        Assert.Equal(ErrorCode.Ok, _reign.Mount(1, Segment(3, size: (1UL << 63) - 1 - (64 * MiB)))); // what goes makes room
    }

    [Fact]
    public void Whatever_numbers_clients_send_the_capacity_is_the_sum_of_what_is_mounted() =>
        Gen.Select(Numbers, Numbers, Gen.Int[0, 3]).List[1, 20].Sample(offers =>
        {
            var reign = new Reign();
            var mounted = new List<Segment>();
            foreach (var ((baseAddress, size, endpoint), number) in offers.Select((offer, number) => (offer, number + 1)))
            {
                var segment = Segment(number, "name", 1, size, $"host-{endpoint}:1") with { BaseAddress = baseAddress };
                var isPossible = baseAddress != 0 && size != 0 && (UInt128)baseAddress + size <= ulong.MaxValue
                    && Sum(mounted) + size <= (ulong)long.MaxValue
                    && !mounted.Exists(other => other.TransportEndpoint == segment.TransportEndpoint
                        && UInt128.Max(other.BaseAddress, baseAddress) < UInt128.Min(
                            (UInt128)other.BaseAddress + other.SizeBytes, (UInt128)baseAddress + size));
                Assert.Equal(isPossible ? ErrorCode.Ok : ErrorCode.InvalidParams, reign.Mount(1, segment));
                if (isPossible)
                    mounted.Add(segment);
            }

            reign.Commit();
            Assert.Equal((Sum(mounted), Sum(mounted)), (reign.Table.TotalBytes, reign.Leader.Space.CapacityBytes));
            for (var puts = 0; puts < 5; puts++)
            {
                reign.Place(mounted.Count == 0 ? 1 : Math.Max(1, mounted.Max(segment => segment.SizeBytes) / 3));
                Assert.InRange(reign.Leader.Space.UsedRatio, 0, 1);
                Assert.All(reign.Leader.Space.Groups, group => Assert.InRange(group.FreeRatio, 0, 1));
            }

            foreach (var segment in mounted)
                reign.Unmount((int)segment.Id.Second);
            Assert.Equal((default, 0UL, 0UL), (reign.Table.TotalBytes, reign.Leader.Space.CapacityBytes, reign.Leader.Space.UsedBytes));
        });

    // A log may hold what was mounted before this was looked at.
    [Fact]
    public void A_log_with_more_than_can_be_counted_makes_no_use_look_high()
    {
        var table = new SegmentTable();
        for (uint handle = 1; handle <= 3; handle++)
        {
            var payload = new MountSegmentPayload(
                handle, Id(1), Segment((int)handle, size: handle == 3 ? 64 * MiB : ulong.MaxValue - 8192));
            var drafts = new DraftBuffer(Partition.SegmentTable);
            payload.Write(drafts.Add(OpType.MountSegment, [], 0, payload.EncodedBytes));
            table.Apply(drafts.Last);
        }

        var reign = new Reign(table, [new Extent(3, 0, 40 * MiB)]);
        Assert.Equal((ulong.MaxValue, 40 * MiB), (reign.Leader.Space.CapacityBytes, reign.Leader.Space.UsedBytes));
        Assert.InRange(reign.Leader.Space.UsedRatio, 0, 0.01);
        Assert.Equal(ErrorCode.InvalidParams, reign.Mount(1, Segment(4)));
        Assert.Equal(AllocationFailureCause.TooLarge, reign.Leader.Explain(ulong.MaxValue, 1).Cause);
        reign.Unmount(1);
        reign.Unmount(2);
        Assert.Equal(64 * MiB, reign.Leader.Space.CapacityBytes);
    }

    private static UInt128 Sum(List<Segment> segments) => segments.Aggregate(UInt128.Zero, (sum, segment) => sum + segment.SizeBytes);
}
