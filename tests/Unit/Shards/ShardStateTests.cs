// The state machine alone, fed with hand-made entries.
using HotStandby.Core;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Shards;

public sealed class ShardStateTests
{
    private const int ShardCount = 1;
    private static readonly Partition Shard = Partition.OfShard(0);

    private readonly ShardState _state = new(Shard, ShardCount);
    private ulong _sequence;

    [Fact]
    public void An_entry_that_is_applied_already_is_skipped()
    {
        var put = Start("k", [new PlacedReplica(1, 1, 0)]);
        Apply(put, 5);
        var digest = _state.Digest;
        Apply(put, 5);
        Apply(put, 3);
        Assert.Equal((digest, 5UL, 1), (_state.Digest, _state.AppliedSequence, _state.ObjectCount));
    }

    [Fact]
    public void The_digest_does_not_depend_on_the_order_in_which_objects_came_and_returns_to_nothing()
    {
        var other = new ShardState(Shard, ShardCount);
        Apply(Start("a", [new PlacedReplica(1, 1, 0)]));
        Apply(Start("b", [new PlacedReplica(2, 1, 100)]));
        Apply(other, Start("a", [new PlacedReplica(1, 1, 0)]), 1);
        Apply(other, Start("c", [new PlacedReplica(2, 1, 200)]), 2);
        Assert.NotEqual(other.Digest, _state.Digest);
        Apply(other, Revoke("c"), 3);
        Apply(Revoke("b"));
        Assert.Equal(other.Digest, _state.Digest);
        Apply(Revoke("a"));
        Assert.Equal(default, _state.Digest);
    }

    [Fact]
    public void The_digest_sees_every_replicated_field()
    {
        var base_ = DigestOf(
            client: 1, size: 100, ttl: null, hard: false, SoftPinAction.Preserve, type: 0, "", id: 1, handle: 1, offset: 0);
        var others = new[]
        {
            DigestOf(2, 100, null, false, SoftPinAction.Preserve, 0, "", 1, 1, 0),
            DigestOf(1, 101, null, false, SoftPinAction.Preserve, 0, "", 1, 1, 0),
            DigestOf(1, 100, 0, false, SoftPinAction.Preserve, 0, "", 1, 1, 0),
            DigestOf(1, 100, null, true, SoftPinAction.Preserve, 0, "", 1, 1, 0),
            DigestOf(1, 100, null, false, SoftPinAction.Enable, 0, "", 1, 1, 0),
            DigestOf(1, 100, null, false, SoftPinAction.Preserve, 1, "", 1, 1, 0),
            DigestOf(1, 100, null, false, SoftPinAction.Preserve, 0, "g", 1, 1, 0),
            DigestOf(1, 100, null, false, SoftPinAction.Preserve, 0, "", 2, 1, 0),
            DigestOf(1, 100, null, false, SoftPinAction.Preserve, 0, "", 1, 2, 0),
            DigestOf(1, 100, null, false, SoftPinAction.Preserve, 0, "", 1, 1, 1),
        };
        Assert.Equal(others.Length + 1, others.Append(base_).Distinct().Count());
    }

    [Fact]
    public void The_digest_sees_completion_the_checksum_and_parking()
    {
        var seen = new HashSet<PartitionDigest>();
        Apply(Start("k", [new PlacedReplica(1, 1, 0)]));
        Assert.True(seen.Add(_state.Digest));
        Apply(End("k", null));
        Assert.True(seen.Add(_state.Digest));
        Apply(Entry(OpType.Remove, "k", []));
        Apply(Start("k", [new PlacedReplica(2, 1, 0)]));
        Apply(End("k", 0));
        Assert.True(seen.Add(_state.Digest));
        Apply(Start("p", [new PlacedReplica(3, 1, 100)]));
        Apply(Entry(OpType.PutDiscard, "p", []));
        Assert.True(seen.Add(_state.Digest));
        Apply(Release(0));
        Assert.False(seen.Add(_state.Digest));
    }

