// The calls of a master by name, over one connection. Every method throws what MasterConnection.CallAsync throws; Mooncake's
// own errors are in the result.
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;
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
    public ValueTask<Expected<WireList<TaskAssignment>>> FetchTasksAsync(
        FetchTasksRequest request, CancellationToken cancellation = default) =>
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
    public ValueTask<WireList<Expected<WireBool>>> BatchExistKeyAsync(
        BatchExistKeyRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchExistKeyRequest, WireList<Expected<WireBool>>>(request, cancellation);

    /// <summary>Where can it be read, and for how long?</summary>
    public ValueTask<Expected<ReplicaListResponse>> GetReplicaListAsync(
        GetReplicaListRequest request, CancellationToken cancellation = default) =>
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
    public ValueTask<WireList<Expected<Nothing>>> BatchPutRevokeAsync(
        BatchPutRevokeRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchPutRevokeRequest, WireList<Expected<Nothing>>>(request, cancellation);

    /// <summary>Removes an object.</summary>
    public ValueTask<Expected<Nothing>> RemoveAsync(RemoveRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<RemoveRequest, Expected<Nothing>>(request, cancellation);

    /// <summary>Remove of many.</summary>
    public ValueTask<WireList<Expected<Nothing>>> BatchRemoveAsync(BatchRemoveRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchRemoveRequest, WireList<Expected<Nothing>>>(request, cancellation);

    /// <summary>Drops the caller's replicas on one segment, or its whole objects.</summary>
    public ValueTask<Expected<WireList<ByteString>>> BatchReplicaClearAsync(
        ReplicaClearRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<ReplicaClearRequest, Expected<WireList<ByteString>>>(request, cancellation);

    /// <summary>Where can the objects whose key matches be read? The pattern is given as the key.</summary>
    public ValueTask<Expected<WireList<WirePair<ByteString, WireList<WireReplica>>>>> GetReplicaListByRegexAsync(
        ExistKeyRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<ExistKeyRequest, Expected<WireList<WirePair<ByteString, WireList<WireReplica>>>>>(
            Rpc.GetReplicaListByRegex, request, cancellation);

    /// <summary>Removes the objects whose key matches. The pattern is given as the key.</summary>
    public ValueTask<Expected<WireInt64>> RemoveByRegexAsync(RemoveRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<RemoveRequest, Expected<WireInt64>>(Rpc.RemoveByRegex, request, cancellation);

    /// <summary>Removes every object of a tenant; a negative number is an error.</summary>
    public ValueTask<WireInt64> RemoveAllAsync(RemoveAllRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<RemoveAllRequest, WireInt64>(request, cancellation);

    /// <summary>PutStart that may overwrite.</summary>
    public ValueTask<Expected<WireList<WireReplica>>> UpsertStartAsync(
        PutStartRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<PutStartRequest, Expected<WireList<WireReplica>>>(Rpc.UpsertStart, request, cancellation);

    /// <summary>The bytes are written.</summary>
    public ValueTask<Expected<Nothing>> UpsertEndAsync(PutEndRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<PutEndRequest, Expected<Nothing>>(Rpc.UpsertEnd, request, cancellation);

    /// <summary>The write is given up, and with it what was overwritten.</summary>
    public ValueTask<Expected<Nothing>> UpsertRevokeAsync(PutRevokeRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<PutRevokeRequest, Expected<Nothing>>(Rpc.UpsertRevoke, request, cancellation);

    /// <summary>UpsertStart of many.</summary>
    public ValueTask<WireList<Expected<WireList<WireReplica>>>> BatchUpsertStartAsync(
        BatchPutStartRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchPutStartRequest, WireList<Expected<WireList<WireReplica>>>>(Rpc.BatchUpsertStart, request, cancellation);

    /// <summary>UpsertEnd of many.</summary>
    public ValueTask<WireList<Expected<Nothing>>> BatchUpsertEndAsync(
        BatchUpsertEndRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchUpsertEndRequest, WireList<Expected<Nothing>>>(request, cancellation);

    /// <summary>UpsertRevoke of many.</summary>
    public ValueTask<WireList<Expected<Nothing>>> BatchUpsertRevokeAsync(
        BatchUpsertRevokeRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<BatchUpsertRevokeRequest, WireList<Expected<Nothing>>>(request, cancellation);

    /// <summary>Allocates buffers for further replicas.</summary>
    public ValueTask<Expected<CopyStartResponse>> CopyStartAsync(CopyStartRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<CopyStartRequest, Expected<CopyStartResponse>>(request, cancellation);

    /// <summary>The copy is complete.</summary>
    public ValueTask<Expected<Nothing>> CopyEndAsync(TransferRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<TransferRequest, Expected<Nothing>>(Rpc.CopyEnd, request, cancellation);

    /// <summary>The copy is given up.</summary>
    public ValueTask<Expected<Nothing>> CopyRevokeAsync(TransferRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<TransferRequest, Expected<Nothing>>(Rpc.CopyRevoke, request, cancellation);

    /// <summary>Allocates a buffer for a replica that replaces another.</summary>
    public ValueTask<Expected<MoveStartResponse>> MoveStartAsync(MoveStartRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<MoveStartRequest, Expected<MoveStartResponse>>(request, cancellation);

    /// <summary>The move is complete.</summary>
    public ValueTask<Expected<Nothing>> MoveEndAsync(TransferRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<TransferRequest, Expected<Nothing>>(Rpc.MoveEnd, request, cancellation);

    /// <summary>The move is given up.</summary>
    public ValueTask<Expected<Nothing>> MoveRevokeAsync(TransferRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<TransferRequest, Expected<Nothing>>(Rpc.MoveRevoke, request, cancellation);

    /// <summary>Wants further replicas; answers the task's id.</summary>
    public ValueTask<Expected<WireUuid>> CreateCopyTaskAsync(CreateCopyTaskRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<CreateCopyTaskRequest, Expected<WireUuid>>(request, cancellation);

    /// <summary>Wants a replica on another segment; answers the task's id.</summary>
    public ValueTask<Expected<WireUuid>> CreateMoveTaskAsync(CreateMoveTaskRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<CreateMoveTaskRequest, Expected<WireUuid>>(request, cancellation);

    /// <summary>How far is a task?</summary>
    public ValueTask<Expected<TaskReport>> QueryTaskAsync(WireUuid request, CancellationToken cancellation = default) =>
        connection.CallAsync<WireUuid, Expected<TaskReport>>(Rpc.QueryTask, request, cancellation);

    /// <summary>A client has ended a task.</summary>
    public ValueTask<Expected<Nothing>> MarkTaskToCompleteAsync(CompleteTaskRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<CompleteTaskRequest, Expected<Nothing>>(request, cancellation);

    /// <summary>A client takes memory back, but not at once.</summary>
    public ValueTask<Expected<Nothing>> GracefulUnmountSegmentAsync(
        GracefulUnmountSegmentRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<GracefulUnmountSegmentRequest, Expected<Nothing>>(request, cancellation);

    /// <summary>In which state is the segment that was mounted last under this name?</summary>
    public ValueTask<Expected<WireInt32>> QuerySegmentStatusAsync(ByteString request, CancellationToken cancellation = default) =>
        connection.CallAsync<ByteString, Expected<WireInt32>>(Rpc.QuerySegmentStatus, request, cancellation);

    /// <summary>In which state is a segment?</summary>
    public ValueTask<Expected<WireInt32>> QuerySegmentStatusByIdAsync(WireUuid request, CancellationToken cancellation = default) =>
        connection.CallAsync<WireUuid, Expected<WireInt32>>(Rpc.QuerySegmentStatusById, request, cancellation);

    /// <summary>On which hosts are the segments of these clients?</summary>
    public ValueTask<Expected<WireList<WirePair<WireUuid, WireList<ByteString>>>>> BatchQueryIpAsync(
        QueryIpRequest request, CancellationToken cancellation = default) =>
        connection.CallAsync<QueryIpRequest, Expected<WireList<WirePair<WireUuid, WireList<ByteString>>>>>(request, cancellation);
}
