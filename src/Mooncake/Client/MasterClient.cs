// The calls of a master by name, over one connection. Every method throws what MasterConnection.CallAsync throws; Mooncake's
// own errors are in the result.
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Client;

/// <summary>A client of one master. Thread-safe; does not own the connection.</summary>
/// <param name="connection">Where the calls go.</param>
public sealed class MasterClient(MasterConnection connection)
{
    /// <summary>Is this a master that serves, and of which protocol version? Clients demand exactly theirs.</summary>
    public ValueTask<Expected<ByteString>> ServiceReadyAsync(CancellationToken cancellation = default) =>
        connection.CallAsync<ServiceReadyRequest, Expected<ByteString>>(default, cancellation);

    /// <summary>The directory of the disk tier; empty when there is none.</summary>
    public ValueTask<Expected<ByteString>> GetFsdirAsync(CancellationToken cancellation = default) =>
        connection.CallAsync<GetFsdirRequest, Expected<ByteString>>(default, cancellation);

    /// <summary>What the disk tier offers.</summary>
    public ValueTask<Expected<StorageConfig>> GetStorageConfigAsync(CancellationToken cancellation = default) =>
        connection.CallAsync<GetStorageConfigRequest, Expected<StorageConfig>>(default, cancellation);

    /// <summary>A client that owns segments is alive; once a second.</summary>
    public ValueTask<Expected<PingResponse>> PingAsync(PingRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<PingRequest, Expected<PingResponse>>(request, cancellation);

    /// <summary>A client asks for replication tasks; once a second.</summary>
    public ValueTask<Expected<WireList<TaskAssignment>>> FetchTasksAsync(FetchTasksRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<FetchTasksRequest, Expected<WireList<TaskAssignment>>>(request, cancellation);

    /// <summary>A client offers memory.</summary>
    public ValueTask<Expected<Nothing>> MountSegmentAsync(MountSegmentRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<MountSegmentRequest, Expected<Nothing>>(request, cancellation);

    /// <summary>A client that was told so repeats everything it offers.</summary>
    public ValueTask<Expected<Nothing>> ReMountSegmentAsync(ReMountSegmentRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<ReMountSegmentRequest, Expected<Nothing>>(request, cancellation);

    /// <summary>A client takes memory back.</summary>
    public ValueTask<Expected<Nothing>> UnmountSegmentAsync(UnmountSegmentRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<UnmountSegmentRequest, Expected<Nothing>>(request, cancellation);

    /// <summary>Is there a readable replica?</summary>
    public ValueTask<Expected<WireBool>> ExistKeyAsync(ExistKeyRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<ExistKeyRequest, Expected<WireBool>>(request, cancellation);

    /// <summary>ExistKey of many.</summary>
    public ValueTask<WireList<Expected<WireBool>>> BatchExistKeyAsync(BatchExistKeyRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchExistKeyRequest, WireList<Expected<WireBool>>>(request, cancellation);

    /// <summary>Where can it be read, and for how long?</summary>
    public ValueTask<Expected<ReplicaListResponse>> GetReplicaListAsync(GetReplicaListRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<GetReplicaListRequest, Expected<ReplicaListResponse>>(request, cancellation);

    /// <summary>GetReplicaList of many.</summary>
    public ValueTask<WireList<Expected<ReplicaListResponse>>> BatchGetReplicaListAsync(
        BatchGetReplicaListRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchGetReplicaListRequest, WireList<Expected<ReplicaListResponse>>>(request, cancellation);

    /// <summary>Allocates buffers for an object.</summary>
    public ValueTask<Expected<WireList<WireReplica>>> PutStartAsync(PutStartRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<PutStartRequest, Expected<WireList<WireReplica>>>(request, cancellation);

    /// <summary>The bytes are written.</summary>
    public ValueTask<Expected<Nothing>> PutEndAsync(PutEndRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<PutEndRequest, Expected<Nothing>>(request, cancellation);

    /// <summary>The write is given up.</summary>
    public ValueTask<Expected<Nothing>> PutRevokeAsync(PutRevokeRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<PutRevokeRequest, Expected<Nothing>>(request, cancellation);

    /// <summary>PutStart of many.</summary>
    public ValueTask<WireList<Expected<WireList<WireReplica>>>> BatchPutStartAsync(
        BatchPutStartRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchPutStartRequest, WireList<Expected<WireList<WireReplica>>>>(request, cancellation);

    /// <summary>PutEnd of many.</summary>
    public ValueTask<WireList<Expected<Nothing>>> BatchPutEndAsync(BatchPutEndRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchPutEndRequest, WireList<Expected<Nothing>>>(request, cancellation);

    /// <summary>PutRevoke of many.</summary>
    public ValueTask<WireList<Expected<Nothing>>> BatchPutRevokeAsync(BatchPutRevokeRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchPutRevokeRequest, WireList<Expected<Nothing>>>(request, cancellation);

    /// <summary>Removes an object.</summary>
    public ValueTask<Expected<Nothing>> RemoveAsync(RemoveRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<RemoveRequest, Expected<Nothing>>(request, cancellation);

    /// <summary>Remove of many.</summary>
    public ValueTask<WireList<Expected<Nothing>>> BatchRemoveAsync(BatchRemoveRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchRemoveRequest, WireList<Expected<Nothing>>>(request, cancellation);
}
