namespace HotStandby.Messages;

/// <summary>
/// Mooncake's error codes, as they travel in results (signed 32 bit). Only those that this master can answer or its client can meet.
/// </summary>
public enum ErrorCode
{
    /// <summary>Success.</summary>
    Ok = 0,
    /// <summary>A bug, or an internal queue is full.</summary>
    InternalError = -1,
    /// <summary>Unknown segment.</summary>
    SegmentNotFound = -101,
    /// <summary>A client that is not registered.</summary>
    ClientNotFound = -103,
    /// <summary>Nothing to allocate from.</summary>
    NoAvailableHandle = -200,
    /// <summary>Argument validation.</summary>
    InvalidParams = -600,
    /// <summary>The caller is not the writer.</summary>
    IllegalClient = -601,
    /// <summary>End or Revoke on something that is not being written.</summary>
    InvalidWrite = -700,
    /// <summary>The object exists, but nothing of it can be read yet; or it is incomplete and cannot be removed.</summary>
    ReplicaIsNotReady = -703,
    /// <summary>No such object.</summary>
    ObjectNotFound = -704,
    /// <summary>The object exists already, or is being written.</summary>
    ObjectAlreadyExists = -705,
    /// <summary>Remove refused: a reader holds a lease.</summary>
    ObjectHasLease = -706,
    /// <summary>A copy or move of the object is running.</summary>
    ObjectHasReplicationTask = -708,
    /// <summary>No copy or move of the object is running.</summary>
    ObjectNoReplicationTask = -709,
    /// <summary>The source holds no complete replica.</summary>
    ReplicaNotFound = -710,
    /// <summary>The source or a target of a copy or move has disappeared.</summary>
    ReplicaIsGone = -712,
    /// <summary>The transport failed: the outcome is unknown.</summary>
    RpcFail = -900,
    /// <summary>No answer in time: the outcome is unknown.</summary>
    RpcTimeout = -901,
    /// <summary>The thing exists, but its status forbids this now; or the node has no lease.</summary>
    UnavailableInCurrentStatus = -1010,
    /// <summary>This node does not serve.</summary>
    UnavailableInCurrentMode = -1011,
    /// <summary>Not offered.</summary>
    NotSupported = -1012,
    /// <summary>No such task.</summary>
    TaskNotFound = -1400,
    /// <summary>Too many tasks are waiting.</summary>
    TaskPendingLimitExceeded = -1401,
    /// <summary>No such drain job.</summary>
    JobNotFound = -1402,
    /// <summary>There is no distributed file system to put a replica on.</summary>
    DfsServiceUnavailable = -1601,
    /// <summary>A write of a tenant that cannot be.</summary>
    TenantNotRegistered = -1701,
}
