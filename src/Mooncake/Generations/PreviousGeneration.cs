// What is different in the generation before the newest (v0.3.12 and v0.3.12.post1), as data: RpcTable reads it on top of
// NewestGeneration. PollRemoveAll came with v0.3.12.post1; a client of v0.3.12 does not know it and does not call it.
namespace HotStandby.Mooncake.Generations;

/// <summary>The changes that make the previous generation out of the newest.</summary>
internal static class PreviousGeneration
{
    public const string Changes =
        """
        struct ReplicaDescriptor { id: u64, descriptor: variant<MemoryDescriptor, NoFDescriptor, DiskDescriptor, LocalDiskDescriptor>,
            status: i32 }
        struct GetReplicaListResponse { replicas: list<ReplicaDescriptor>, lease_ttl_ms: u64 }
        struct ReplicateConfig { replica_num: u64, nof_replica_num: u64, with_soft_pin: bool, with_hard_pin: bool,
            preferred_segments: list<string>, preferred_segment: string, preferred_nof_segments: list<string>,
            prefer_alloc_in_same_node: bool, data_type: u8, host_id: string, group_ids: optional<list<string>> }

        rpc PutEnd(client_id: UUID, key: string, replica_type: ReplicaType, tenant_id: string) -> expected<void>
        rpc BatchPutEnd(client_id: UUID, keys: list<string>, replica_type: ReplicaType, tenant_id: string) -> list<expected<void>>
        rpc UpsertEnd(client_id: UUID, key: string, replica_type: ReplicaType, tenant_id: string) -> expected<void>
        rpc BatchUpsertEnd(client_id: UUID, keys: list<string>, tenant_id: string) -> list<expected<void>>

        without UnmountLocalDiskSegment
        without DynamicReplicaCopyStart
        without DynamicReplicaCopyEnd
        without DynamicReplicaCopyRevoke
        """;
}
