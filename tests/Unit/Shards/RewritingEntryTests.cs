// The entries of upserts in place, soft pins, copies, moves and cleared replicas, fed by hand: their bounds, what cannot follow what, and
// that the digest sees them.
using HotStandby.Core;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using static HotStandby.Tests.Unit.Shards.ShardStateTests;

namespace HotStandby.Tests.Unit.Shards;

public sealed class RewritingEntryTests
{
    private static readonly Uuid Client = new(3, 4);

    private readonly ShardState _state = new(Partition.OfShard(0), 1);

    public static TheoryData<OpType, int> Lengths => new()
    {
        { OpType.UpsertReuse, UpsertReusePayload.EncodedBytes },
        { OpType.TransferStart, TransferStartPayload.SizeOf(0) },
        { OpType.TransferRevoke, TransferRevokePayload.EncodedBytes },
        { OpType.ReplicaCleared, SegmentHandlePayload.EncodedBytes },
    };

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_payload_of_another_length_breaks_invariant_7(OpType type, int length)
    {
        Complete("k", 1);
        if (type == OpType.TransferRevoke)
            Apply(Transfer("k", 1, false));
        AssertImpossible(Entry(type, "k", new byte[length - 1]));
        AssertImpossible(Entry(type, "k", new byte[length + 1]));
        AssertImpossible(Entry(type, "absent", new byte[length]));
    }

    [Fact]
    public void Payloads_come_back_as_they_were_written()
    {
        Span<byte> reuse = stackalloc byte[UpsertReusePayload.EncodedBytes];
        foreach (var ttl in new ulong?[] { null, 0, 7 })
        {
            var written = new UpsertReusePayload(Client, ttl, SoftPinAction.Disable, 9);
            written.Write(reuse);
            Assert.True(UpsertReusePayload.TryRead(reuse, out var read));
            Assert.Equal(written, read);
        }

        var start = new byte[TransferStartPayload.SizeOf(2)];
        TransferStartPayload.Write(start, Client, 5, true, [new PlacedReplica(6, 2, 100), new PlacedReplica(7, 3, 200)]);
        Assert.True(TransferStartPayload.TryRead(start, out var transfer));
        Assert.Equal((Client, 5UL, true, 2), (transfer.Client, transfer.SourceReplica, transfer.IsMove, transfer.TargetCount));
        Assert.Equal((new PlacedReplica(6, 2, 100), new PlacedReplica(7, 3, 200)), (transfer.Target(0), transfer.Target(1)));
    }

    [Fact]
    public void A_rewrite_needs_a_complete_object_that_is_not_being_copied()
    {
        Apply(Start("open", [new PlacedReplica(1, 1, 0)]));
        AssertImpossible(Reuse("open"));
        Complete("k", 2);
        Apply(Transfer("k", 2, false, new PlacedReplica(3, 2, 0)));
        AssertImpossible(Reuse("k"));
    }

    [Fact]
    public void A_transfer_needs_a_complete_object_its_source_and_new_replica_ids()
    {
        Apply(Start("open", [new PlacedReplica(1, 1, 0)]));
        AssertImpossible(Transfer("open", 1, false));
        Complete("k", 2);
        AssertImpossible(Transfer("k", 1, false));
        AssertImpossible(Transfer("k", 2, false, new PlacedReplica(2, 2, 0)));
        Apply(Transfer("k", 2, false, new PlacedReplica(3, 2, 0)));
        AssertImpossible(Transfer("k", 2, false, new PlacedReplica(4, 3, 0)));
    }

