// PutStart on its way through the segment actor: buffers for every item, then to the shards.
using Akka.Actor;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Actors.Segments;

public sealed class PutStartPlacementTests : SegmentActorHarness
{
    [Fact]
    public void Every_item_gets_its_own_buffers_on_distinct_names()
    {
        Lead(1);
        MountAndCommit(1);
        MountAndCommit(2);
        var call = Routed(PutStart(new ReplicateConfig { ReplicaCount = 9 }, 100, 200, 300));
        Assert.Equal(2, call.PlacementStride); // no more than there are names
        Assert.Equal(6, call.Placements.Length);
        for (var item = 0; item < 3; item++)
        {
            var places = call.Placements[(2 * item)..(2 * item + 2)];
            Assert.All(places, place => Assert.Equal(call.Sizes[item], place.LengthBytes));
            Assert.Equal([1u, 2u], places.Select(place => place.SegmentHandle).Order());
        }

        foreach (var segment in call.Placements.GroupBy(place => place.SegmentHandle))
        {
            var ordered = segment.OrderBy(place => place.Offset).ToArray();
            Assert.All(ordered.Zip(ordered[1..]), pair => Assert.True(pair.Item1.End <= pair.Item2.Offset));
        }
    }

    [Fact]
    public void Item_that_fits_nowhere_has_an_empty_first_place()
    {
        Lead(1);
        MountAndCommit(1);
        var call = Routed(PutStart(ReplicateConfig.Default, 600, 600, 400, 0));
        Assert.Equal([600UL, 0UL, 400UL, 0UL], call.Placements.Select(place => place.LengthBytes));
    }

    [Fact]
    public void Buffers_carry_the_reign_that_gave_them()
    {
        Lead(1);
        Assert.Equal(1UL, Routed(PutStart(ReplicateConfig.Default, 1)).PlacementReign);
        EndReign();
        Lead(8);
        Assert.Equal(8UL, Routed(PutStart(ReplicateConfig.Default, 1)).PlacementReign);
    }

    [Fact]
    public void Without_segments_items_still_reach_their_shards()
    {
        Lead(1);
        var call = Routed(PutStart(ReplicateConfig.Default, 1));
        Assert.Equal([default], call.Placements);
    }

    [Fact]
    public void Impossible_requests_take_no_buffer()
    {
        Lead(1);
        MountAndCommit(1);
        foreach (var config in new[]
                 {
                     new ReplicateConfig { ReplicaCount = 0 }, new ReplicateConfig { NofReplicaCount = 1 },
                     new ReplicateConfig { DfsReplicaCount = 1 },
                 })
        {
            var call = Routed(PutStart(config, 1, 2));
            Assert.Equal(1, call.PlacementStride);
            Assert.Equal([default, default], call.Placements);
        }
    }

    [Fact]
    public void Batch_that_prefers_the_same_node_stays_on_the_first_items_name()
    {
        Lead(1);
        for (var id = 1; id <= 8; id++)
            MountAndCommit(id, size: 1_000_000);
        var together = Routed(PutStart(new ReplicateConfig { PreferSameNode = true }, [.. Enumerable.Repeat(10UL, 40)]));
        Assert.Single(together.Placements.Select(place => place.SegmentHandle).Distinct());
        var apart = Routed(PutStart(ReplicateConfig.Default, [.. Enumerable.Repeat(10UL, 40)]));
        Assert.True(apart.Placements.Select(place => place.SegmentHandle).Distinct().Count() > 1);
        var preferred = Routed(PutStart(new ReplicateConfig { PreferredSegment = "host-5" }, 10, 10));
        Assert.All(preferred.Placements, place => Assert.Equal(5u, place.SegmentHandle));
    }

    [Fact]
    public void Released_buffers_are_used_again_but_not_those_of_another_reign()
    {
        Lead(1);
        MountAndCommit(1);
        EndReign();
        Lead(2, new Extent(1, 0, 400));
        Segments.Tell(new ReleaseExtents(1, [new Extent(1, 0, 400)]));
        Segments.Tell(new ReleaseExtents(2, [new Extent(77, 0, 400), default])); // of a segment that is gone
        Assert.Equal(0UL, Routed(PutStart(ReplicateConfig.Default, 601)).Placements[0].LengthBytes);
        Segments.Tell(new ReleaseExtents(2, [new Extent(1, 100, 300)]));
        Assert.Equal(new Extent(1, 100, 601), Routed(PutStart(ReplicateConfig.Default, 601)).Placements[0]);
    }

    [Fact]
    public void Buffer_released_while_allocators_are_rebuilt_is_free_afterwards()
    {
        Lead(1);
        MountAndCommit(1);
        EndReign();
        Segments.Tell(new BeginLeading(2, 2));
        Segments.Tell(new LiveExtents(Partition.OfShard(0), 2, IsWhole: true, [new Extent(1, 0, 1000)], []));
        Segments.Tell(new ReleaseExtents(2, [new Extent(1, 0, 500)]));
        Segments.Tell(new LiveExtents(Partition.OfShard(1), 2, IsWhole: true, [], []));
        Segments.Tell(new LiveExtents(Partition.OfShard(2), 2, IsWhole: true, [], []));
        Replica.ExpectMsg<ReadyToServe>();
        foreach (var shard in Shards)
            shard.ExpectMsg<SegmentsChanged>();
        Assert.Equal(new Extent(1, 0, 500), Routed(PutStart(ReplicateConfig.Default, 500)).Placements[0]);
    }

    [Theory]
    [InlineData(0, ErrorCode.Ok)]
    [InlineData(1, ErrorCode.InvalidParams)]
    public void A_call_may_ask_for_2_to_the_22_buffers_and_no_more(int further, ErrorCode error)
    {
        const int names = 16;
        Lead(1);
        for (var id = 1; id <= names; id++)
            MountAndCommit(id);
        var keys = new ObjectKey[(BatchPlacement.MaximumPlaces / names) + further];
        Array.Fill(keys, ObjectKey.From("key"));
        var call = Send(new KeyedCall(Sink, KeyedOperation.PutStart, keys)
        {
            Client = Id(1), Sizes = new ulong[keys.Length], Config = new ReplicateConfig { ReplicaCount = 200 }, // no item is placed
        });
        if (error == ErrorCode.Ok)
        {
            Assert.Equal(1 << 22, Routed(call).Placements.Length);
            return;
        }

        AwaitAssert(() => Assert.Equal(names + 1, Sink.Answers));
        Assert.Empty(call.Placements);
        Assert.All([call.Results[0], call.Results[^1]], result => Assert.Equal(error, result.Error));
    }

    // Waits until the shards have all items of the call, and gives it back.
    private KeyedCall Routed(KeyedCall call)
    {
        foreach (var shard in call.Keys.Select(key => Partition.ShardOf(key.Hash, ShardCount)).Distinct())
            Assert.Same(call, Shards[shard].ExpectMsg<KeyedItems>().Call);
        return call;
    }
}
