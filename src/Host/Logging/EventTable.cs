// The ids of what the actors log: their texts are the keys, so that an actor states a thing once. A test goes through the sources and
// fails for a text that has no id; docs/operations.md lists them. An id is never given to another event.
using System.Collections.Frozen;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Logging;

/// <summary>Ids and names of the actors' events.</summary>
internal static class EventTable
{
    /// <summary>By template.</summary>
    public static readonly FrozenDictionary<string, EventId> Ids = new Dictionary<string, EventId>
    {
        ["A peer at the {Door} port is refused, {Peer}: {Reason}"] = new(1003, nameof(HostEvents.PeerRefused)),

        // Membership
        ["Node {Node} founds the cluster: a majority of the voters is there, and none of them is in one"] = new(2101, "NodeFounds"),
        ["Node {Node} joins the cluster of {Address}"] = new(2102, "NodeJoins"),
        ["Node {Node} at {Address} cannot be in one cluster with this one: {Difference}"] = new(2103, "ShapeDiffers"),
        ["This node was quarantined by {Address}: it stops, to be started afresh"] = new(2104, "Quarantined"),
        ["{Node} ({Address}) is removed from the cluster: {Reason}"] = new(2105, "NodeDowned"),
        ["{Node} ({Address}) cannot be reached"] = new(2106, "NodeUnreachable"),
        ["{Node} ({Address}) is reached again"] = new(2107, "NodeReachable"),
        ["{Node} ({Address}) is in the cluster"] = new(2108, "NodeUp"),
        ["{Node} ({Address}) is no longer in the cluster"] = new(2109, "NodeGone"),

        ["Node {Node} at {Address} is of another cluster of this name: that one was born as {Birth:x16}, this one as {OwnBirth:x16}"] =
            new(2110, "BirthDiffers"),
        ["Node {Node} at {Address} runs an earlier version, which does not understand this one: upgrade it"] = new(2111, "EarlierVersion"),
        ["A second process that calls itself {Node}, at {Address}, is refused: {Holder} has the name and answers"] = new(2112, "NameTaken"),
        ["Node {Node} at {Address} waits: {Holder} has its name and is silent, but not out of the cluster yet"] = new(2113, "NameAwaited"),
        ["No cluster is founded while two processes call themselves {Node}: stop one of them"] = new(2114, "NameContested"),
        ["{Skipped} hellos like the next one, from others, have come since the line about the last one"] = new(2115, "StrangersSkipped"),

        ["The wall clock of {Node} differs from this node's by {OffsetMilliseconds} ms, measured to {ErrorMilliseconds} ms: let NTP set "
            + "both"] =
            new(2116, "ClockDiffers"),
        ["The wall clock of {Node} agrees with this node's again: they differ by {OffsetMilliseconds} ms"] = new(2117, "ClockAgrees"),

        ["A connection at the remoting port was not accepted: {Reason}"] = new(2118, "AcceptFailed"),

        // Replication
        ["The cluster serves for the first time: node {Node}, epoch {Epoch}"] = new(2215, "ServiceFounded"),
        ["Service begins on node {Node} in epoch {Epoch}: it has heard of no service since its start"] = new(2216, "ServiceBegins"),
        ["Service is back after {AwayMilliseconds} ms: node {Node} serves in epoch {Epoch}; node {Before} served before and {How}"] =
            new(2217, "ServiceBack"),
        ["The grants of a majority to {Node} in epoch {Epoch} have lapsed: it has no lease any more"] = new(2207, "LeaseLapsed"),
        ["A majority is sealed for epoch {Epoch}, the best log is that of {BestLog}"] = new(2208, "MajoritySealed"),
        ["Node {Node} recovered its journal: last entry {LastEpoch}/{LastSequence}, committed {CommittedSequence}, promise {Promise}, "
            + "{Voting}"] =
            new(2201, "JournalRecovered"),
        ["Node {Node} is {Role} in epoch {Epoch}: {Reason} (last {LastSequence}, committed {CommittedSequence})"] = new(2202, "RoleTaken"),
        ["Node {Node} serves in epoch {Epoch}"] = new(2203, "Serves"),
        ["Segment table leads epoch {Epoch}: {Segments} segments, {UsedBytes} of {CapacityBytes} bytes in use"] =
            new(2204, "SegmentsLead"),
        ["Node {Node} restores its partitions: they had applied what was never committed"] = new(2205, "PartitionsRestored"),
        ["A batch from {Peer} arrived corrupt and is asked for again: {Reason}"] = new(2206, "BatchCorrupt"),
        ["Node {Node}: another memory has the vote of this name, memory={Memory:x16}; the vote of this directory is void, "
            + "before={LifeBefore}, now={Life}"] =
            new(2211, "MemoryRenewed"),
        ["Node {Node} was addressed by {Address} as a voter, life={Life}, which has no vote any more, by={SupersededBy}: it is told so"] =
            new(2212, "LifeSuperseded"),
        ["Node {Node} belongs to the cluster that was born as {Birth:x16}"] = new(2213, "ClusterBorn"),
        ["Node {Node} ignores {Peer} at {Address}: it belongs to another cluster of the same name, born as {Birth:x16}, "
            + "messages={Messages}"] =
            new(2214, "ForeignMessages"),

        // Journal and checkpoints
        ["Journal '{Log}' opened: {Records} records, highest sequenceNr {LastSequence}, deleted to {DeletedTo}"] =
            new(2301, "JournalOpened"),
        ["Journal '{Log}' opened: torn tail of {CutBytes} bytes cut from {File}, highest sequenceNr now {LastSequence}"] =
            new(2302, "JournalTailCut"),
        ["Journal unusable ({Kind}), log '{Log}', {File} at byte {Offset}: {Reason}"] = new(2303, "JournalUnusable"),
        ["The checkpoint of {Partition} at {Sequence} could not be saved; the journal is kept for longer"] =
            new(2311, "CheckpointNotSaved"),
        ["Old checkpoints could not be deleted: {Reason}"] = new(2312, "CheckpointsNotDeleted"),
        ["The checkpoint {File} is damaged, an older one is looked for: {Reason}"] = new(2313, "CheckpointDamaged"),
        ["The checkpoint of {Partition} at {Sequence} is not used, an older one is looked for: {Reason}"] = new(2314, "CheckpointNotUsed"),
        ["Node {Node} lacks checkpoints: the oldest stands for {OldestSequence}, its log begins behind {LogBase}"] =
            new(2315, "CheckpointsMissing"),
        ["Node {Node} begins a full sync: its log ends at {LastSequence}, its state is {State}"] = new(2321, "FullSyncBegins"),
        ["Full sync from {Peer}: {PartitionsDone} of {Partitions} partitions, {MebibytesReceived:0.0} MiB, {MebibytesPerSecond:0.0} "
            + "MiB/s, {RemainingMilliseconds} ms to go"] =
            new(2322, "FullSyncGoesOn"),
        ["Node {Node} goes on behind {LogBase}, from images up to {ImagesUpTo}"] = new(2323, "FullSyncEnds"),
        ["The image of {Partition} from {Peer} arrived damaged and is asked for again: {Reason}"] = new(2324, "ImageDamaged"),
        ["{Peer} offers no image of {Partition} that can be received: {Reason}"] = new(2325, "ImageRefused"),
        ["The image of {Partition} from {Peer} could not be saved; it is asked for again in {AgainMilliseconds} ms: {Reason}"] =
            new(2326, "ImageNotSaved"),
        ["The full sync with {Peer} begins again with another node: {Reason}"] = new(2327, "FullSyncFailed"),
        ["{Peer} asks for an image of {Partition}, and is not answered: {Reason}"] = new(2328, "ImageNotGiven"),
        ["No image of {Partition} can be taken: {Reason}"] = new(2329, "ImageTooLarge"),
        ["Node {Node} still needs a full sync: one was asked for before this start, and had not ended; {File} in the data directory says "
            + "so"] =
            new(2330, "FullSyncOwed"),

        // Verification
        ["{Partition} differs from the Primary at seq {Sequence} in {Buckets} buckets; {WrongDigests} digests did not fit their content"] =
            new(2401, "PartitionDiffers"),
        ["{Partition}: key {Key} was {Kind}: {Here} here, {OnPrimary} on the Primary; repaired"] = new(2402, "KeyRepaired"),
        ["{Partition} is equal to the Primary again, at seq {Sequence}"] = new(2403, "PartitionEqualAgain"),
        ["{Partition}: the comparison of its keys begins again: {Reason}"] = new(2404, "ComparisonBeginsAnew"),
        ["{Partition} needs a full sync: {Reason}"] = new(2405, "FullSyncNeeded"),
        ["{Partition} differs from the Primary beyond repair, this node must be synced: {Reason}"] = new(2406, "FullSyncOrdered"),
        ["No full sync begins now, verification asks again: {Reason}"] = new(2407, "FullSyncPutOff"),
        ["{Partition}: the marker {Sequence} was computed in another way and is skipped"] = new(2408, "MarkerPassedOver"),
        ["{Peer} speaks of {Partition}, and there are {Partitions} partitions here"] = new(2409, "PartitionUnknown"),
        ["{Partition}: the fault {Fault} was put into the state of this node as asked for, {Affected} things are wrong"] =
            new(2410, "FaultInjected"),
        ["The fault {Fault} for {Partition} was refused: {Reason}"] = new(2411, "FaultRefused"),

        // Memory, clients and scans
        ["No memory for {Failures} puts, the last of {LengthBytes} bytes: {Cause} ({FreeBytes} bytes free, {LargestFreeBytes} in one "
            + "piece, {MissingNames} segment names missing)"] =
            new(2501, "PutsFindNoMemory"),
        ["Nothing could be evicted in {Cycles} cycles of epoch {Epoch}: {Cause} ({Evictable} objects wait for the end of a lease or a "
            + "soft pin, the others are hard-pinned, being written or being copied)"] =
            new(2502, "NothingToEvict"),
        ["An eviction cycle of epoch {Epoch} ends after {TimeoutMilliseconds} ms with {Waiting} answers of shards missing"] =
            new(2503, "EvictionCutShort"),
        ["Client {Client} is silent and {State} in epoch {Epoch}"] = new(2511, "ClientSilent"),
        ["Client {Client} at {Endpoint} is gone: client {Successor} has mounted there in epoch {Epoch}"] = new(2512, "ClientReplaced"),
        ["{Operation}: {TimeMilliseconds} ms were not enough to search in one key, try {Try}"] = new(2521, "PatternSlow"),
        ["{Operation} is abandoned: {Why} ({Shards} shards to list, {Sent} of {Matched} keys sent, {Lots} lots open)"] =
            new(2522, "ScanAbandoned"),
        ["A scan failed"] = new(2523, "ScanFailed"),
    }.ToFrozenDictionary();

    /// <summary>The id for a template; 0 for what is not this project's own.</summary>
    public static EventId IdOf(string template) => Ids.GetValueOrDefault(template);
}
