// The newest generation of Mooncake's master protocol, as data: the types that travel and the functions a master registers.
// RpcTable derives ids, literals and hashes from it at start-up. Another generation is a text of what is different there.
namespace HotStandby.Mooncake.Generations;

/// <summary>
/// Type and function definitions of the newest generation: the first with checksums and replicas in a distributed file system.
/// </summary>
/// <remarks>
/// Members and parameters stand in wire order. Only their types are part of a type's identity; the names are for readers.
/// <c>copied</c> marks a struct that the peers copy as it lies in memory, which adds its alignment to its identity.
/// </remarks>
internal static class NewestGeneration
{
    public const string Definitions =
        """
        enum ReplicaType : i32
        copied UUID { first: u64, second: u64 }
        struct ObjectMeta { key: string, object_checksum: optional<u64> }
        struct PingResponse { view_version_id: i64, client_status: i32 }
        struct BufferDescriptor { size: u64, buffer_address: u64, protocol: string, transport_endpoint: string }
        struct MemoryDescriptor { buffer_descriptor: BufferDescriptor }
        struct NoFDescriptor { buffer_descriptor: BufferDescriptor }
        struct DiskDescriptor { file_path: string, object_size: u64 }
        struct LocalDiskDescriptor { client_id: UUID, object_size: u64, transport_endpoint: string }
        struct DistributedFSDescriptor { file_path: string, offset: u64, object_size: u64, aligned_size: u64, shard_idx: i32 }
        struct ReplicaDescriptor { id: u64, descriptor: variant<MemoryDescriptor, NoFDescriptor, DiskDescriptor, LocalDiskDescriptor,
            DistributedFSDescriptor>, status: i32 }
        struct GetReplicaListResponse { replicas: list<ReplicaDescriptor>, lease_ttl_ms: u64, object_checksum: optional<u64> }
        struct GetStorageConfigResponse { fsdir: string, enable_disk_eviction: bool, quota_bytes: u64 }
        struct ReplicateConfig { replica_num: u64, nof_replica_num: u64, dfs_replica_num: u64, soft_pin_action: u8,
            soft_pin_ttl_ms: optional<u64>, with_hard_pin: bool, preferred_segments: list<string>, preferred_segment: string,
            preferred_nof_segments: list<string>, prefer_alloc_in_same_node: bool, data_type: u8, host_id: string,
            group_ids: optional<list<string>> }
        struct Segment { id: UUID, name: string, base: u64, size: u64, te_endpoint: string, protocol: string, host_id: string }
        struct NoFSegment { id: UUID, name: string, base: u64, size: u64, te_endpoint: string }
        struct NoFSegmentOwnerInfo { segment_id: UUID, client_id: UUID }
        struct OffloadTaskItem { tenant_id: string, key: string, size: i64 }
        struct StorageObjectMetadata { bucket_id: i64, offset: i64, key_size: i64, data_size: i64, transport_endpoint: string }
        struct TaskAssignment { id: UUID, type: i32, payload: string, created_at_ms_epoch: i64, max_retry_attempts: u32 }
        struct TaskCompleteRequest { id: UUID, status: i32, message: string }
        struct QueryTaskResponse { id: UUID, type: i32, status: i32, created_at_ms_epoch: i64, last_updated_at_ms_epoch: i64,
            assigned_client: UUID, message: string }
        struct CopyStartResponse { source: ReplicaDescriptor, targets: list<ReplicaDescriptor> }
        struct MoveStartResponse { source: ReplicaDescriptor, target: optional<ReplicaDescriptor> }
        struct PromotionAllocStartResponse { memory_descriptor: ReplicaDescriptor }

        rpc ServiceReady() -> expected<string>
        rpc GetFsdir() -> expected<string>
        rpc GetStorageConfig() -> expected<GetStorageConfigResponse>
        rpc Ping(client_id: UUID) -> expected<PingResponse>
        rpc ExistKey(key: string, tenant_id: string) -> expected<bool>
        rpc BatchExistKey(keys: list<string>, tenant_id: string) -> list<expected<bool>>
        rpc BatchQueryIp(client_ids: list<UUID>) -> expected<map<UUID, list<string>>>
        rpc BatchReplicaClear(keys: list<string>, client_id: UUID, segment_name: string) -> expected<list<string>>
        rpc GetReplicaListByRegex(regex: string, tenant_id: string) -> expected<map<string, list<ReplicaDescriptor>>>
        rpc GetReplicaList(key: string, tenant_id: string) -> expected<GetReplicaListResponse>
        rpc BatchGetReplicaList(keys: list<string>, tenant_id: string) -> list<expected<GetReplicaListResponse>>
        rpc PutStart(client_id: UUID, key: string, slice_length: u64, config: ReplicateConfig,
            tenant_id: string) -> expected<list<ReplicaDescriptor>>
        rpc PutEnd(client_id: UUID, object_meta: ObjectMeta, replica_type: ReplicaType, tenant_id: string) -> expected<void>
        rpc PutRevoke(client_id: UUID, key: string, replica_type: ReplicaType, tenant_id: string) -> expected<void>
        rpc BatchPutStart(client_id: UUID, keys: list<string>, slice_lengths: list<u64>, config: ReplicateConfig,
            tenant_id: string) -> list<expected<list<ReplicaDescriptor>>>
        rpc BatchPutEnd(client_id: UUID, object_metas: list<ObjectMeta>, replica_type: ReplicaType,
            tenant_id: string) -> list<expected<void>>
        rpc BatchPutRevoke(client_id: UUID, keys: list<string>, replica_type: ReplicaType, tenant_id: string) -> list<expected<void>>
        rpc UpsertStart(client_id: UUID, key: string, slice_length: u64, config: ReplicateConfig,
            tenant_id: string) -> expected<list<ReplicaDescriptor>>
        rpc UpsertEnd(client_id: UUID, object_meta: ObjectMeta, replica_type: ReplicaType, tenant_id: string) -> expected<void>
        rpc UpsertRevoke(client_id: UUID, key: string, replica_type: ReplicaType, tenant_id: string) -> expected<void>
        rpc BatchUpsertStart(client_id: UUID, keys: list<string>, slice_lengths: list<u64>, config: ReplicateConfig,
            tenant_id: string) -> list<expected<list<ReplicaDescriptor>>>
        rpc BatchUpsertEnd(client_id: UUID, object_metas: list<ObjectMeta>, tenant_id: string) -> list<expected<void>>
        rpc BatchUpsertRevoke(client_id: UUID, keys: list<string>, tenant_id: string) -> list<expected<void>>
        rpc Remove(key: string, force: bool, tenant_id: string) -> expected<void>
        rpc RemoveByRegex(regex: string, force: bool, tenant_id: string) -> expected<i64>
        rpc RemoveAll(force: bool, tenant_id: string) -> i64
        rpc BatchRemove(keys: list<string>, force: bool, tenant_id: string) -> list<expected<void>>
        rpc MountSegment(segment: Segment, client_id: UUID) -> expected<void>
        rpc MountNoFSegment(segment: NoFSegment, client_id: UUID) -> expected<void>
        rpc ReMountSegment(segments: list<Segment>, client_id: UUID) -> expected<void>
        rpc ReMountNoFSegment(segments: list<NoFSegment>, client_id: UUID) -> expected<void>
        rpc UnmountSegment(segment_id: UUID, client_id: UUID) -> expected<void>
        rpc GracefulUnmountSegment(segment_id: UUID, client_id: UUID, grace_period_ms: u64) -> expected<void>
        rpc UnmountNoFSegment(segment_id: UUID, client_id: UUID) -> expected<void>
        rpc GetAllNoFSegments() -> expected<list<NoFSegment>>
        rpc GetNoFSegmentsByName(segment_name: string) -> expected<list<NoFSegmentOwnerInfo>>
        rpc QuerySegmentStatus(segment_name: string) -> expected<i32>
        rpc QuerySegmentStatusById(segment_id: UUID) -> expected<i32>
        rpc MountLocalDiskSegment(client_id: UUID, enable_offloading: bool) -> expected<void>
        rpc UnmountLocalDiskSegment(client_id: UUID) -> expected<void>
        rpc OffloadObjectHeartbeat(client_id: UUID, enable_offloading: bool) -> expected<list<OffloadTaskItem>>
        rpc ReportSsdCapacity(client_id: UUID, ssd_total_capacity_bytes: i64) -> expected<void>
        rpc NotifyOffloadSuccess(client_id: UUID, tasks: list<OffloadTaskItem>, metadatas: list<StorageObjectMetadata>) -> expected<void>
        rpc PromotionObjectHeartbeat(client_id: UUID) -> expected<list<OffloadTaskItem>>
        rpc PromotionAllocStart(client_id: UUID, key: string, tenant_id: string, size: u64,
            preferred_segments: list<string>) -> expected<PromotionAllocStartResponse>
        rpc NotifyPromotionSuccess(client_id: UUID, key: string, tenant_id: string) -> expected<void>
        rpc NotifyPromotionFailure(client_id: UUID, key: string, tenant_id: string) -> expected<void>
        rpc CopyStart(client_id: UUID, key: string, tenant_id: string, src_segment: string,
            tgt_segments: list<string>) -> expected<CopyStartResponse>
        rpc DynamicReplicaCopyStart(client_id: UUID, key: string, tenant_id: string, src_segment: string, tgt_segments: list<string>,
            lease_id: UUID, version_epoch: u64) -> expected<CopyStartResponse>
        rpc CopyEnd(client_id: UUID, key: string, tenant_id: string) -> expected<void>
        rpc DynamicReplicaCopyEnd(client_id: UUID, key: string, tenant_id: string, lease_id: UUID, version_epoch: u64) -> expected<void>
        rpc CopyRevoke(client_id: UUID, key: string, tenant_id: string) -> expected<void>
        rpc DynamicReplicaCopyRevoke(client_id: UUID, key: string, tenant_id: string, lease_id: UUID, version_epoch: u64) -> expected<void>
        rpc MoveStart(client_id: UUID, key: string, tenant_id: string, src_segment: string,
            tgt_segment: string) -> expected<MoveStartResponse>
        rpc MoveEnd(client_id: UUID, key: string, tenant_id: string) -> expected<void>
        rpc MoveRevoke(client_id: UUID, key: string, tenant_id: string) -> expected<void>
        rpc EvictDiskReplica(client_id: UUID, key: string, tenant_id: string, replica_type: ReplicaType) -> expected<void>
        rpc BatchEvictDiskReplica(client_id: UUID, keys: list<string>, tenant_id: string, replica_type: ReplicaType) -> list<expected<void>>
        rpc PollRemoveAll(client_id: UUID) -> expected<bool>
        rpc CreateCopyTask(key: string, tenant_id: string, targets: list<string>) -> expected<UUID>
        rpc CreateMoveTask(key: string, tenant_id: string, source: string, target: string) -> expected<UUID>
        rpc QueryTask(task_id: UUID) -> expected<QueryTaskResponse>
        rpc FetchTasks(client_id: UUID, batch_size: u64) -> expected<list<TaskAssignment>>
        rpc MarkTaskToComplete(client_id: UUID, request: TaskCompleteRequest) -> expected<void>
        """;
}
