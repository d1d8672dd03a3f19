// What becomes of the facts that cells report: lines of the log and metrics. A test goes through all types of facts.
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
            case PartitionUnknown unknown:
                log.Warning("{0} speaks of {1}, and there are {2} partitions here", unknown.Node, unknown.Partition, unknown.Partitions);
                break;
            case MarkerNotComparable marker:
                log.Info("{0}: the marker {1} was computed in another way and is passed over", marker.Partition, marker.Sequence);
                break;
            case PartitionEqualAgain again:
                log.Info("{0} is equal to the Primary again, at seq {1}", again.Partition, again.Sequence);
                break;
            case ComparisonBeginsAgain again:
                log.Info("{0}: the comparison of its keys begins anew: {1}", again.Partition, again.Reason);
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
            default:
                throw new InvalidOperationException($"no line of the log for {fact}");
        }
    }

    private static string Describe(ulong checksum, ulong sequence) => $"checksum {checksum:x16} of seq {sequence}";
}
