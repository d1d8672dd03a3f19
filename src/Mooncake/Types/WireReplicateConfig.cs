using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Types;

/// <summary>
/// How a writer wants an object placed and kept (Mooncake's ReplicateConfig). The previous generation knows no DFS, no soft-pin
/// time, and of the actions only <see cref="SoftPinAction.Enable"/> (true) and <see cref="SoftPinAction.Preserve"/> (false).
/// </summary>
public readonly record struct WireReplicateConfig() : IWireValue<WireReplicateConfig>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 25;

    /// <summary>Wanted memory replicas.</summary>
    public ulong ReplicaCount { get; init; } = 1;

    /// <summary>Wanted NVMe-oF replicas.</summary>
    public ulong NofReplicaCount { get; init; }

    /// <summary>Wanted replicas in the distributed file system.</summary>
    public ulong DfsReplicaCount { get; init; }

    /// <summary>What to do with the soft pin. Any byte can arrive.</summary>
    public SoftPinAction SoftPinAction { get; init; }

    /// <summary>Soft-pin time in milliseconds.</summary>
    public ulong? SoftPinTtlMilliseconds { get; init; }

    /// <summary>Never evict.</summary>
    public bool HardPin { get; init; }

    /// <summary>Names of segments to try first, in order.</summary>
    public WireList<ByteString> PreferredSegments { get; init; }

    /// <summary>A single name to try first.</summary>
    public ByteString PreferredSegment { get; init; }

    /// <summary>NVMe-oF segments to try first.</summary>
    public WireList<ByteString> PreferredNofSegments { get; init; }

    /// <summary>In a batch: later keys prefer the segment of the first.</summary>
    public bool PreferSameNode { get; init; }

    /// <summary>A label (0 unknown, 1 KV cache, …).</summary>
    public byte DataType { get; init; }

    /// <summary>The writer's host.</summary>
    public ByteString HostId { get; init; }

    /// <summary>None, or one per key of the call.</summary>
    public WireList<ByteString>? GroupIds { get; init; }

    /// <inheritdoc/>
    public static WireReplicateConfig Read(ref StructPackReader reader)
    {
        var newest = reader.Generation == Generation.Newest;
        return new()
        {
            ReplicaCount = reader.ReadUInt64(),
            NofReplicaCount = reader.ReadUInt64(),
            DfsReplicaCount = newest ? reader.ReadUInt64() : 0,
            SoftPinAction = newest ? (SoftPinAction)reader.ReadByte() : reader.ReadBool() ? SoftPinAction.Enable : SoftPinAction.Preserve,
            SoftPinTtlMilliseconds = newest ? reader.ReadOptionalUInt64() : null,
            HardPin = reader.ReadBool(),
            PreferredSegments = reader.Read<WireList<ByteString>>(),
            PreferredSegment = reader.Read<ByteString>(),
            PreferredNofSegments = reader.Read<WireList<ByteString>>(),
            PreferSameNode = reader.ReadBool(),
            DataType = reader.ReadByte(),
            HostId = reader.Read<ByteString>(),
            GroupIds = reader.ReadBool() ? reader.Read<WireList<ByteString>>() : (WireList<ByteString>?)null,
        };
    }

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUInt64(ReplicaCount);
        sink.WriteUInt64(NofReplicaCount);
        if (sink.Generation == Generation.Newest)
        {
            sink.WriteUInt64(DfsReplicaCount);
            sink.WriteByte((byte)SoftPinAction);
            sink.WriteOptionalUInt64(SoftPinTtlMilliseconds);
        }
        else
        {
            sink.WriteBool(SoftPinAction == SoftPinAction.Enable);
        }
        sink.WriteBool(HardPin);
        PreferredSegments.Write(ref sink);
        sink.WriteBytes(PreferredSegment.Span);
        PreferredNofSegments.Write(ref sink);
        sink.WriteBool(PreferSameNode);
        sink.WriteByte(DataType);
        sink.WriteBytes(HostId.Span);
        sink.WriteBool(GroupIds.HasValue);
        if (GroupIds is { } groups)
            groups.Write(ref sink);
    }
}
