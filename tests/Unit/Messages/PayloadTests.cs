// Payloads of every op type: what is written is read, and any other length is refused.
using CsCheck;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Messages;

public sealed class PayloadTests
{
    private static readonly Gen<Uuid> Uuids = Gen.Select(Gen.ULong, Gen.ULong, (first, second) => new Uuid(first, second));

    private static readonly Gen<string> Texts = Gen.String[Gen.Char["aZ0:.-äß€漢"], 0, 60];

    private static readonly Gen<PlacedReplica> Replicas =
        Gen.Select(Gen.ULong, Gen.UInt, Gen.ULong, (id, handle, offset) => new PlacedReplica(id, handle, offset));

    [Fact]
    public void Put_start_round_trips_and_refuses_every_other_length() =>
        Gen.Select(
            Gen.Select(Uuids, Gen.ULong, Gen.ULong[0, ulong.MaxValue - 1].Nullable(), Gen.Bool),
            Gen.Select(Gen.Int[0, 2], Gen.Byte, Gen.Byte.Array[0, 80], Replicas.Array[1, 6])).Sample((a, b) =>
        {
            var (client, size, ttl, pin) = a;
            var (action, dataType, group, replicas) = b;
            var bytes = new byte[PutStartPayload.SizeOf(group.Length, replicas.Length)];
            PutStartPayload.Write(bytes, client, size, ttl, pin, (SoftPinAction)action, dataType, group, replicas);
            Assert.True(PutStartPayload.TryRead(bytes, out var read));
            Assert.Equal((client, size, ttl, pin), (read.Client, read.SizeBytes, read.SoftPinTtlMilliseconds, read.HardPin));
            Assert.Equal(((SoftPinAction)action, dataType), (read.SoftPinAction, read.DataType));
            Assert.True(read.Group.SequenceEqual(group));
            Assert.Equal(replicas.Length, read.ReplicaCount);
            for (var i = 0; i < replicas.Length; i++)
                Assert.Equal(replicas[i], read.Replica(i));
            AssertOtherLengthsRefused(bytes, other => PutStartPayload.TryRead(other, out _));
        }, iter: 50);

    [Fact]
    public void Put_start_takes_255_replicas_and_no_more()
    {
        var bytes = new byte[PutStartPayload.SizeOf(0, 256)];
        var replicas = new PlacedReplica[256];
        PutStartPayload.Write(bytes, default, 1, null, false, SoftPinAction.Preserve, 0, [], replicas.AsSpan(..255));
        Assert.True(PutStartPayload.TryRead(bytes.AsSpan(..PutStartPayload.SizeOf(0, 255)), out var read));
        Assert.Equal(255, read.ReplicaCount);
        Assert.Throws<OverflowException>(() =>
            PutStartPayload.Write(bytes, default, 1, null, false, SoftPinAction.Preserve, 0, [], replicas));
    }

    [Fact]
    public void Replaced_clients_and_stray_writes_round_trip_and_impossible_ranges_are_refused()
    {
        Gen.Select(Uuids, Uuids, Texts).Sample((client, successor, endpoint) =>
        {
            var payload = new ClientReplacedPayload(client, successor, endpoint);
            Assert.True(ClientReplacedPayload.TryRead(payload.Encode(), out var read));
            Assert.Equal(payload, read);
            AssertOtherLengthsRefused(payload.Encode(), other => ClientReplacedPayload.TryRead(other, out _));
        }, iter: 50);
        MemoryRange[] good = [new(0, 1), new(2, 5), new(ulong.MaxValue - 9, 9)];
        Assert.True(StrayWritesPayload.TryRead(new StrayWritesPayload(7, good).Encode(), out var strays));
        Assert.Equal((7u, true), (strays.SegmentHandle, strays.Ranges.SequenceEqual(good)));
        AssertOtherLengthsRefused(new StrayWritesPayload(7, good).Encode(), other => StrayWritesPayload.TryRead(other, out _));
        foreach (var bad in new MemoryRange[][] { [], [new(1, 0)], [new(2, ulong.MaxValue - 1)], [new(5, 5), new(1, 1)],
            [new(5, 5), new(10, 1)] })
            Assert.False(StrayWritesPayload.TryRead(new StrayWritesPayload(7, bad).Encode(), out _));
    }

