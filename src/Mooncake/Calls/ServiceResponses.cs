// What the calls about the service and its clients answer.
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>The answer to GetStorageConfig.</summary>
/// <param name="Directory">Of the disk tier; empty when there is none.</param>
/// <param name="DiskEviction">Whether the disk tier evicts.</param>
/// <param name="QuotaBytes">Of the disk tier; 0 for none.</param>
public readonly record struct StorageConfig(ByteString Directory, bool DiskEviction, ulong QuotaBytes) : IWireValue<StorageConfig>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 10;

    /// <inheritdoc/>
    public static StorageConfig Read(ref StructPackReader reader) =>
        new(reader.Read<ByteString>(), reader.ReadBool(), reader.ReadUInt64());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBytes(Directory.Span);
        sink.WriteBool(DiskEviction);
        sink.WriteUInt64(QuotaBytes);
    }
}

/// <summary>The answer to Ping.</summary>
/// <param name="ViewVersion">Which reign of a master; 0 when there is no high availability.</param>
/// <param name="Status">Whether the client must mount its segments again.</param>
public readonly record struct PingResponse(long ViewVersion, ClientStatus Status) : IWireValue<PingResponse>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 12;

    /// <inheritdoc/>
    public static PingResponse Read(ref StructPackReader reader) => new(reader.ReadInt64(), (ClientStatus)reader.ReadInt32());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteInt64(ViewVersion);
        sink.WriteInt32((int)Status);
    }
}

/// <summary>One task of FetchTasks' answer.</summary>
/// <param name="Id">The task.</param>
/// <param name="Type">0 copy a replica, 1 move it.</param>
/// <param name="Payload">JSON text with the task's details.</param>
/// <param name="CreatedAtUnixMilliseconds">When it was created.</param>
/// <param name="MaximumRetries">How often the client may try again.</param>
public readonly record struct TaskAssignment(Uuid Id, int Type, ByteString Payload, long CreatedAtUnixMilliseconds, uint MaximumRetries)
    : IWireValue<TaskAssignment>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 33;

    /// <inheritdoc/>
    public static TaskAssignment Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.ReadInt32(), reader.Read<ByteString>(), reader.ReadInt64(), reader.ReadUInt32());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Id);
        sink.WriteInt32(Type);
        sink.WriteBytes(Payload.Span);
        sink.WriteInt64(CreatedAtUnixMilliseconds);
        sink.WriteUInt32(MaximumRetries);
    }
}
