// The calls about copies on a client's disk that are answered although no such copy is kept: the fields that decide their answers.
using HotStandby.Messages.Model;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>EvictDiskReplica: a client has deleted its file of an object.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Key">The object's key.</param>
/// <param name="Tenant">Its tenant.</param>
/// <param name="Type">Which kind of replica; any number can arrive.</param>
public readonly record struct EvictDiskRequest(Uuid Client, ByteString Key, ByteString Tenant, ReplicaType Type)
    : IWireValue<EvictDiskRequest>
{
    /// <inheritdoc/>
    public static int MinimumBytes => Uuid.EncodedBytes + 1 + 1 + sizeof(int);

    /// <inheritdoc/>
    public static EvictDiskRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<ByteString>(), reader.Read<ByteString>(), (ReplicaType)reader.ReadInt32());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        sink.WriteBytes(Key.Span);
        sink.WriteBytes(Tenant.Span);
        sink.WriteInt32((int)Type);
    }
}

/// <summary>BatchEvictDiskReplica: EvictDiskReplica of many.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Keys">The objects' keys.</param>
/// <param name="Tenant">Their tenant.</param>
/// <param name="Type">Which kind of replica; any number can arrive.</param>
public readonly record struct BatchEvictDiskRequest(Uuid Client, WireList<ByteString> Keys, ByteString Tenant, ReplicaType Type)
    : IWireValue<BatchEvictDiskRequest>
{
    /// <inheritdoc/>
    public static int MinimumBytes => Uuid.EncodedBytes + 1 + 1 + sizeof(int);

    /// <inheritdoc/>
    public static BatchEvictDiskRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<WireList<ByteString>>(), reader.Read<ByteString>(), (ReplicaType)reader.ReadInt32());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        Keys.Write(ref sink);
        sink.WriteBytes(Tenant.Span);
        sink.WriteInt32((int)Type);
    }
}

/// <summary>An object that a client was to write to its disk.</summary>
/// <param name="Tenant">Its tenant.</param>
/// <param name="Key">Its key.</param>
/// <param name="SizeBytes">Its size.</param>
public readonly record struct OffloadTask(ByteString Tenant, ByteString Key, long SizeBytes) : IWireValue<OffloadTask>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 1 + 1 + sizeof(long);

    /// <inheritdoc/>
    public static OffloadTask Read(ref StructPackReader reader) =>
        new(reader.Read<ByteString>(), reader.Read<ByteString>(), reader.ReadInt64());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBytes(Tenant.Span);
        sink.WriteBytes(Key.Span);
        sink.WriteInt64(SizeBytes);
    }
}

/// <summary>Where a client has written an object, or that it has not.</summary>
/// <param name="BucketId">The file.</param>
/// <param name="Offset">The place in it.</param>
/// <param name="KeyBytes">Length of the key.</param>
/// <param name="DataBytes">Length of the object; negative: it is not on the disk.</param>
/// <param name="TransportEndpoint">Where it can be read.</param>
public readonly record struct OffloadedObject(long BucketId, long Offset, long KeyBytes, long DataBytes, ByteString TransportEndpoint)
    : IWireValue<OffloadedObject>
{
    /// <inheritdoc/>
    public static int MinimumBytes => (4 * sizeof(long)) + 1;

    /// <inheritdoc/>
    public static OffloadedObject Read(ref StructPackReader reader) => new(
        reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteInt64(BucketId);
        sink.WriteInt64(Offset);
        sink.WriteInt64(KeyBytes);
        sink.WriteInt64(DataBytes);
        sink.WriteBytes(TransportEndpoint.Span);
    }
}

/// <summary>NotifyOffloadSuccess: what became of objects that a client was to write to its disk.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Tasks">Which objects.</param>
/// <param name="Objects">What became of each.</param>
public readonly record struct OffloadReport(Uuid Client, WireList<OffloadTask> Tasks, WireList<OffloadedObject> Objects)
    : IWireValue<OffloadReport>
{
    /// <inheritdoc/>
    public static int MinimumBytes => Uuid.EncodedBytes + 1 + 1;

    /// <inheritdoc/>
    public static OffloadReport Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<WireList<OffloadTask>>(), reader.Read<WireList<OffloadedObject>>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        Tasks.Write(ref sink);
        Objects.Write(ref sink);
    }
}

/// <summary>A namespace of NVMe over fabrics. None is ever mounted here.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="BaseAddress">Where it begins.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="TransportEndpoint">Where it is reached.</param>
public readonly record struct NofSegment(Uuid Id, ByteString Name, ulong BaseAddress, ulong SizeBytes, ByteString TransportEndpoint)
    : IWireValue<NofSegment>
{
    /// <inheritdoc/>
    public static int MinimumBytes => Uuid.EncodedBytes + 1 + sizeof(ulong) + sizeof(ulong) + 1;

    /// <inheritdoc/>
    public static NofSegment Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<ByteString>(), reader.ReadUInt64(), reader.ReadUInt64(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Id);
        sink.WriteBytes(Name.Span);
        sink.WriteUInt64(BaseAddress);
        sink.WriteUInt64(SizeBytes);
        sink.WriteBytes(TransportEndpoint.Span);
    }
}