    [Fact]
    public void While_a_transfer_runs_its_object_is_neither_evicted_discarded_cleared_nor_revoked()
    {
        Complete("k", 1);
        AssertImpossible(Entry(OpType.TransferEnd, "k", []));
        AssertImpossible(Entry(OpType.TransferRevoke, "k", [0]));
        Apply(Transfer("k", 1, false, new PlacedReplica(2, 2, 0)));
        AssertImpossible(Entry(OpType.Eviction, "k", []));
        AssertImpossible(Entry(OpType.PutDiscard, "k", []));
        AssertImpossible(Entry(OpType.ReplicaCleared, "k", [1, 0, 0, 0]));
        AssertImpossible(Revoke("k"));
        AssertImpossible(End("k", null));
    }

    [Fact]
    public void A_soft_pin_ends_once_and_replicas_are_cleared_where_there_are_some()
    {
        Complete("k", 1);
        AssertImpossible(Entry(OpType.SoftPinEnded, "k", []));
        AssertImpossible(Entry(OpType.ReplicaCleared, "k", [2, 0, 0, 0]));
    }

    [Fact]
    public void The_digest_sees_a_rewrite_each_field_of_a_transfer_and_the_end_of_a_pin()
    {
        Complete("k", 1);
        var seen = new HashSet<PartitionDigest> { _state.Digest };
        foreach (var (source, client, move) in new[] { (1UL, Client, false), (1UL, new Uuid(3, 5), false), (1UL, Client, true) })
        {
            Apply(Transfer("k", source, move, client));
            Assert.True(seen.Add(_state.Digest));
            Apply(Entry(OpType.TransferRevoke, "k", [0]));
            Assert.False(seen.Add(_state.Digest));
        }

        Apply(Reuse("k"));
        Assert.True(seen.Add(_state.Digest));
        Apply(End("k", null));
        Assert.True(seen.Add(_state.Digest));
        Assert.Equal(1, _state.SoftPinnedCount);
        Apply(Entry(OpType.SoftPinEnded, "k", []));
        Assert.True(seen.Add(_state.Digest));
        Assert.Equal(0, _state.SoftPinnedCount);
        Apply(Entry(OpType.ReplicaCleared, "k", [1, 0, 0, 0]));
        Assert.Equal(default, _state.Digest);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_revoked_transfer_frees_its_buffers_or_parks_them(bool isParked)
    {
        Complete("k", 1);
        Apply(Transfer("k", 1, false, new PlacedReplica(2, 2, 0)));
        var changes = new ExtentChanges();
        _state.Extents = changes;
        Apply(Entry(OpType.TransferRevoke, "k", [isParked ? (byte)1 : (byte)0]));
        Assert.Equal(isParked ? [] : [new Extent(2, 0, 100)], changes.TakeFreed());
        Assert.Equal(isParked ? 1 : 0, _state.ParkedCount);
        Assert.Equal(isParked ? 2 : 1, _state.EnumerateLiveExtents().Count());
    }

    private static byte[] Reuse(string key)
    {
        var payload = new byte[UpsertReusePayload.EncodedBytes];
        new UpsertReusePayload(Client, null, SoftPinAction.Enable, 0).Write(payload);
        return Entry(OpType.UpsertReuse, key, payload);
    }

    private static byte[] Transfer(string key, ulong source, bool isMove, params PlacedReplica[] targets) =>
        Transfer(key, source, isMove, Client, targets);

    private static byte[] Transfer(string key, ulong source, bool isMove, Uuid client, params PlacedReplica[] targets)
    {
        var payload = new byte[TransferStartPayload.SizeOf(targets.Length)];
        TransferStartPayload.Write(payload, client, source, isMove, targets);
        return Entry(OpType.TransferStart, key, payload);
    }

    private void Complete(string key, ulong replica)
    {
        Apply(Start(key, [new PlacedReplica(replica, 1, replica * 100)]));
        Apply(End(key, null));
    }

    private void Apply(byte[] draft)
    {
        Assert.True(OpLogEntry.TryView(draft, out var entry));
        _state.Apply(entry);
    }

    private void AssertImpossible(byte[] draft) => Assert.Equal(7, Assert.Throws<InvariantViolation>(() => Apply(draft)).Number);
}
