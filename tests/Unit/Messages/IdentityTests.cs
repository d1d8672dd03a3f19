// Identities that stand in journals and on the wire: they must mean the same for all time.
using System.Text;
using CsCheck;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Unit.Messages;

public sealed class IdentityTests
{
    // A tenant is a name: it has no NUL, which ends it.
    private static readonly Gen<byte[]> Tenants = Gen.Byte[1, 255].Array[1, 20];

    [Fact]
    public void A_field_that_was_never_set_names_no_node()
    {
        Assert.Equal(NodeId.None, default);
        Assert.Equal(NodeId.None, new NodeId(""));
        Assert.Equal("", default(NodeId).Name);
        Assert.NotEqual(NodeId.None, new NodeId("n1"));
    }

    [Fact]
    public void The_users_key_comes_back_whatever_the_tenant() =>
        Gen.Select(Tenants, Gen.Byte.Array[0, 40]).Sample((tenant, userKey) =>
        {
            Assert.True(ObjectKey.From(tenant, userKey).UserKey.SequenceEqual(userKey));
            Assert.True(ObjectKey.From([], userKey).UserKey.SequenceEqual(userKey));
            Assert.True(ObjectKey.From("default"u8, userKey).UserKey.SequenceEqual(userKey));
        });

    [Fact]
    public void Two_scoped_keys_are_equal_only_for_the_same_tenant_and_user_key()
    {
        var few = Samples.Any<byte[]>(
            [0], [1], [1, 0], [0, 1], "default"u8.ToArray(), "a"u8.ToArray(), "default\0a"u8.ToArray(), "a\0a"u8.ToArray(), []);
        var names = Samples.Any<byte[]>([], "default"u8.ToArray(), "a"u8.ToArray(), [1]);
        Gen.Select(names, few, names, few).Sample((tenantA, keyA, tenantB, keyB) =>
        {
            var a = ObjectKey.From(tenantA, keyA);
            var b = ObjectKey.From(tenantB, keyB);
            var same = NameOf(tenantA) == NameOf(tenantB) && keyA.AsSpan().SequenceEqual(keyB);
            Assert.Equal(same, a == b);
            Assert.Equal(same, a.Bytes.SequenceEqual(b.Bytes));
            if (same)
                Assert.Equal(a.GetHashCode(), b.GetHashCode());
        });
        static string NameOf(byte[] tenant) => tenant.Length == 0 ? "default" : Encoding.UTF8.GetString(tenant);
    }

    [Fact]
    public void The_default_tenant_adds_nothing_unless_the_key_holds_a_NUL()
    {
        Assert.Equal("block-1"u8.ToArray(), ObjectKey.From("block-1").Bytes.ToArray());
        Assert.Equal("block-1"u8.ToArray(), ObjectKey.From("default"u8, "block-1"u8).Bytes.ToArray());
        Assert.Equal("default\0a\0b"u8.ToArray(), ObjectKey.From([], "a\0b"u8).Bytes.ToArray());
        Assert.Equal("tenant-1\0block-1"u8.ToArray(), ObjectKey.From("tenant-1"u8, "block-1"u8).Bytes.ToArray());
    }

    [Fact]
    public void A_stored_key_is_the_key_it_was_stored_from() =>
        Gen.Select(Tenants, Gen.Byte.Array[0, 40]).Sample((tenant, userKey) =>
        {
            var key = ObjectKey.From(tenant, userKey);
            var stored = ObjectKey.FromScoped(key.Bytes, key.Hash);
            Assert.Equal(key, stored);
            Assert.Equal(key, ObjectKey.FromScoped(key.Bytes.ToArray()));
            Assert.Equal(ObjectKey.HashOf(key.Bytes), stored.Hash);
        });

