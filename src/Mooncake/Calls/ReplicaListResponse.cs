using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>The answer to GetReplicaList.</summary>
/// <param name="Replicas">Where the object can be read.</param>
/// <param name="LeaseTtlMilliseconds">How long the reader may read, in milliseconds.</param>
/// <param name="ObjectChecksum">What the writer gave, if it did; the previous generation has none.</param>
public readonly record struct ReplicaListResponse(WireList<WireReplica> Replicas, ulong LeaseTtlMilliseconds, ulong? ObjectChecksum)
    : IWireValue<ReplicaListResponse>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 9;

    /// <inheritdoc/>
    public static ReplicaListResponse Read(ref StructPackReader reader) =>
        new(
            reader.Read<WireList<WireReplica>>(), reader.ReadUInt64(),
            reader.Generation == Generation.Newest ? reader.ReadOptionalUInt64() : null);

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Replicas.Write(ref sink);
        sink.WriteUInt64(LeaseTtlMilliseconds);
        if (sink.Generation == Generation.Newest)
            sink.WriteOptionalUInt64(ObjectChecksum);
    }
}