    [Fact]
    public void Eviction_drops_what_is_complete_and_frees_it()
    {
        Apply(Start("k", [new PlacedReplica(1, 1, 0), new PlacedReplica(2, 2, 0)]));
        Apply(End("k", null));
        var changes = new ExtentChanges();
        _state.Extents = changes;
        Apply(Entry(OpType.Eviction, "k", []));
        Assert.Equal([new Extent(1, 0, 100), new Extent(2, 0, 100)], changes.TakeFreed().OrderBy(extent => extent.SegmentHandle));
        Assert.Equal((0, default), (_state.ObjectCount, _state.Digest));
    }

    [Fact]
    public void Dropping_a_segment_takes_replicas_objects_and_parked_buffers()
    {
        Apply(Start("one", [new PlacedReplica(1, 1, 0)]));
        Apply(Start("three", [new PlacedReplica(2, 1, 100), new PlacedReplica(3, 2, 0), new PlacedReplica(4, 3, 0)]));
        Apply(Start("parked", [new PlacedReplica(5, 1, 200), new PlacedReplica(6, 2, 100)]));
        Apply(Entry(OpType.PutDiscard, "parked", []));
        Apply(Start("gone", [new PlacedReplica(7, 1, 300)]));
        Apply(Entry(OpType.PutDiscard, "gone", []));
        Apply(Drop(1));
        Assert.Equal((1, 1), (_state.ObjectCount, _state.ParkedCount));
        Assert.Equal([new(2, 0, 100), new(2, 100, 100), new(3, 0, 100)],
            _state.EnumerateLiveExtents().OrderBy(extent => extent.SegmentHandle).ThenBy(extent => extent.Offset));
        Apply(Drop(2));
        Apply(Drop(3));
        Assert.Equal(default, _state.Digest);
    }

    [Fact]
    public void Replica_ids_are_unique_over_all_shards_and_never_used_again()
    {
        var shards = Enumerable.Range(0, 3).Select(index => new ShardState(Partition.OfShard(index), 3)).ToArray();
        var ids = shards.SelectMany(shard => new[] { shard.NextReplicaId(0), shard.NextReplicaId(1), shard.NextReplicaId(2) });
        Assert.Equal([1UL, 2, 3, 4, 5, 6, 7, 8, 9], ids.Order().ToArray());
        Apply(Start("a", [new PlacedReplica(5, 1, 0)]));
        Assert.Equal(6UL, _state.NextReplicaId(0));
        Apply(Revoke("a"));
        AssertImpossible(Start("b", [new PlacedReplica(5, 1, 0)]));
    }