    // Found by the fuzz target oplog-payload.
    [Fact]
    public void A_drain_job_that_announces_more_handles_than_it_has_is_refused_without_memory_for_them()
    {
        var job = new JobCreatedPayload(new Uuid(1, 2), 5, 4, [1], ["a"], ["b"]).Encode();
        job[28] = job[29] = 0xFF;
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(JobCreatedPayload.TryRead(job, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 10);
    }

    [Fact]
    public void Mount_segment_round_trips_and_refuses_every_other_length() =>
        Gen.Select(
            Gen.Select(Gen.UInt, Uuids, Uuids, Gen.ULong, Gen.ULong), Gen.Select(Texts, Texts, Texts, Texts)).Sample((a, b) =>
        {
            var payload = new MountSegmentPayload(
                a.Item1, a.Item2, new Segment(a.Item3, b.Item1, a.Item4, a.Item5, b.Item2, b.Item3, b.Item4));
            var bytes = new byte[payload.EncodedBytes];
            payload.Write(bytes);
            Assert.True(MountSegmentPayload.TryRead(bytes, out var read));
            Assert.Equal(payload, read);
            AssertOtherLengthsRefused(bytes, other => MountSegmentPayload.TryRead(other, out _));
        }, iter: 50);

    [Fact]
    public void Random_bytes_are_never_more_than_refused() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            if (PutStartPayload.TryRead(bytes, out var put))
            {
                for (var i = 0; i < put.ReplicaCount; i++)
                    put.Replica(i);
                Assert.Equal(bytes.Length, PutStartPayload.SizeOf(put.Group.Length, put.ReplicaCount));
            }

            if (MountSegmentPayload.TryRead(bytes, out var mount))
                Assert.NotNull(mount.Segment.Name);
        });

    [Fact]
    public void Put_end_round_trips_with_and_without_a_checksum() =>
        Gen.Select(Samples.Any(Enum.GetValues<ReplicaType>()), Gen.ULong.Nullable()).Sample((selector, checksum) =>
        {
            var bytes = new byte[PutEndPayload.EncodedBytes];
            new PutEndPayload(selector, checksum).Write(bytes);
            Assert.True(PutEndPayload.TryRead(bytes, out var read));
            Assert.Equal(new PutEndPayload(selector, checksum), read);
            AssertOtherLengthsRefused(bytes, other => PutEndPayload.TryRead(other, out _));
        });

    [Fact]
    public void The_short_payloads_round_trip_and_refuse_every_other_length() =>
        Gen.Select(Samples.Any(Enum.GetValues<ReplicaType>()), Gen.ULong, Gen.UInt, Uuids).Sample((selector, put, handle, client) =>
        {
            var revoke = new byte[PutRevokePayload.EncodedBytes];
            new PutRevokePayload(selector).Write(revoke);
            Assert.True(PutRevokePayload.TryRead(revoke, out var readRevoke));
            Assert.Equal(selector, readRevoke.Selector);
            AssertOtherLengthsRefused(revoke, other => PutRevokePayload.TryRead(other, out _));

            var release = new byte[ReleaseParkedPayload.EncodedBytes];
            new ReleaseParkedPayload(put).Write(release);
            Assert.True(ReleaseParkedPayload.TryRead(release, out var readRelease));
            Assert.Equal(put, readRelease.ParkedPut);
            AssertOtherLengthsRefused(release, other => ReleaseParkedPayload.TryRead(other, out _));

            var segment = new byte[SegmentHandlePayload.EncodedBytes];
            new SegmentHandlePayload(handle).Write(segment);
            Assert.True(SegmentHandlePayload.TryRead(segment, out var readSegment));
            Assert.Equal(handle, readSegment.SegmentHandle);
            AssertOtherLengthsRefused(segment, other => SegmentHandlePayload.TryRead(other, out _));

            var expired = new byte[ClientPayload.EncodedBytes];
            new ClientPayload(client).Write(expired);
            Assert.True(ClientPayload.TryRead(expired, out var readExpired));
            Assert.Equal(client, readExpired.Client);
            AssertOtherLengthsRefused(expired, other => ClientPayload.TryRead(other, out _));
        });

    private static void AssertOtherLengthsRefused(byte[] bytes, Func<byte[], bool> tryRead)
    {
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(tryRead(bytes[..length]), $"{length} of {bytes.Length} bytes");
        Assert.False(tryRead([.. bytes, 0]), "one byte more");
    }
}
