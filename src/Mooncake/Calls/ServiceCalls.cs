// The calls about the service itself and its clients. None of them touches an object.
// Each request is its function's parameters in wire order; byte strings point into the message they were read from.
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>Is this a master that serves, and of which protocol version? Clients demand exactly theirs.</summary>
public readonly record struct ServiceReadyRequest
    : IRpcRequest<ServiceReadyRequest, Expected<ByteString>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.ServiceReady;

    /// <inheritdoc/>
    public static int MinimumBytes => 0;

    /// <inheritdoc/>
    public static ServiceReadyRequest Read(ref StructPackReader reader) => default;

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
    }
}

/// <summary>The directory of the disk tier; empty when there is none.</summary>
public readonly record struct GetFsdirRequest
    : IRpcRequest<GetFsdirRequest, Expected<ByteString>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.GetFsdir;

    /// <inheritdoc/>
    public static int MinimumBytes => 0;

    /// <inheritdoc/>
    public static GetFsdirRequest Read(ref StructPackReader reader) => default;

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
    }
}

/// <summary>What the disk tier offers.</summary>
public readonly record struct GetStorageConfigRequest
    : IRpcRequest<GetStorageConfigRequest, Expected<StorageConfig>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.GetStorageConfig;

    /// <inheritdoc/>
    public static int MinimumBytes => 0;

    /// <inheritdoc/>
    public static GetStorageConfigRequest Read(ref StructPackReader reader) => default;

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
    }
}

/// <summary>A client that owns segments is alive; once a second.</summary>
/// <param name="Client">The caller.</param>
public readonly record struct PingRequest(Uuid Client)
    : IRpcRequest<PingRequest, Expected<PingResponse>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.Ping;

    /// <inheritdoc/>
    public static int MinimumBytes => 16;

    /// <inheritdoc/>
    public static PingRequest Read(ref StructPackReader reader) => new(reader.ReadUuid());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct => sink.WriteUuid(Client);
}

/// <summary>A client asks for replication tasks; once a second.</summary>
/// <param name="Client">The caller.</param>
/// <param name="BatchSize">Most tasks to hand out.</param>
public readonly record struct FetchTasksRequest(Uuid Client, ulong BatchSize)
    : IRpcRequest<FetchTasksRequest, Expected<WireList<TaskAssignment>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.FetchTasks;

    /// <inheritdoc/>
    public static int MinimumBytes => 24;

    /// <inheritdoc/>
    public static FetchTasksRequest Read(ref StructPackReader reader) => new(reader.ReadUuid(), reader.ReadUInt64());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        sink.WriteUInt64(BatchSize);
    }
}
