using System.Buffers.Binary;

namespace HotStandby.Messages.Verification;

/// <summary>
/// VERIFICATION_MARKER, little-endian: version of the digests 1, number of digests 1, next replica number 8, next parked put 8, then each
/// digest: count 8, sum 8. Of a shard: its buckets, then its parked puts. Of the segment table: one, and both numbers 0.
/// </summary>
public readonly ref struct VerificationMarkerPayload
{
    private const int FixedBytes = 18;
    private const int DigestBytes = 16;
    private readonly ReadOnlySpan<byte> _digests;

    private VerificationMarkerPayload(ReadOnlySpan<byte> bytes)
    {
        DigestVersion = bytes[0];
        NextReplica = BinaryPrimitives.ReadUInt64LittleEndian(bytes[2..]);
        NextParkedPut = BinaryPrimitives.ReadUInt64LittleEndian(bytes[10..]);
        _digests = bytes[FixedBytes..];
    }

    /// <summary>Two nodes compare only what was computed in the same way.</summary>
    public byte DigestVersion { get; }

    /// <summary>The count from which the shard makes ids of replicas.</summary>
    public ulong NextReplica { get; }

    /// <summary>The number that the shard's next discarded put gets.</summary>
    public ulong NextParkedPut { get; }

    /// <summary>Number of digests.</summary>
    public int DigestCount => _digests.Length / DigestBytes;

    /// <summary>The i-th digest.</summary>
    public (long Count, ulong Sum) Digest(int index)
    {
        var at = _digests[(index * DigestBytes)..];
        return (BinaryPrimitives.ReadInt64LittleEndian(at), BinaryPrimitives.ReadUInt64LittleEndian(at[8..]));
    }

    /// <summary>Bytes that <see cref="Write"/> needs.</summary>
    public static int SizeOf(int digests) => FixedBytes + (digests * DigestBytes);

    /// <summary>Writes all but the digests, which <see cref="WriteDigest"/> does.</summary>
    public static void Write(Span<byte> to, byte digestVersion, int digests, ulong nextReplica, ulong nextParkedPut)
    {
        (to[0], to[1]) = (digestVersion, checked((byte)digests));
        BinaryPrimitives.WriteUInt64LittleEndian(to[2..], nextReplica);
        BinaryPrimitives.WriteUInt64LittleEndian(to[10..], nextParkedPut);
    }

    /// <summary>Writes the i-th digest.</summary>
    public static void WriteDigest(Span<byte> to, int index, long count, ulong sum)
    {
        var at = to[(FixedBytes + (index * DigestBytes))..];
        BinaryPrimitives.WriteInt64LittleEndian(at, count);
        BinaryPrimitives.WriteUInt64LittleEndian(at[8..], sum);
    }

    /// <summary>Reads a payload; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out VerificationMarkerPayload payload)
    {
        payload = default;
        if (bytes.Length < FixedBytes || bytes.Length != SizeOf(bytes[1]))
            return false;
        payload = new VerificationMarkerPayload(bytes);
        return true;
    }
}
