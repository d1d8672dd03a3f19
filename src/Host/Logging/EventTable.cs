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
        ["Node {0} founds the cluster: a majority of the voters is there, and none of them is in one"] = new(2101, "NodeFounds"),
        ["Node {0} joins the cluster of {1}"] = new(2102, "NodeJoins"),
        ["Node {0} at {1} cannot be in one cluster with this one: {2}"] = new(2103, "ShapeDiffers"),
        ["This node was quarantined by {0}: it stops, to be started afresh"] = new(2104, "Quarantined"),
        ["{0} ({1}) is put out of the cluster: {2}"] = new(2105, "NodeDowned"),
        ["{0} ({1}) cannot be reached"] = new(2106, "NodeUnreachable"),
        ["{0} ({1}) is reached again"] = new(2107, "NodeReachable"),
        ["{0} ({1}) is in the cluster"] = new(2108, "NodeUp"),
        ["{0} ({1}) is no longer in the cluster"] = new(2109, "NodeGone"),

        ["Node {0} at {1} is of another cluster of this name: that one was born as {2:x16}, this one as {3:x16}"] =
            new(2110, "BirthDiffers"),
        ["Node {0} at {1} runs an earlier version, which does not understand this one: upgrade it"] = new(2111, "EarlierVersion"),
        ["A second process that calls itself {0}, at {1}, is refused: {2} has the name and answers"] = new(2112, "NameTaken"),
        ["Node {0} at {1} waits: {2} has its name and is silent, but not out of the cluster yet"] = new(2113, "NameAwaited"),
        ["No cluster is founded while two processes call themselves {0}: stop one of them"] = new(2114, "NameContested"),
        ["{0} hellos like the next one, from others, have come since the line about the last one"] = new(2115, "StrangersSkipped"),

        ["The wall clock of {0} differs from this node's by {1} ms, measured to {2} ms: let NTP set both"] = new(2116, "ClockDiffers"),
        ["The wall clock of {0} agrees with this node's again: they differ by {1} ms"] = new(2117, "ClockAgrees"),

        ["A connection at the remoting port was not accepted: {0}"] = new(2118, "AcceptFailed"),

        // Replication
        ["The cluster serves for the first time: node {0}, epoch {1}"] = new(2215, "ServiceFounded"),
        ["Service begins on node {0} in epoch {1}: it has heard of no service since its start"] = new(2216, "ServiceBegins"),
        ["Service is back after {0} ms: node {1} serves in epoch {2}; node {3} served before and {4}"] = new(2217, "ServiceBack"),
        ["The grants of a majority to {0} in epoch {1} have lapsed: it has no lease any more"] = new(2207, "LeaseLapsed"),
        ["A majority is sealed for epoch {0}, the best log is that of {1}"] = new(2208, "MajoritySealed"),
        ["Node {0} recovered its journal: last entry {1}/{2}, committed {3}, promise {4}, {5}"] = new(2201, "JournalRecovered"),
        ["Node {0} is {1} in epoch {2}: {3} (last {4}, committed {5})"] = new(2202, "RoleTaken"),
        ["Node {0} serves in epoch {1}"] = new(2203, "Serves"),
        ["Segment table leads epoch {Epoch}: {Segments} segments, {UsedBytes} of {CapacityBytes} bytes in use"] =
            new(2204, "SegmentsLead"),
        ["Node {0} restores its partitions: they had applied what was never committed"] = new(2205, "PartitionsRestored"),
        ["A batch from {0} arrived corrupt and is asked for again: {1}"] = new(2206, "BatchCorrupt"),
        ["Node {0}: another memory has the vote of this name, memory={1:x16}; the vote of this directory is void, before={2}, now={3}"] =
            new(2211, "MemoryRenewed"),
        ["Node {0} was addressed by {1} as a voter, life={2}, which has no vote any more, by={3}: it is told so"] =
            new(2212, "LifeSuperseded"),
        ["Node {0} belongs to the cluster that was born as {1:x16}"] = new(2213, "ClusterBorn"),
        ["Node {0} ignores {1} at {2}: it belongs to another cluster of the same name, born as {3:x16}, messages={4}"] =
            new(2214, "ForeignMessages"),

        // Journal and checkpoints
        ["Journal '{0}' opened: {1} records, highest sequenceNr {2}, deleted to {3}"] = new(2301, "JournalOpened"),
        ["Journal '{0}' opened: torn tail of {1} bytes cut from {2}, highest sequenceNr now {3}"] = new(2302, "JournalTailCut"),
        ["Journal unusable ({0}), log '{1}', {2} at byte {3}: {4}"] = new(2303, "JournalUnusable"),
        ["The checkpoint of {0} at {1} could not be saved; the journal is kept for longer"] = new(2311, "CheckpointNotSaved"),
        ["Old checkpoints could not be deleted: {0}"] = new(2312, "CheckpointsNotDeleted"),
        ["The checkpoint {0} is damaged, an older one is looked for: {1}"] = new(2313, "CheckpointDamaged"),
        ["The checkpoint of {0} at {1} is not used, an older one is looked for: {2}"] = new(2314, "CheckpointNotUsed"),
        ["Node {0} lacks checkpoints: the oldest stands for {1}, its log begins behind {2}"] = new(2315, "CheckpointsMissing"),
        ["Node {0} begins a full sync: its log ends at {1}, its state is {2}"] = new(2321, "FullSyncBegins"),
        ["Full sync from {0}: {1} of {2} partitions, {3:0.0} MiB, {4:0.0} MiB/s, {5} s to go"] = new(2322, "FullSyncGoesOn"),
        ["Node {0} goes on behind {1}, from images up to {2}"] = new(2323, "FullSyncEnds"),
        ["The image of {0} from {1} arrived damaged and is asked for again: {2}"] = new(2324, "ImageDamaged"),
        ["{0} offers no image of {1} that can be received: {2}"] = new(2325, "ImageRefused"),
        ["The image of {0} from {1} could not be saved; it is asked for again in {2} s: {3}"] = new(2326, "ImageNotSaved"),
        ["The full sync with {0} begins again with another node: {1}"] = new(2327, "FullSyncFailed"),
        ["{0} asks for an image of {1}, and is not answered: {2}"] = new(2328, "ImageNotGiven"),
        ["No image of {0} can be taken: {1}"] = new(2329, "ImageTooLarge"),
        ["Node {0} still needs a full sync: one was asked for before this start, and had not ended; {1} in the data directory says so"] =
            new(2330, "FullSyncOwed"),

        // Verification
        ["{0} differs from the Primary at seq {1} in {2} buckets; {3} digests did not fit their content"] =
            new(2401, "PartitionDiffers"),
        ["{0}: key {1} was {2}: {3} here, {4} on the Primary; repaired"] = new(2402, "KeyRepaired"),
        ["{0} is equal to the Primary again, at seq {1}"] = new(2403, "PartitionEqualAgain"),
        ["{0}: the comparison of its keys begins again: {1}"] = new(2404, "ComparisonBeginsAnew"),
        ["{0} needs a full sync: {1}"] = new(2405, "FullSyncNeeded"),
        ["{0} differs from the Primary beyond repair, this node must be synced: {1}"] = new(2406, "FullSyncOrdered"),
        ["No full sync begins now, verification asks again: {0}"] = new(2407, "FullSyncPutOff"),
        ["{0}: the marker {1} was computed in another way and is skipped"] = new(2408, "MarkerPassedOver"),
        ["{0} speaks of {1}, and there are {2} partitions here"] = new(2409, "PartitionUnknown"),
        ["{0}: the fault {1} was put into the state of this node as asked for, {2} things are wrong"] = new(2410, "FaultInjected"),
        ["The fault {0} for {1} was refused: {2}"] = new(2411, "FaultRefused"),

        // Memory, clients and scans
        ["No memory for {Failures} puts, the last of {LengthBytes} bytes: {Cause} ({FreeBytes} bytes free, {LargestFreeBytes} in one "
            + "piece, {MissingNames} segment names missing)"] =
            new(2501, "PutsFindNoMemory"),
        ["Nothing could be evicted in epoch {Epoch}: {Cause} ({Evictable} objects wait for the end of a lease or a soft pin, the others "
            + "are hard-pinned, being written or being copied)"] =
            new(2502, "NothingToEvict"),
        ["An eviction cycle of epoch {Epoch} ends after {Timeout} with {Waiting} answers of shards missing"] =
            new(2503, "EvictionCutShort"),
        ["Client {Client} is silent and {State} in epoch {Epoch}"] = new(2511, "ClientSilent"),
        ["Client {Client} at {Endpoint} is gone: client {Successor} has mounted there in epoch {Epoch}"] = new(2512, "ClientReplaced"),
        ["{Operation}: {Time} were not enough to search in one key, try {Try}"] = new(2521, "PatternSlow"),
        ["{Operation} is abandoned: {Why} ({Shards} shards to list, {Sent} of {Matched} keys sent, {Lots} lots open)"] =
            new(2522, "ScanAbandoned"),
        ["A scan failed"] = new(2523, "ScanFailed"),
    }.ToFrozenDictionary();

    /// <summary>The id for a template; 0 for what is not this project's own.</summary>
    public static EventId IdOf(string template) => Ids.GetValueOrDefault(template);
}
