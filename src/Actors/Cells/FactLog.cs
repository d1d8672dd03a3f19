// What becomes of the facts that cells report: lines of the log and metrics. A test goes through all types of facts.
using System.Globalization;
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
                log.Error("No image of {0} can be taken: {1}", refused.Partition, refused.Reason);
                break;
            case KeyRepaired { Key: var key } repaired:
                log.Warning(
                    "{0}: key {1} was {2}: {3} here, {4} on the Primary; repaired", repaired.Partition, key.Key, key.Kind,
                    Describe(key.StandbyChecksum, key.StandbyLastSequence), Describe(key.PrimaryChecksum, key.PrimaryLastSequence));
                break;
            case FaultPutIn put:
                log.Error("{0}: the fault {1} was put into the state of this node as asked for, {2} things are wrong", put.Partition,
                    put.Fault, put.Affected);
                break;
            case PartitionDiffers differs:
                log.Warning(
                    "{0} differs from the Primary at seq {1} in {2} buckets; {3} digests did not fit their content", differs.Partition,
                    differs.Sequence, differs.Buckets, differs.WrongDigests);
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
                    "An eviction cycle of epoch {Epoch} ends after {Timeout} with {Waiting} answers of shards missing", cut.Epoch,
                    cut.Timeout, cut.Missing);
                break;
            case NothingEvicted nothing:
                var cause = nothing.Evictable > 0 ? NodeMetrics.Leased : NodeMetrics.Pinned;
                NodeMetrics.EvictedNothing(cause);
                log.Warning(
                    "Nothing could be evicted in epoch {Epoch}: {Cause} ({Evictable} objects wait for the end of a lease or a soft pin, "
                        + "the others are hard-pinned, being written or being copied)",
                    nothing.Epoch, cause, nothing.Evictable);
                break;
            case PartitionUnknown unknown:
                log.Warning("{0} speaks of {1}, and there are {2} partitions here", unknown.Node, unknown.Partition, unknown.Partitions);
                break;
            case MarkerNotComparable marker:
                log.Info("{0}: the marker {1} was computed in another way and is skipped", marker.Partition, marker.Sequence);
                break;
            case PartitionEqualAgain again:
                log.Info("{0} is equal to the Primary again, at seq {1}", again.Partition, again.Sequence);
                break;
            case ComparisonBeginsAgain again:
                log.Info("{0}: the comparison of its keys begins again: {1}", again.Partition, again.Reason);
                break;
            case PartitionBeyondRepair beyond:
                log.Error("{0} needs a full sync: {1}", beyond.Partition, beyond.Reason);
                break;
            case FaultRefused refused:
                log.Error("The fault {0} for {1} was refused: {2}", refused.Fault, refused.Partition, refused.Refusal);
                break;
            case PatternSlow slow:
                log.Warning("{Operation}: {Time} were not enough to search in one key, try {Try}", slow.Operation, slow.Time, slow.Try);
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
                    "The checkpoint of {0} at {1} is not used, an older one is looked for: {2}", skipped.Partition, skipped.Sequence,
                    skipped.Reason);
                break;
            case OldImagesStay stay:
                log.Warning("Old checkpoints could not be deleted: {0}", stay.Reason);
                break;
            case NoImageOffered none:
                log.Warning("{0} offers no image of {1} that can be received: {2}", none.Source, none.Partition, none.Reason);
                break;
            case ImageArrivedDamaged damaged:
                log.Warning(
                    "The image of {0} from {1} arrived damaged and is asked for again: {2}", damaged.Partition, damaged.Source,
                    damaged.Reason);
                break;
            case SyncBeginsAgain again:
                log.Error("The full sync with {0} begins again with another node: {1}", again.Source, again.Reason);
                break;
            case SyncedImageNotSaved failed:
                log.Error(
                    "The image of {0} from {1} could not be saved; it is asked for again in {2} s: {3}", failed.Partition, failed.Source,
                    failed.AgainAfter.TotalSeconds, failed.Reason);
                break;
            case SyncGoesOn { RemainingSeconds: var remaining } sync:
                log.Info(
                    "Full sync from {0}: {1} of {2} partitions, {3:0.0} MiB, {4:0.0} MiB/s, {5} s to go", sync.Source, sync.PartitionsDone,
                    sync.Partitions, sync.Bytes / 1048576.0, sync.BytesPerSecond / 1048576.0,
                    remaining?.ToString("0.0", CultureInfo.InvariantCulture) ?? "?");
                break;
            case JournalRecovered recovered:
                log.Info(
                    "Node {0} recovered its journal: last entry {1}/{2}, committed {3}, promise {4}, {5}", recovered.Node,
                    recovered.LastEpoch, recovered.LastSequence, recovered.Committed, recovered.Promise,
                    recovered.Votes ? "voting" : "not voting yet");
                break;
            case RoleTaken taken:
                log.Info(
                    "Node {0} is {1} in epoch {2}: {3} (last {4}, committed {5})", taken.Node, taken.Role, taken.Epoch, taken.Reason,
                    taken.LastSequence, taken.Committed);
                break;
            case NodeServes serves:
                log.Info("Node {0} serves in epoch {1}", serves.Node, serves.Epoch);
                break;
            case BatchCorrupt corrupt:
                log.Warning("A batch from {0} arrived corrupt and is asked for again: {1}", corrupt.From, corrupt.Problem);
                break;
            case PartitionsDirty dirty:
                log.Info("Node {0} restores its partitions: they had applied what was never committed", dirty.Node);
                break;
            case VoteVoid vote:
                log.Warning(
                    "Node {0}: another memory has the vote of this name, memory={1:x16}; the vote of this directory is void, before={2}, "
                        + "now={3}",
                    vote.Node, vote.By, vote.Before, vote.Now);
                break;
            case VoterSuperseded voter:
                log.Warning(
                    "Node {0} was addressed by {1} as a voter, life={2}, which has no vote any more, by={3}: it is told so", voter.Node,
                    PlaceOf(voter.From), voter.Life, voter.By);
                break;
            case BelongsTo belongs:
                log.Info("Node {0} belongs to the cluster that was born as {1:x16}", belongs.Node, belongs.Birth);
                break;
            case ForeignIgnored foreign:
                log.Warning(
                    "Node {0} ignores {1} at {2}: it belongs to another cluster of the same name, born as {3:x16}, messages={4}",
                    foreign.Node, foreign.Origin.Node, PlaceOf(foreign.From), foreign.Origin.Birth, foreign.Messages);
                break;
            case FullSyncStillNeeded needed:
                log.Warning(
                    "Node {0} still needs a full sync: one was asked for before this start, and had not ended; {1} in the data directory "
                        + "says so",
                    needed.Node, DataDirectory.ResyncFile);
                break;
            case FullSyncBegins begins:
                log.Warning(
                    "Node {0} begins a full sync: its log ends at {1}, its state is {2}", begins.Node, begins.LastSequence,
                    begins.IsWhole ? "whole" : "not whole");
                break;
            case ImageNotGiven not:
                log.Warning("{0} asks for an image of {1}, and is not answered: {2}", not.To, not.Partition, not.Why);
                break;
            case CheckpointsMissing missing:
                log.Error(
                    "Node {0} lacks checkpoints: the oldest stands for {1}, its log begins behind {2}", missing.Node, missing.Oldest,
                    missing.LogBegins);
                break;
            case FullSyncConflicts { Image: var image } conflicts:
                log.Error(
                    "The full sync with {0} begins again with another node: {1}", conflicts.With,
                    $"{image.Epoch}/{image.Sequence} is not in the log, and {conflicts.Committed} is committed");
                break;
            case FullSyncInstalled installed:
                log.Info("Node {0} goes on behind {1}, from images up to {2}", installed.Node, installed.Behind, installed.ImagesUpTo);
                break;
            default:
                throw new InvalidOperationException($"no line of the log for {fact}");
        }
    }

    private static Address? PlaceOf(CellAddress from) => (from.Who as IActorRef)?.Path.Address;

    private static string Describe(ulong checksum, ulong sequence) => $"checksum {checksum:x16} of seq {sequence}";
}
