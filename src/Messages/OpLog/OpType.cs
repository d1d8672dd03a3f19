namespace HotStandby.Messages.OpLog;

/// <summary>What an entry does. The numbers are in journals: never change or reuse one.</summary>
public enum OpType : byte
{
    /// <summary>Not an operation.</summary>
    None = 0,
    /// <summary>Shard: an object appears with buffers that its writer may fill.</summary>
    PutStart = 1,
    /// <summary>Shard: the selected replicas become readable.</summary>
    PutEnd = 2,
    /// <summary>Shard: the writer gives up the selected replicas; their buffers are free.</summary>
    PutRevoke = 3,
    /// <summary>Shard: the object is gone; its buffers are free.</summary>
    Remove = 4,
    /// <summary>Segment table: a segment appears.</summary>
    MountSegment = 5,
    /// <summary>Segment table: a segment is neither allocatable nor readable any more; its objects are being dropped.</summary>
    UnmountSegment = 6,
    /// <summary>Shard: the object's memory replicas are evicted.</summary>
    Eviction = 7,
    /// <summary>Segment table (no effect on it): the first entry of a Primary's reign.</summary>
    EpochStart = 8,
    /// <summary>Shard: an abandoned put; its buffers stay allocated ("parked"), since the old writer may still write.</summary>
    PutDiscard = 9,
    /// <summary>Shard: the parked buffers of one discarded put are free.</summary>
    ReleaseParked = 10,
    /// <summary>Shard: every replica on one unmounted segment is dropped, and objects with none left.</summary>
    SegmentDropped = 11,
    /// <summary>Segment table: an unmounted segment is forgotten, after every shard has dropped it.</summary>
    SegmentErased = 12,
    /// <summary>Segment table: a silent client is dead; its segments are unmounted.</summary>
    ClientExpired = 13,
    /// <summary>Any partition (no effect): carries the Primary's digest at this seq for the Standbys to compare.</summary>
    VerificationMarker = 14,
    /// <summary>
    /// Segment table (no effect on it): a voter that lost its journal takes part again. Key: its name (UTF-8); payload: its
    /// incarnation (u64, little-endian). Committed without its vote, it makes that life of it a voter.
    /// </summary>
    VoterReturned = 15,
}
