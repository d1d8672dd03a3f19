// What other parts of the node ask of a shard: its keys, where an object is, what lies on a segment.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Unit.Shards;

public sealed class ListTests
{
    private readonly TestPrimary _shard = new();

    [Fact]
    public void Keys_are_listed_readable_or_all()
    {
        _shard.Put("a");
        _shard.PutStart("open");
        _shard.Put("dead", on: [2]);
        _shard.Kill(2);
        Assert.Equal(["a"], Keys(readableOnly: true, tenant: null));
        Assert.Equal(["a", "dead", "open"], Keys(readableOnly: false, tenant: null));
    }

    [Fact]
    public void Keys_are_listed_by_tenant_and_the_default_tenant_has_those_without_one()
    {
        Put(ObjectKey.From("plain"));
        Put(ObjectKey.From("default"u8, "with\0nul"u8));
        Put(ObjectKey.From("blue"u8, "theirs"u8));
        Assert.Equal(["default/with/nul", "plain"], Keys(true, "default"u8.ToArray()));
        Assert.Equal(["blue/theirs"], Keys(true, "blue"u8.ToArray()));
        Assert.Empty(Keys(true, "blu"u8.ToArray()));
        Assert.Equal(3, Keys(true, null).Length);
    }

    [Fact]
    public void A_list_of_keys_is_a_copy()
    {
        _shard.Put("a");
        var keys = _shard.Leader.ListKeys(readableOnly: true, tenant: null);
        _shard.Remove("a");
        Assert.Equal("a", Assert.Single(Assert.Single(keys)).ToString());
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(10_000)]
    public void A_long_list_comes_in_pieces_below_85_000_bytes_with_every_key_once(int count)
    {
        for (var i = 0; i < count; i++)
            _shard.Put($"k{i}");
        var pieces = _shard.Leader.ListKeys(readableOnly: true, tenant: null);
        Assert.Equal(count, pieces.SelectMany(piece => piece).Distinct().Count());
        Assert.Equal(count, pieces.Sum(piece => piece.Count));
        Assert.All(pieces, piece =>
            Assert.InRange(piece.Array!.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<ObjectKey>(), 1, 84_000));
    }

    [Fact]
    public void An_object_is_located_on_the_segments_of_its_readable_replicas()
    {
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Leader.Locate(ObjectKey.From("k"), out var none));
        Assert.Empty(none);
        _shard.Put("k", on: [1, 2]);
        Assert.Equal(ErrorCode.Ok, _shard.Leader.Locate(ObjectKey.From("k"), out var both));
        Assert.Equal([1u, 2u], both);
        _shard.Kill(1);
        _shard.Leader.Locate(ObjectKey.From("k"), out var one);
        Assert.Equal([2u], one);
        _shard.Kill(2);
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Leader.Locate(ObjectKey.From("k"), out _));
    }

    [Fact]
    public void What_lies_on_a_segment_says_whether_it_can_be_moved_now()
    {
        _shard.Mount(3);
        _shard.Put("free", on: [1]);
        _shard.Put("elsewhere", on: [2]);
        _shard.Put("leased", on: [1]);
        _shard.Exist("leased");
        _shard.PutStart("open", on: [1]);
        _shard.PutStart("hard", config: new ReplicateConfig { HardPin = true }, on: [1]);
        _shard.PutEnd("hard");
        _shard.Put("copied", on: [2, 1]);
        _shard.Transfer("copied", 2, [3]);
        var found = _shard.Leader.ListOn(1, 10, _shard.Now).ToDictionary(candidate => candidate.Key.ToString());
        Assert.Equal(["copied", "free", "hard", "leased", "open"], found.Keys.Order());
        Assert.Equal(["free"], found.Values.Where(candidate => !candidate.IsBlocked).Select(candidate => candidate.Key.ToString()));
        Assert.Equal(100UL, found["free"].SizeBytes);
    }

    [Fact]
    public void Objects_that_are_blocked_do_not_hide_others_behind_the_limit()
    {
        for (var i = 0; i < 5; i++)
            _shard.PutStart($"open{i}");
        _shard.Put("free");
        Assert.Equal("free", Assert.Single(_shard.Leader.ListOn(1, 1, _shard.Now)).Key.ToString());
        Assert.Equal(["free", "open"], _shard.Leader.ListOn(1, 2, _shard.Now).Select(
            candidate => candidate.Key.ToString().TrimEnd('0', '1', '2', '3', '4')));
    }

    [Fact]
    public void A_peek_reads_without_a_lease()
    {
        _shard.Put("k");
        var result = _shard.Execute(new KeyedCall(null!, KeyedOperation.Peek, [ObjectKey.From("k")]))[0];
        Assert.Equal((ErrorCode.Ok, 1, 0UL), (result.Error, result.Replicas.Count, result.LeaseTtlMilliseconds));
        Assert.Equal(ErrorCode.Ok, _shard.Remove("k"));
    }

    private string[] Keys(bool readableOnly, byte[]? tenant) =>
        [.. _shard.Leader.ListKeys(readableOnly, tenant)
            .SelectMany(piece => piece).Select(key => key.ToString()).Order(StringComparer.Ordinal)];

    private void Put(ObjectKey key)
    {
        var call = new KeyedCall(null!, KeyedOperation.PutStart, [key])
        {
            Sizes = [10], Placements = [_shard.Allocator.Allocate(1, 10)], PlacementStride = 1,
        };
        Assert.Equal(ErrorCode.Ok, _shard.Execute(call)[0].Error);
        Assert.Equal(ErrorCode.Ok, _shard.Execute(new KeyedCall(null!, KeyedOperation.PutEnd, [key]))[0].Error);
    }
}
