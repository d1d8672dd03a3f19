// Bugs that are planted to see whether the simulation would find them. Each is one that somebody could write, and that a review
// could overlook. Only tests plant them; docs/testing.md says what catches which.
namespace HotStandby.Tests.Doubles;

/// <summary>One mistake, made by every node of a run.</summary>
public enum PlantedBug
{
    /// <summary>The product as it is.</summary>
    None,
    /// <summary>A journal write counts as done when it is asked for.</summary>
    AcknowledgeBeforePersist,
    /// <summary>A Standby stores what a deposed Primary sends, and acknowledges it.</summary>
    IgnoreEpochOnAppend,
    /// <summary>A node's own copy counts as two, in a seal, a commit and a lease.</summary>
    CountSelfTwice,
    /// <summary>The lease runs from when an acknowledgement arrives instead of from when the batch was sent.</summary>
    RenewLeaseFromReceiveTime,
    /// <summary>The lease is as long as the grants: nothing is left for clocks of different rates.</summary>
    KeepNoDriftMargin,
    /// <summary>A voter helps another candidate although its grant to the Primary still runs.</summary>
    IgnoreGrant,
    /// <summary>A candidate leads with the log that it has, though a voter has a better one.</summary>
    SkipTailFetch,
    /// <summary>A start cuts off whatever it does not know to be committed, though it was acknowledged.</summary>
    CutCommittedSuffix,
    /// <summary>A Standby applies an entry as soon as it stores it.</summary>
    ApplyBeforeCommit,
    /// <summary>A promise is not written to the journal: a node that starts again may give it again.</summary>
    ReuseEpoch,
    /// <summary>A majority that stores an entry of an older epoch commits it, before one of the new epoch stands above it.</summary>
    CommitOlderEpochs,
    /// <summary>A heartbeat is acknowledged with the end of the log, whether or not that is the Primary's log.</summary>
    AcknowledgeEndOfLog,
    /// <summary>A node with an empty disk takes itself for its old memory, and votes at once.</summary>
    VoteWithoutDisk,
    /// <summary>Whatever a start cannot read is taken for the torn end of the log, and cut off.</summary>
    TakeDamageForTornTail,
    /// <summary>A full sync brings state that is not committed.</summary>
    ShipUncommittedState,
    /// <summary>A full sync does not save an image where the store has one of the same seq.</summary>
    KeepImageOfEqualSeq,
    /// <summary>What is restored after a full sync is the newest image in the store, whether or not the sync has brought it.</summary>
    RestoreNewerThanSynced,
    /// <summary>A buffer is handed out again as soon as its object is removed, before that is committed.</summary>
    ReuseFreedSpaceBeforeCommit,
    /// <summary>A write is answered when it is decided, before it is committed.</summary>
    AnswerBeforeCommit,
    /// <summary>Readers are told of longer leases than they have.</summary>
    EndLeasesEarly,
    /// <summary>A new Primary takes the leases that it does not know of for over.</summary>
    ForgetLeasesAtFailover,
    /// <summary>The buffers of a put that nobody finishes are free before its writer has given up.</summary>
    FreeAbandonedPutsEarly,
    /// <summary>
    /// A client that starts again is given the memory that others may still write into, since its earlier life was told them.
    /// </summary>
    ForgetStrayWrites,
    /// <summary>A Primary that is to hand over releases its grants at once, and leads until everything is committed.</summary>
    ReleaseWhileLeading,
    /// <summary>A Primary answers clients until it is told that it is deposed.</summary>
    ServeWithoutLease,
    /// <summary>A Primary says that it serves as soon as it leads, before its first entry is committed.</summary>
    ClaimServiceEarly,
    /// <summary>Any life with a voter's name counts, if it says that it may vote.</summary>
    CountAnyLife,
    /// <summary>The life that is welcomed counts, and the one before it still does.</summary>
    WelcomeWithoutRevoking,
    /// <summary>Names are compared and births are not: a node of another cluster is heard.</summary>
    IgnoreBirth,
    /// <summary>A majority of empty voters founds a cluster.</summary>
    FoundByMajority,
    /// <summary>A Primary's image is handed out before what it holds is committed.</summary>
    HandOutUncommittedImages,
    /// <summary>An image says that it stands for less than it holds.</summary>
    UnderstateImages,
    /// <summary>A reply whose outcome is not known, since its reign is over, is given all the same.</summary>
    AnswerAbandonedCalls,
    /// <summary>A partition that has applied what was never committed is not restored.</summary>
    KeepDirtyPartitions,
    /// <summary>The allocators of a reign are built before the shards have said what is in use.</summary>
    RebuildFromNothing,
    /// <summary>A Standby's shard reports its buffers, but misses one that was taken since the report before.</summary>
    MissTakenBuffers,
    /// <summary>A partition without an image keeps what it holds instead of beginning empty.</summary>
    RestoreWithoutReset,
    /// <summary>A shard gives the buffers of its last release back once more.</summary>
    ReleaseBuffersTwice,
    /// <summary>A batch's entries for one shard are taken for applied without having been given to it.</summary>
    ForgetShardInFeed,
    /// <summary>The log is truncated up to what is committed, whatever the checkpoints cover.</summary>
    TruncateWithoutImages,
    /// <summary>A writer is told its buffers when they are in the Primary's own journal.</summary>
    AnswerWhenDurable,
    /// <summary>A marker is compared with what a shard holds at the end of the batch, not with what it held at the marker.</summary>
    CompareMarkerLate,
    /// <summary>A scan does not take the keys of the last shard.</summary>
    SkipShardInScan,
}
