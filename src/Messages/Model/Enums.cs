namespace HotStandby.Messages.Model;

/// <summary>Kind of a replica, and selector of PutEnd and PutRevoke. Wire values of Mooncake.</summary>
public enum ReplicaType
{
    /// <summary>In a mounted memory segment.</summary>
    Memory = 0,
    /// <summary>On the shared file system (not offered).</summary>
    Disk = 1,
    /// <summary>On a client's disk (not offered).</summary>
    LocalDisk = 2,
    /// <summary>NVMe over fabrics (not offered).</summary>
    NofSsd = 3,
    /// <summary>Selector only: memory, NoF and DFS.</summary>
    All = 4,
    /// <summary>Distributed file system (not offered).</summary>
    Dfs = 100,
}

/// <summary>State of one replica. Wire values of Mooncake.</summary>
public enum ReplicaStatus
{
    /// <summary>Never used.</summary>
    Undefined = 0,
    /// <summary>Never used here.</summary>
    Initialized = 1,
    /// <summary>Being written.</summary>
    Processing = 2,
    /// <summary>Readable.</summary>
    Complete = 3,
    /// <summary>Gone.</summary>
    Removed = 4,
    /// <summary>Failed.</summary>
    Failed = 5,
}

/// <summary>State of a mounted segment. Wire values of Mooncake.</summary>
public enum SegmentStatus
{
    /// <summary>Unknown.</summary>
    Undefined = 0,
    /// <summary>Allocatable and readable.</summary>
    Ok = 1,
    /// <summary>Being drained: readable only.</summary>
    Draining = 2,
    /// <summary>Drained.</summary>
    Drained = 3,
    /// <summary>Will be unmounted after a grace period: readable only.</summary>
    GracefullyUnmounting = 4,
    /// <summary>Neither allocatable nor readable; its objects are being dropped.</summary>
    Unmounting = 5,
}

/// <summary>What Ping answers. Wire values of Mooncake.</summary>
public enum ClientStatus
{
    /// <summary>Never used.</summary>
    Undefined = 0,
    /// <summary>Known and alive.</summary>
    Ok = 1,
    /// <summary>The client shall send ReMountSegment with all its segments.</summary>
    NeedRemount = 2,
}

/// <summary>What a write does to the object's soft pin. Wire values of Mooncake.</summary>
public enum SoftPinAction : byte
{
    /// <summary>Leave it.</summary>
    Preserve = 0,
    /// <summary>Pin.</summary>
    Enable = 1,
    /// <summary>Unpin.</summary>
    Disable = 2,
}