    // Values of the reference implementation of XXH3_64bits, release 0.8.1.
    [Theory]
    [InlineData("", 0x2D06800538D394C2, 11)]
    [InlineData("a", 0xE6C632B61E964E1F, 57)]
    [InlineData("abc", 0x78AF5F94892F3950, 30)]
    [InlineData("tenant-1\0block", 0xBB2F121306607BE5, 46)]
    [InlineData("meta-llama/Llama-3-8B@f0e1d2c3b4a5968778695a4b3c2d1e0f@0", 0xBEE74F918324EA98, 47)]
    public void The_hash_and_the_shard_of_a_key_never_change(string scoped, ulong hash, int shardOf64)
    {
        var key = ObjectKey.FromScoped(Encoding.UTF8.GetBytes(scoped));
        Assert.Equal(hash, key.Hash);
        Assert.Equal(shardOf64, Partition.ShardOf(key.Hash, 64));
    }

    [Theory]
    [InlineData(241, 0x26D43597C3347BA2)]
    [InlineData(4096, 0xF14C78536CD0075E)]
    public void The_hash_of_a_long_key_never_changes(int length, ulong hash) =>
        Assert.Equal(hash, ObjectKey.HashOf(Enumerable.Repeat((byte)'k', length).ToArray()));

    [Fact]
    public void Every_hash_has_a_shard_within_range() =>
        Gen.Select(Gen.ULong, Gen.Int[1, Partition.MaximumShards]).Sample((hash, shards) =>
        {
            Assert.InRange(Partition.ShardOf(hash, shards), 0, shards - 1);
            Assert.Equal(shards - 1, Partition.ShardOf(ulong.MaxValue, shards));
            Assert.Equal(0, Partition.ShardOf(uint.MaxValue, shards));
        });

    [Theory]
    [InlineData(64)]
    [InlineData(100)]
    public void Keys_spread_evenly_over_the_shards(int shards)
    {
        const int KeysPerShard = 2000;
        var counts = new int[shards];
        for (var i = 0; i < shards * KeysPerShard; i++)
            counts[Partition.ShardOf(ObjectKey.From($"block-{i}").Hash, shards)]++;
        // Six standard deviations of a fair spread.
        Assert.All(counts, count => Assert.InRange(count, KeysPerShard - 270, KeysPerShard + 270));
    }

    [Fact]
    public void A_partition_is_the_segment_table_or_one_shard()
    {
        Assert.False(Partition.SegmentTable.IsShard);
        Assert.Equal("segment-table", Partition.SegmentTable.ToString());
        Assert.Equal(new Partition(1), Partition.OfShard(0));
        Assert.Equal((true, Partition.MaximumShards - 1), (Partition.OfShard(4095).IsShard, Partition.OfShard(4095).ShardIndex));
        Assert.Equal("shard-4095", Partition.OfShard(4095).ToString());
        Assert.Throws<OverflowException>(() => Partition.OfShard(ushort.MaxValue));
    }

    [Fact]
    public void A_UUID_reads_its_own_text() =>
        Gen.Select(Gen.ULong, Gen.ULong).Sample((first, second) =>
        {
            var id = new Uuid(first, second);
            Assert.Equal($"{first}-{second}", id.ToString());
            Assert.True(Uuid.TryParse(id.ToString(), out var read));
            Assert.Equal(id, read);
        });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("1")]
    [InlineData("1-")]
    [InlineData("-1")]
    [InlineData("1--1")]
    [InlineData("+1-1")]
    [InlineData(" 1-1")]
    [InlineData("1-1 ")]
    [InlineData("1-2-3")]
    [InlineData("a-b")]
    [InlineData("18446744073709551616-0")]
    [InlineData("0-18446744073709551616")]
    public void A_text_that_is_no_UUID_is_refused(string? text)
    {
        Assert.False(Uuid.TryParse(text, out var value));
        Assert.Equal(Uuid.None, value);
    }

    [Fact]
    public void UUIDs_are_ordered_by_their_first_half_then_their_second() =>
        Gen.Select(Gen.ULong[0, 3], Gen.ULong[0, 3], Gen.ULong[0, 3], Gen.ULong[0, 3]).Sample((a, b, c, d) =>
        {
            var (left, right) = (new Uuid(a, b), new Uuid(c, d));
            Assert.Equal((a * 10) + b < (c * 10) + d, left < right);
            Assert.Equal((a * 10) + b <= (c * 10) + d, left <= right);
            Assert.Equal(left < right, right > left);
            Assert.Equal(left <= right, right >= left);
        });
}
