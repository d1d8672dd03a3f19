// The digests of a shard's buckets, and the markers that carry them.
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Unit.Verification;

public sealed class BucketDigestTests
{
    [Fact]
    public void Buckets_kept_with_every_change_are_those_computed_from_the_content()
    {
        var primary = new TestPrimary();
        for (var i = 0; i < 200; i++)
            primary.Put($"key-{i}", on: [1, 2]);
        for (var i = 0; i < 60; i++)
            primary.Remove($"key-{i}", force: true);
        primary.Transfer("key-100", 1, [2]);
        primary.PutStart("parked");
        primary.ClientGone(TestPrimary.Alice);
        primary.CommitAll();
        var computed = TestPrimary.ThroughImage(primary.State).Digests;
        for (var bucket = 0; bucket < BucketDigests.Count; bucket++)
            Assert.Equal(computed[bucket], primary.State.Digests[bucket]);
        Assert.Equal(computed.ParkedPuts, primary.State.Digests.ParkedPuts);
        Assert.Equal(computed.Whole, primary.State.Digest);
        Assert.True(Enumerable.Range(0, BucketDigests.Count).Count(bucket => computed[bucket].Count > 0) > BucketDigests.Count / 2);
    }

    [Fact]
    public void A_change_of_a_key_changes_the_digest_of_its_bucket_only()
    {
        var primary = new TestPrimary();
        for (var i = 0; i < 100; i++)
            primary.Put($"key-{i}");
        var before = Enumerable.Range(0, BucketDigests.Count).Select(bucket => primary.State.Digests[bucket]).ToArray();
        primary.Put("another");
        var changed = Enumerable.Range(0, BucketDigests.Count).Where(bucket => before[bucket] != primary.State.Digests[bucket]);
        Assert.Equal([BucketDigests.BucketOf(ObjectKey.From("another").Hash)], changed);
    }

    [Fact]
    public void Changes_cost_no_allocation()
    {
        var primary = new TestPrimary();
        primary.PutStart("first");
        primary.PutStart("second");
        primary.CommitAll();
        var standby = primary.Standby;
        var before = standby.Digest;
        var drafts = new DraftBuffer(Partition.OfShard(0));
        End("first"); // compiled now
        End("second");
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        standby.Apply(drafts.Last);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        Assert.NotEqual(before, standby.Digest);

        void End(string key)
        {
            if (drafts.Count > 0)
                standby.Apply(drafts.Last);
            var name = ObjectKey.From(key);
            new PutEndPayload(ReplicaType.All, 7).Write(drafts.Add(OpType.PutEnd, name.Bytes, name.Hash, PutEndPayload.EncodedBytes));
        }
    }

    [Fact]
    public void A_marker_of_another_version_is_not_compared()
    {
        var primary = new TestPrimary();
        var drafts = new DraftBuffer(Partition.OfShard(0));
        VerificationMarkerPayload.Write(
            drafts.Add(OpType.VerificationMarker, [], 0, VerificationMarkerPayload.SizeOf(65)),
            VerificationMarker.DigestVersion + 1, 65, 0, 0);
        Assert.Equal(default, VerificationMarker.Compare(primary.State, drafts.Last));
        drafts.Add(OpType.VerificationMarker, [], 0, 3);
        var verdict = VerificationMarker.Compare(primary.State, drafts.Last);
        Assert.False(verdict.IsComparable || verdict.IsClean);
    }

    [Fact]
    public void The_segment_table_is_compared_as_a_whole()
    {
        var (one, other) = (new SegmentTable(), new SegmentTable());
        var drafts = new DraftBuffer(Partition.SegmentTable);
        var mount = new MountSegmentPayload(1, new Uuid(1, 1), new Segment(new Uuid(9, 9), "s", 4096, 4096, "h:1", "tcp", ""));
        mount.Write(drafts.Add(OpType.MountSegment, [], 0, mount.EncodedBytes));
        one.Apply(drafts.Last);
        var marker = new DraftBuffer(Partition.SegmentTable);
        VerificationMarker.Draft(one, marker);
        Assert.True(VerificationMarker.Compare(one, marker.Last).IsClean);
        Assert.Equal(new MarkerVerdict(true, 0, IsRestDifferent: true), VerificationMarker.Compare(other, marker.Last));
        other.Apply(drafts.Last);
        Assert.True(VerificationMarker.Compare(other, marker.Last).IsClean);
    }
}
