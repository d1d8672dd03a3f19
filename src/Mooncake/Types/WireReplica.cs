// Where a client finds a replica. The answers to GetReplicaList and PutStart consist of these.
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Types;

/// <summary>One replica of an object (Mooncake's ReplicaDescriptor).</summary>
/// <param name="Id">The replica's id.</param>
/// <param name="Location">Where its bytes are.</param>
/// <param name="Status">Complete for readers, Processing for the writer.</param>
public readonly record struct WireReplica(ulong Id, ReplicaLocation Location, ReplicaStatus Status) : IWireValue<WireReplica>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 22;

    /// <inheritdoc/>
    public static WireReplica Read(ref StructPackReader reader) =>
        new(reader.ReadUInt64(), ReplicaLocation.Read(ref reader), (ReplicaStatus)reader.ReadInt32());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUInt64(Id);
        Location.Write(ref sink);
        sink.WriteInt32((int)Status);
    }

    /// <summary>
    /// Writes a replica in memory straight from its parts, without building one: the path of the server's answers.
    /// </summary>
    public static void WriteMemory<TSink>(
        ref TSink sink, ulong id, ulong sizeBytes, ulong address, string protocol, string transportEndpoint, ReplicaStatus status)
        where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUInt64(id);
        sink.WriteByte(ReplicaLocation.MemoryIndex);
        sink.WriteUInt64(sizeBytes);
        sink.WriteUInt64(address);
        sink.WriteText(protocol);
        sink.WriteText(transportEndpoint);
        sink.WriteInt32((int)status);
    }
}
