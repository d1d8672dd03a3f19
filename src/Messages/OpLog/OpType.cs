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
    /// <summary>
    /// Segment table (no effect on it): the first entry of a Primary's reign. Payload: <see cref="VoterRoll"/>, which memory votes under
    /// which name from here on; empty in logs of earlier versions.
    /// </summary>
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
    /// Segment table (no effect on it): another life votes under a name. Key: the name (UTF-8); payload:
    /// <see cref="VoterReturnedPayload"/>. It takes the vote of the life before it at once, and gives it to the new one when it is
    /// committed without either.
    /// </summary>
    VoterReturned = 15,
    /// <summary>Shard: the object keeps its buffers and is being written again.</summary>
    UpsertReuse = 16,
    /// <summary>Shard: the object's soft pin is over.</summary>
    SoftPinEnded = 17,
    /// <summary>Shard: a copy or move begins; its target replicas are being written.</summary>
    TransferStart = 18,
    /// <summary>Shard: a copy or move ends; its targets are readable, a move's source is gone.</summary>
    TransferEnd = 19,
    /// <summary>Shard: a copy or move is given up; its targets are gone.</summary>
    TransferRevoke = 20,
    /// <summary>Shard: the object's replicas on one segment are gone.</summary>
    ReplicaCleared = 21,
    /// <summary>Segment table: a segment is draining, drained, gracefully unmounting, or allocatable again.</summary>
    SegmentStatus = 30,
    /// <summary>Segment table: a client is silent; nothing is allocated on its segments, and they stay readable.</summary>
    ClientSuspected = 31,
    /// <summary>Segment table: a suspected client came back.</summary>
    ClientRestored = 32,
    /// <summary>Segment table: a client is dead, since another one has mounted at its endpoint; its segments are unmounted.</summary>
    ClientReplaced = 33,
    /// <summary>Segment table: clients may still write into these ranges of a segment that is being dropped.</summary>
    StrayWrites = 34,
    /// <summary>Segment table: they had their time.</summary>
    StrayWritesOver = 35,
    /// <summary>Segment table: a copy or move waits for a client.</summary>
    TaskCreated = 40,
    /// <summary>Segment table: its client took it.</summary>
    TaskFetched = 41,
    /// <summary>Segment table: it ended, well or not.</summary>
    TaskEnded = 42,
    /// <summary>Segment table: nothing is known of it any more.</summary>
    TaskForgotten = 43,
    /// <summary>Segment table: a drain job.</summary>
    JobCreated = 44,
    /// <summary>Segment table: another status of a drain job.</summary>
    JobChanged = 45,
    /// <summary>Segment table: nothing is known of it any more.</summary>
    JobForgotten = 46,
    /// <summary>
    /// Segment table (no effect on it): one voter more or less. Key: its name (UTF-8); payload: <see cref="VoterRoll"/>, the list of voters
    /// from here on. In force as soon as it is in a log.
    /// </summary>
    VotersChanged = 50,
}