    [Fact]
    public void An_entry_that_cannot_follow_breaks_invariant_7_and_says_its_seq()
    {
        AssertImpossible(End("missing", null));
        AssertImpossible(Revoke("missing"));
        AssertImpossible(Entry(OpType.Remove, "missing", []));
        AssertImpossible(Entry(OpType.Eviction, "missing", []));
        AssertImpossible(Entry(OpType.PutDiscard, "missing", []));
        AssertImpossible(Release(0));
        AssertImpossible(Entry(OpType.MountSegment, "", []));
        AssertImpossible(Entry(OpType.PutStart, "k", [1, 2, 3]));
        AssertImpossible(Start("k", []));
        Apply(Start("k", [new PlacedReplica(1, 1, 0)]));
        AssertImpossible(Start("k", [new PlacedReplica(2, 1, 0)]));
        AssertImpossible(Entry(OpType.Eviction, "k", []));
        AssertImpossible(Entry(OpType.PutEnd, "k", [1, 2, 3]));
        AssertImpossible(Entry(OpType.PutEnd, "k", [(byte)ReplicaType.Disk, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        AssertImpossible(Entry(OpType.PutRevoke, "k", []));
        AssertImpossible(Entry(OpType.PutRevoke, "k", [(byte)ReplicaType.LocalDisk]));
        Apply(End("k", null));
        AssertImpossible(End("k", null));
        AssertImpossible(Revoke("k"));
        AssertImpossible(Entry(OpType.SegmentDropped, "", [1]));
    }

    [Fact]
    public void An_entry_or_a_key_of_another_shard_breaks_invariant_7()
    {
        var other = new ShardState(Partition.OfShard(1), 2);
        Assert.Equal(7, Assert.Throws<InvariantViolation>(() => Apply(other, Drop(1), 1)).Number);
        var wrong = Enumerable.Range(0, 100).Select(i => ObjectKey.From($"{i}")).First(key => Partition.ShardOf(key.Hash, 2) == 0);
        var drafts = new DraftBuffer(other.Partition);
        PutStartPayload.Write(
            drafts.Add(OpType.PutStart, wrong.Bytes, wrong.Hash, PutStartPayload.SizeOf(0, 1)), Uuid.None, 1, null, false,
            SoftPinAction.Preserve, 0, [], [new PlacedReplica(2, 1, 0)]);
        Assert.Equal(7, Assert.Throws<InvariantViolation>(() => other.Apply(drafts.Last)).Number);
    }

    [Fact]
    public void The_committed_seq_of_a_Primary_only_grows()
    {
        _state.MarkCommitted(4);
        Assert.Equal(4UL, _state.AppliedSequence);
        Assert.Equal(7, Assert.Throws<InvariantViolation>(() => _state.MarkCommitted(4)).Number);
    }

    [Fact]
    public void A_shard_index_lies_within_the_shard_count()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ShardState(Partition.OfShard(2), 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ShardState(Partition.SegmentTable, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ShardState(Shard, Partition.MaximumShards + 1));
    }

    [Fact]
    public void A_verification_marker_moves_the_applied_seq_and_nothing_else()
    {
        Apply(Entry(OpType.VerificationMarker, "", [1, 2, 3]), 9);
        Assert.Equal((9UL, default), (_state.AppliedSequence, _state.Digest));
    }

    private static PartitionDigest DigestOf(
        ulong client, ulong size, ulong? ttl, bool hard, SoftPinAction action, byte type, string group, ulong id, uint handle, ulong offset)
    {
        var state = new ShardState(Shard, ShardCount);
        var key = ObjectKey.From("k");
        var drafts = new DraftBuffer(Shard);
        PutStartPayload.Write(
            drafts.Add(OpType.PutStart, key.Bytes, key.Hash, PutStartPayload.SizeOf(group.Length, 1)), new Uuid(client, 0), size, ttl, hard,
            action, type, System.Text.Encoding.UTF8.GetBytes(group), [new PlacedReplica(id, handle, offset)]);
        state.Apply(drafts.Last);
        return state.Digest;
    }

    private void AssertImpossible(byte[] draft)
    {
        var violation = Assert.Throws<InvariantViolation>(() => Apply(_state, draft, 4711));
        Assert.Equal(7, violation.Number);
        Assert.Contains("4711", violation.Message, StringComparison.Ordinal);
    }

    private void Apply(byte[] draft) => Apply(draft, ++_sequence);

    private void Apply(byte[] draft, ulong sequence) => Apply(_state, draft, sequence);

    private static void Apply(ShardState state, byte[] draft, ulong sequence)
    {
        var writer = new BatchWriter();
        writer.Add(draft, sequence, 1, 0);
        foreach (var entry in writer.Close(0))
            state.Apply(entry);
    }

    internal static byte[] Start(string key, PlacedReplica[] replicas)
    {
        var payload = new byte[PutStartPayload.SizeOf(0, replicas.Length)];
        PutStartPayload.Write(payload, new Uuid(1, 1), 100, null, false, SoftPinAction.Preserve, 0, [], replicas);
        return Entry(OpType.PutStart, key, payload);
    }

    internal static byte[] End(string key, ulong? checksum)
    {
        var payload = new byte[PutEndPayload.EncodedBytes];
        new PutEndPayload(ReplicaType.All, checksum).Write(payload);
        return Entry(OpType.PutEnd, key, payload);
    }

    internal static byte[] Revoke(string key) => Entry(OpType.PutRevoke, key, [(byte)ReplicaType.Memory]);

    private static byte[] Release(byte number) => Entry(OpType.ReleaseParked, "", [number, 0, 0, 0, 0, 0, 0, 0]);

    internal static byte[] Drop(byte handle) => Entry(OpType.SegmentDropped, "", [handle, 0, 0, 0]);

    internal static byte[] Entry(OpType type, string text, byte[] payload)
    {
        var key = text.Length == 0 ? default : ObjectKey.From(text);
        var drafts = new DraftBuffer(Shard);
        payload.CopyTo(drafts.Add(type, key.Bytes, key.Hash, payload.Length));
        return drafts.Bytes.ToArray();
    }
}
