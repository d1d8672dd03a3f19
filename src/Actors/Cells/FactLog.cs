// What becomes of the facts that cells report: lines of the log and metrics. A test goes through all types of facts.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Core.Partitions.Shards;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Cells;

/// <summary>Writes facts to the log of one actor, and counts them.</summary>
internal sealed class FactLog(ILoggingAdapter log)
{
    /// <summary>Writes one.</summary>
    /// <exception cref="InvalidOperationException">There is no line for it.</exception>
    public void Write(Fact fact)
    {
        switch (fact)
        {
            case ImageRefused refused:
                log.Error("No image of {Partition} can be taken: {Reason}", refused.Partition, refused.Reason);
                break;
            case KeyRepaired { Key: var key } repaired:
                log.Warning(
                    "{Partition}: key {Key} was {Kind}: {Here} here, {OnPrimary} on the Primary; repaired",
                    repaired.Partition, key.Key, key.Kind, Describe(key.StandbyChecksum, key.StandbyLastSequence),
                    Describe(key.PrimaryChecksum, key.PrimaryLastSequence));
                break;
            case FaultPutIn put:
                log.Error(
                    "{Partition}: the fault {Fault} was put into the state of this node as asked for, {Affected} things are wrong",
                    put.Partition, put.Fault, put.Affected);
                break;
            case PartitionDiffers differs:
                log.Warning(
                    "{Partition} differs from the Primary at seq {Sequence} in {Buckets} buckets; {WrongDigests} digests did not fit "
                        + "their content",
                    differs.Partition, differs.Sequence, differs.Buckets, differs.WrongDigests);
                break;
            case SegmentTableLeads leads:
                log.Info(
                    "Segment table leads epoch {Epoch}: {Segments} segments, {UsedBytes} of {CapacityBytes} bytes in use",
                    leads.Epoch, leads.Segments, leads.UsedBytes, leads.CapacityBytes);
                break;
            case ClientSilent silent:
                log.Warning("Client {Client} is silent and {State} in epoch {Epoch}", silent.Client, silent.IsDead ? "dead" : "suspect",
                    silent.Epoch);
                break;
            case ClientReplaced replaced:
                log.Warning(
                    "Client {Client} at {Endpoint} is gone: client {Successor} has mounted there in epoch {Epoch}",
                    replaced.Client, replaced.Endpoint, replaced.Successor, replaced.Epoch);
                break;
            case NoMemoryFound { Failure: var failure } none:
                NodeMetrics.FoundNoMemory(failure.Cause);
                if (none.Puts > 0)
                    log.Warning(
                        "No memory for {Failures} puts, the last of {LengthBytes} bytes: {Cause} ({FreeBytes} bytes free, "
                            + "{LargestFreeBytes} in one piece, {MissingNames} segment names missing)",
                        none.Puts, failure.LengthBytes, failure.Cause, failure.FreeBytes, failure.LargestFreeBytes, failure.MissingNames);
                break;
            case EvictionCutShort cut:
                log.Warning(
                    "An eviction cycle of epoch {Epoch} ends after {TimeoutMilliseconds} ms with {Waiting} answers of shards missing",
                    cut.Epoch, (long)cut.Timeout.TotalMilliseconds, cut.Missing);
                break;
            case NothingEvicted nothing:
                var cause = nothing.Evictable > 0 ? NodeMetrics.Leased : NodeMetrics.Pinned;
                NodeMetrics.EvictedNothing(cause);
                if (nothing.Cycles > 0)
                    log.Warning(
                        "Nothing could be evicted in {Cycles} cycles of epoch {Epoch}: {Cause} ({Evictable} objects wait for the end of a "
                            + "lease or a soft pin, the others are hard-pinned, being written or being copied)",
                        nothing.Cycles, nothing.Epoch, cause, nothing.Evictable);
                break;
            case PartitionUnknown unknown:
                log.Warning(
                    "{Peer} speaks of {Partition}, and there are {Partitions} partitions here",
                    unknown.Node, unknown.Partition, unknown.Partitions);
                break;
            case MarkerNotComparable marker:
                log.Info(
                    "{Partition}: the marker {Sequence} was computed in another way and is skipped",
                    marker.Partition, marker.Sequence);
                break;
            case PartitionEqualAgain again:
                log.Info("{Partition} is equal to the Primary again, at seq {Sequence}", again.Partition, again.Sequence);
                break;
            case ComparisonBeginsAgain again:
                log.Info("{Partition}: the comparison of its keys begins again: {Reason}", again.Partition, again.Reason);
                break;
            case PartitionBeyondRepair beyond:
                log.Error("{Partition} needs a full sync: {Reason}", beyond.Partition, beyond.Reason);
                break;
            case FaultRefused refused:
                log.Error("The fault {Fault} for {Partition} was refused: {Reason}", refused.Fault, refused.Partition, refused.Refusal);
                break;
            case PatternSlow slow:
                log.Warning(
                    "{Operation}: {TimeMilliseconds} ms were not enough to search in one key, try {Try}",
                    slow.Operation, (long)slow.Time.TotalMilliseconds, slow.Try);
                break;
            case ScanAbandoned scan:
                log.Warning(
                    "{Operation} is abandoned: {Why} ({Shards} shards to list, {Sent} of {Matched} keys sent, {Lots} lots open)",
                    scan.Operation, scan.Why, scan.ShardsToList, scan.Sent, scan.Matched, scan.OpenLots);
                break;
            case EvictionAsked:
                NodeMetrics.EvictionAsked();
                break;
            case ObjectsEvicted evicted:
                NodeMetrics.Evicted(evicted.Count, evicted.Bytes);
                break;
            case ImageSkipped skipped:
                log.Warning(
                    "The checkpoint of {Partition} at {Sequence} is not used, an older one is looked for: {Reason}",
                    skipped.Partition, skipped.Sequence, skipped.Reason);
                break;
            case OldImagesStay stay:
                log.Warning("Old checkpoints could not be deleted: {Reason}", stay.Reason);
                break;
            case NoImageOffered none:
                log.Warning(
                    "{Peer} offers no image of {Partition} that can be received: {Reason}",
                    none.Source, none.Partition, none.Reason);
                break;
            case ImageArrivedDamaged damaged:
                log.Warning(
                    "The image of {Partition} from {Peer} arrived damaged and is asked for again: {Reason}",
                    damaged.Partition, damaged.Source, damaged.Reason);
                break;
            case SyncBeginsAgain again:
                log.Error("The full sync with {Peer} begins again with another node: {Reason}", again.Source, again.Reason);
                break;
            case SyncedImageNotSaved failed:
                log.Error(
                    "The image of {Partition} from {Peer} could not be saved; it is asked for again in {AgainMilliseconds} ms: {Reason}",
                    failed.Partition, failed.Source, (long)failed.AgainAfter.TotalMilliseconds, failed.Reason);
                break;
            case SyncGoesOn { RemainingSeconds: var remaining } sync:
                log.Info(
                    "Full sync from {Peer}: {PartitionsDone} of {Partitions} partitions, {MebibytesReceived:0.0} MiB, "
                        + "{MebibytesPerSecond:0.0} MiB/s, {RemainingMilliseconds} ms to go",
                    sync.Source, sync.PartitionsDone, sync.Partitions, sync.Bytes / 1048576.0, sync.BytesPerSecond / 1048576.0,
                    remaining is { } seconds ? (object)(long)(seconds * 1000) : "?");
                break;
            case JournalRecovered recovered:
                log.Info(
                    "Node {Node} recovered its journal: last entry {LastEpoch}/{LastSequence}, committed {CommittedSequence}, promise "
                        + "{Promise}, {Voting}",
                    recovered.Node, recovered.LastEpoch, recovered.LastSequence, recovered.Committed, recovered.Promise,
                    recovered.Votes ? "voting" : "not voting yet");
                break;
            case RoleTaken taken:
                log.Info(
                    "Node {Node} is {Role} in epoch {Epoch}: {Reason} (last {LastSequence}, committed {CommittedSequence})",
                    taken.Node, taken.Role, taken.Epoch, taken.Reason, taken.LastSequence, taken.Committed);
                break;
            case NodeServes serves:
                log.Info("Node {Node} serves in epoch {Epoch}", serves.Node, serves.Epoch);
                break;
            case BatchCorrupt corrupt:
                log.Warning("A batch from {Peer} arrived corrupt and is asked for again: {Reason}", corrupt.From, corrupt.Problem);
                break;
            case PartitionsDirty dirty:
                log.Info("Node {Node} restores its partitions: they had applied what was never committed", dirty.Node);
                break;
            case VoteVoid vote:
                log.Warning(
                    "Node {Node}: another memory has the vote of this name, memory={Memory:x16}; the vote of this directory is void, "
                        + "before={LifeBefore}, now={Life}",
                    vote.Node, vote.By, vote.Before, vote.Now);
                break;
            case VoterSuperseded voter:
                log.Warning(
                    "Node {Node} was addressed by {Address} as a voter, life={Life}, which has no vote any more, by={SupersededBy}: it "
                        + "is told so",
                    voter.Node, PlaceOf(voter.From), voter.Life, voter.By);
                break;
            case BelongsTo belongs:
                log.Info("Node {Node} belongs to the cluster that was born as {Birth:x16}", belongs.Node, belongs.Birth);
                break;
            case ForeignIgnored foreign:
                log.Warning(
                    "Node {Node} ignores {Peer} at {Address}: it belongs to another cluster of the same name, born as {Birth:x16}, "
                        + "messages={Messages}",
                    foreign.Node, foreign.Origin.Node, PlaceOf(foreign.From), foreign.Origin.Birth, foreign.Messages);
                break;
            case FullSyncStillNeeded needed:
                log.Warning(
                    "Node {Node} still needs a full sync: one was asked for before this start, and had not ended; {File} in the data "
                        + "directory says so",
                    needed.Node, DataDirectory.ResyncFile);
                break;
            case FullSyncBegins begins:
                log.Warning(
                    "Node {Node} begins a full sync: its log ends at {LastSequence}, its state is {State}",
                    begins.Node, begins.LastSequence, begins.IsWhole ? "whole" : "not whole");
                break;
            case ImageNotGiven not:
                log.Warning("{Peer} asks for an image of {Partition}, and is not answered: {Reason}", not.To, not.Partition, not.Why);
                break;
            case CheckpointsMissing missing:
                log.Error(
                    "Node {Node} lacks checkpoints: the oldest stands for {OldestSequence}, its log begins behind {LogBase}",
                    missing.Node, missing.Oldest, missing.LogBegins);
                break;
            case FullSyncConflicts { Image: var image } conflicts:
                log.Error(
                    "The full sync with {Peer} begins again with another node: {Reason}", conflicts.With,
                    $"{image.Epoch}/{image.Sequence} is not in the log, and {conflicts.Committed} is committed");
                break;
            case FullSyncInstalled installed:
                log.Info(
                    "Node {Node} goes on behind {LogBase}, from images up to {ImagesUpTo}",
                    installed.Node, installed.Behind, installed.ImagesUpTo);
                break;
            default:
                throw new InvalidOperationException($"no line of the log for {fact}");
        }
    }

    private static Address? PlaceOf(CellAddress from) => (from.Who as IActorRef)?.Path.Address;

    private static string Describe(ulong checksum, ulong sequence) => $"checksum {checksum:x16} of seq {sequence}";
}
