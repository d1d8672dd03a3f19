// What becomes of the facts that cells report: lines of the log and metrics. A test goes through all types of facts.
using System.Globalization;
using Akka.Event;
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
                log.Error("{0}: the fault {1} was put into the state of this node as asked for, {2} things are wrong", put.Partition, put.Fault, put.Affected);
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
                log.Warning("Client {Client} is silent and {State} in epoch {Epoch}", silent.Client, silent.IsDead ? "dead" : "suspect", silent.Epoch);
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
                        "No memory for {Failures} puts, the last of {LengthBytes} bytes: {Cause} ({FreeBytes} bytes free, {LargestFreeBytes} in one piece, {MissingNames} segment names missing)",
                        none.Puts, failure.LengthBytes, failure.Cause, failure.FreeBytes, failure.LargestFreeBytes, failure.MissingNames);
                break;
            case EvictionCutShort cut:
                log.Warning(
                    "An eviction cycle of epoch {Epoch} ends after {Timeout} with {Waiting} answers of shards missing", cut.Epoch, cut.Timeout, cut.Missing);
                break;
            case NothingEvicted nothing:
                var cause = nothing.Evictable > 0 ? NodeMetrics.Leased : NodeMetrics.Pinned;
                NodeMetrics.EvictedNothing(cause);
                log.Warning(
                    "Nothing could be evicted in epoch {Epoch}: {Cause} ({Evictable} objects wait for the end of a lease or a soft pin, the others are hard-pinned, being written or being copied)",
                    nothing.Epoch, cause, nothing.Evictable);
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
            default:
                throw new InvalidOperationException($"no line of the log for {fact}");
        }
    }

    private static string Describe(ulong checksum, ulong sequence) => $"checksum {checksum:x16} of seq {sequence}";
}
