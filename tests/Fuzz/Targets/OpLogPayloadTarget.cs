// The payload of every type of entry: a byte that says which type, then the payload.
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Fuzz.Targets;

internal sealed class OpLogPayloadTarget() : FuzzTarget("oplog-payload")
{
    public override object? Decode(byte[] input) => input.Length == 0 ? null : Again((OpType)input[0], input.AsSpan(1)) is { } payload
        ? (byte[])[input[0], .. payload]
        : null;

    public override byte[] Encode(object decoded) => (byte[])decoded;

    protected override IEnumerable<byte[]> MakeSamples()
    {
        var samples = new List<byte[]>();
        foreach (var batch in (OpLogBatch[])[Histories.BatchOf(Histories.Shard().Drafts), Histories.BatchOf(Histories.Segments().Log)])
            foreach (var entry in batch)
                if (Again(entry.Type, entry.Payload) is not null)
                    samples.Add([(byte)entry.Type, .. entry.Payload]);
        return samples;
    }

    // Read and written again; null when it cannot be read.
    private static byte[]? Again(OpType type, ReadOnlySpan<byte> bytes)
    {
        switch (type)
        {
            case OpType.PutStart when PutStartPayload.TryRead(bytes, out var read):
                var replicas = new PlacedReplica[read.ReplicaCount];
                for (var i = 0; i < replicas.Length; i++)
                    replicas[i] = read.Replica(i);
                var put = new byte[PutStartPayload.SizeOf(read.Group.Length, replicas.Length)];
                PutStartPayload.Write(
                    put, read.Client, read.SizeBytes, read.SoftPinTtlMilliseconds, read.HardPin, read.SoftPinAction, read.DataType,
                    read.Group, replicas, read.IsSoftPinned);
                return put;
            case OpType.TransferStart when TransferStartPayload.TryRead(bytes, out var read):
                var targets = new PlacedReplica[read.TargetCount];
                for (var i = 0; i < targets.Length; i++)
                    targets[i] = read.Target(i);
                var transfer = new byte[TransferStartPayload.SizeOf(targets.Length)];
                TransferStartPayload.Write(transfer, read.Client, read.SourceReplica, read.IsMove, targets);
                return transfer;
            case OpType.VerificationMarker when VerificationMarkerPayload.TryRead(bytes, out var read):
                var marker = new byte[VerificationMarkerPayload.SizeOf(read.DigestCount)];
                VerificationMarkerPayload.Write(marker, read.DigestVersion, read.DigestCount, read.NextReplica, read.NextParkedPut);
                for (var i = 0; i < read.DigestCount; i++)
                    VerificationMarkerPayload.WriteDigest(marker, i, read.Digest(i).Count, read.Digest(i).Sum);
                return marker;
            case OpType.MountSegment when MountSegmentPayload.TryRead(bytes, out var read):
                return Written(read.EncodedBytes, read.Write);
            case OpType.PutEnd when PutEndPayload.TryRead(bytes, out var read):
                return Written(PutEndPayload.EncodedBytes, read.Write);
            case OpType.PutRevoke when PutRevokePayload.TryRead(bytes, out var read):
                return Written(PutRevokePayload.EncodedBytes, read.Write);
            case OpType.ReleaseParked when ReleaseParkedPayload.TryRead(bytes, out var read):
                return Written(ReleaseParkedPayload.EncodedBytes, read.Write);
            case OpType.ClientReplaced when ClientReplacedPayload.TryRead(bytes, out var read):
                return read.Encode();
            case OpType.StrayWrites when StrayWritesPayload.TryRead(bytes, out var read):
                return read.Encode();
            case OpType.StrayWritesOver or OpType.SegmentDropped or OpType.UnmountSegment
                or OpType.SegmentErased or OpType.ReplicaCleared when SegmentHandlePayload.TryRead(bytes, out var read):
                return Written(SegmentHandlePayload.EncodedBytes, read.Write);
            case OpType.UpsertReuse when UpsertReusePayload.TryRead(bytes, out var read):
                return Written(UpsertReusePayload.EncodedBytes, read.Write);
            case OpType.TransferRevoke when TransferRevokePayload.TryRead(bytes, out var read):
                return Written(TransferRevokePayload.EncodedBytes, read.Write);
            case OpType.SegmentStatus when SegmentStatusPayload.TryRead(bytes, out var read):
                return Written(SegmentStatusPayload.EncodedBytes, read.Write);
            case OpType.ClientExpired or OpType.ClientSuspected or OpType.ClientRestored when ClientPayload.TryRead(bytes, out var read):
                return Written(ClientPayload.EncodedBytes, read.Write);
            default:
                return OfTasks(type, bytes);
        }
    }

    private static byte[]? OfTasks(OpType type, ReadOnlySpan<byte> bytes) => type switch
    {
        OpType.TaskCreated when TaskCreatedPayload.TryRead(bytes, out var read) => read.Encode(),
        OpType.TaskFetched when TaskFetchedPayload.TryRead(bytes, out var read) => read.Encode(),
        OpType.TaskEnded when TaskEndedPayload.TryRead(bytes, out var read) => read.Encode(),
        OpType.JobCreated when JobCreatedPayload.TryRead(bytes, out var read) => read.Encode(),
        OpType.JobChanged when JobChangedPayload.TryRead(bytes, out var read) => read.Encode(),
        OpType.TaskForgotten or OpType.JobForgotten when IdPayload.TryRead(bytes, out var read) => read.Encode(),
        _ => null,
    };

    private delegate void WriteTo(Span<byte> to);

    private static byte[] Written(int length, WriteTo write)
    {
        var bytes = new byte[length];
        write(bytes);
        return bytes;
    }
}
