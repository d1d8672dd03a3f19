namespace HotStandby.Mooncake.Generations;

/// <summary>
/// The functions of a Mooncake master, under Mooncake's own names. The numbers are local to this process and never travel.
/// </summary>
public enum Rpc
{
#pragma warning disable CS1591 // Mooncake's names, which its documents explain
    ServiceReady, GetFsdir, GetStorageConfig, Ping, ExistKey, BatchExistKey, BatchQueryIp, BatchReplicaClear, GetReplicaListByRegex,
    GetReplicaList, BatchGetReplicaList, PutStart, PutEnd, PutRevoke, BatchPutStart, BatchPutEnd, BatchPutRevoke, UpsertStart,
    UpsertEnd, UpsertRevoke, BatchUpsertStart, BatchUpsertEnd, BatchUpsertRevoke, Remove, RemoveByRegex, RemoveAll, BatchRemove,
    MountSegment, MountNoFSegment, ReMountSegment, ReMountNoFSegment, UnmountSegment, GracefulUnmountSegment, UnmountNoFSegment,
    GetAllNoFSegments, GetNoFSegmentsByName, QuerySegmentStatus, QuerySegmentStatusById, MountLocalDiskSegment,
    UnmountLocalDiskSegment, OffloadObjectHeartbeat, ReportSsdCapacity, NotifyOffloadSuccess, PromotionObjectHeartbeat,
    PromotionAllocStart, NotifyPromotionSuccess, NotifyPromotionFailure, CopyStart, DynamicReplicaCopyStart, CopyEnd,
    DynamicReplicaCopyEnd, CopyRevoke, DynamicReplicaCopyRevoke, MoveStart, MoveEnd, MoveRevoke, EvictDiskReplica,
    BatchEvictDiskReplica, PollRemoveAll, CreateCopyTask, CreateMoveTask, QueryTask, FetchTasks, MarkTaskToComplete,
#pragma warning restore CS1591
}
