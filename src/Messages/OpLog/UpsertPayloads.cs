// Payloads of the entries that rewrite an object in place, copy or move its replicas, or clear some of them.
using System.Buffers.Binary;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Messages.OpLog;

/// <summary>UPSERT_REUSE: client 16, soft-pin ttl 8 (all ones: none), soft-pin action 1, data type 1.</summary>
public readonly record struct UpsertReusePayload(Uuid Client, ulong? SoftPinTtlMilliseconds, SoftPinAction SoftPinAction, byte DataType)
{
    /// <summary>Bytes of its encoded form.</summary>
    public const int EncodedBytes = 26;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> to)
    {
        UuidBytes.Write(to, Client);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], SoftPinTtlMilliseconds ?? ulong.MaxValue);
        to[24] = (byte)SoftPinAction;
        to[25] = DataType;
    }

    /// <summary>Reads it; false when the length is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out UpsertReusePayload payload)
    {
        payload = default;
        if (bytes.Length != EncodedBytes)
            return false;
        var ttl = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        payload = new(UuidBytes.Read(bytes), ttl == ulong.MaxValue ? null : ttl, (SoftPinAction)bytes[24], bytes[25]);
        return true;
    }
}

/// <summary>TRANSFER_START: client 16, source replica 8, flags 1 (bit 0: move), targets 1, targets of 20 bytes each.</summary>
public readonly ref struct TransferStartPayload
{
    private const int FixedBytes = 26;
    private readonly ReadOnlySpan<byte> _targets;

    private TransferStartPayload(ReadOnlySpan<byte> bytes)
    {
        Client = UuidBytes.Read(bytes);
        SourceReplica = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        IsMove = (bytes[24] & 1) != 0;
        _targets = bytes[FixedBytes..];
    }

    /// <summary>Who copies or moves.</summary>
    public Uuid Client { get; }

    /// <summary>Id of the replica to read.</summary>
    public ulong SourceReplica { get; }

    /// <summary>The source goes at the end.</summary>
    public bool IsMove { get; }

    /// <summary>Number of new replicas, 0 to 255.</summary>
    public int TargetCount => _targets.Length / PlacedReplica.EncodedBytes;

    /// <summary>The i-th new replica.</summary>
    public PlacedReplica Target(int index) => PlacedReplica.Read(_targets[(index * PlacedReplica.EncodedBytes)..]);

    /// <summary>Bytes that <see cref="Write"/> needs.</summary>
    public static int SizeOf(int targets) => FixedBytes + (targets * PlacedReplica.EncodedBytes);

    /// <summary>Writes the payload; <paramref name="to"/> has exactly <see cref="SizeOf"/> bytes.</summary>
    public static void Write(Span<byte> to, Uuid client, ulong sourceReplica, bool isMove, ReadOnlySpan<PlacedReplica> targets)
    {
        UuidBytes.Write(to, client);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], sourceReplica);
        to[24] = isMove ? (byte)1 : (byte)0;
        to[25] = checked((byte)targets.Length);
        var at = to[FixedBytes..];
        foreach (var target in targets)
        {
            target.Write(at);
            at = at[PlacedReplica.EncodedBytes..];
        }
    }

    /// <summary>Reads a payload; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out TransferStartPayload payload)
    {
        payload = default;
        if (bytes.Length < FixedBytes || bytes.Length != SizeOf(bytes[25]))
            return false;
        payload = new TransferStartPayload(bytes);
        return true;
    }
}

/// <summary>TRANSFER_REVOKE: flags 1 (bit 0: the targets' buffers stay allocated, since their writer may still write).</summary>
public readonly record struct TransferRevokePayload(bool IsParked)
{
    /// <summary>Bytes of its encoded form.</summary>
    public const int EncodedBytes = 1;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> to) => to[0] = IsParked ? (byte)1 : (byte)0;

    /// <summary>Reads it; false when the length is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out TransferRevokePayload payload)
    {
        payload = bytes.Length == EncodedBytes ? new((bytes[0] & 1) != 0) : default;
        return bytes.Length == EncodedBytes;
    }
}
