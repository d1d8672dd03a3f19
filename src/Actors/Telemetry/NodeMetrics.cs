// What the actors and the journal of this process count: instruments of the runtime's own metrics, one meter for all. Whoever
// exports them listens to the meter's name. Recording costs no allocation and happens once a batch, flush or cycle, never once an entry.
using System.Diagnostics.Metrics;
using HotStandby.Core.Replication;
using HotStandby.Core.Segments;
using HotStandby.Messages.Model;

namespace HotStandby.Actors.Telemetry;

/// <summary>Counters and distributions of the node in this process.</summary>
public static class NodeMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "HotStandby";

    private static readonly Meter Meter = new(MeterName);

    private static long _lostLogLines;

    private static readonly double[] Seconds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

    private static readonly Histogram<int> BatchEntries = Meter.CreateHistogram(
        "hotstandby_batch_entries", null, "Entries of a batch that this Primary sealed or this Standby took.", null,
        new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096] });

    private static readonly Histogram<int> BatchBytes = Meter.CreateHistogram(
        "hotstandby_batch_bytes", null, "Encoded size of such a batch.", null,
        new InstrumentAdvice<int> { HistogramBucketBoundaries = [256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304] });

    private static readonly Histogram<double> Write = OfSeconds(
        "hotstandby_journal_write_seconds", "One append to the journal; with fsync = every-batch its flush is part of it.");

    private static readonly Histogram<double> Flush = OfSeconds(
        "hotstandby_journal_flush_seconds", "One flush of the journal to the disk.");

    private static readonly Histogram<double> Acknowledged = OfSeconds(
        "hotstandby_append_to_ack_seconds",
        "From the proposal of the oldest waiting entry to its commit, each time that the commit advances.");

    private static readonly Counter<long> RoleChanges = Meter.CreateCounter<long>(
        "hotstandby_role_changes_total", null, "Changes of role, by the role that was taken.");

    private static readonly Counter<long> Promotions = Meter.CreateCounter<long>(
        "hotstandby_promotions_total", null,
        "Times that this node became the Primary, by cause: handed_over, leader_lost, led_before, no_leader_known.");

    private static readonly Histogram<double> Failover = OfSeconds(
        "hotstandby_failover_seconds",
        "Phases of a promotion: silence (last word of the leader to candidate), election (to Primary), opening (to serving).");

    private static readonly Counter<long> CorruptBatches = Meter.CreateCounter<long>(
        "hotstandby_corrupt_batches_total", null, "Batches of a peer that arrived damaged and were asked for again.");

    private static readonly Counter<long> RefusedPeers = Meter.CreateCounter<long>(
        "hotstandby_refused_peers_total", null, "Connections whose TLS handshake was refused or broken off, by door.");

    private static readonly Counter<long> AttemptedEvictions = Meter.CreateCounter<long>(
        "master_attempted_evictions_total", null, "Cycles of eviction that were asked for.");

    private static readonly Counter<long> SuccessfulEvictions = Meter.CreateCounter<long>(
        "master_successful_evictions_total", null, "Cycles of eviction that evicted something.");

    // Mooncake's names, without the _total that an exporter gives to counters: so they are sums that may fall, and never do.
    private static readonly UpDownCounter<long> EvictedKeys = Meter.CreateUpDownCounter<long>(
        "master_evicted_key_count", null, "Objects evicted.");

    private static readonly UpDownCounter<long> EvictedBytes = Meter.CreateUpDownCounter<long>(
        "master_evicted_size_bytes", null, "Bytes freed by eviction.");

    private static readonly Counter<long> VainEvictions = Meter.CreateCounter<long>(
        "hotstandby_evictions_in_vain_total", null, "Cycles of eviction that found nothing to evict, by cause.");

    private static readonly Counter<long> FailedAllocations = Meter.CreateCounter<long>(
        "master_put_start_alloc_failures_total", null, "Calls with puts that found no memory, by cause.");

    private static readonly Counter<long> PausedAccepts = Meter.CreateCounter<long>(
        "hotstandby_paused_accepts_total", null,
        "Times that a port stopped accepting connections for a moment, because no file descriptor was left, by door.");

    private static readonly Counter<long> RefusedConnections = Meter.CreateCounter<long>(
        "hotstandby_refused_connections_total", null,
        "Connections that were closed at once because the port had as many as it may have, by door.");

    /// <summary>Why a cycle of eviction finds nothing: everything is leased.</summary>
    public const string Leased = "leased";

    /// <summary>Why a cycle of eviction finds nothing: everything is pinned or being written.</summary>
    public const string Pinned = "pinned";

    private static readonly string[] VainCauses = [Leased, Pinned];

    /// <summary>The ports of a node, as the label <c>door</c> names them.</summary>
    public static readonly IReadOnlyList<string> Doors = ["client", "discovery", "http", "metadata", "remoting"];

    // Observed, not added to: lines are lost before an exporter listens, too.
    static NodeMetrics() => Meter.CreateObservableCounter(
        "hotstandby_lost_log_lines_total", static () => Interlocked.Read(ref _lostLogLines), null,
        "Lines of the node's log that could not be written.");

    /// <summary>An exporter has begun to listen: makes every counter appear with 0, since a rise from nothing is no rise.</summary>
    public static void ShowZeros()
    {
        AttemptedEvictions.Add(0);
        SuccessfulEvictions.Add(0);
        EvictedKeys.Add(0);
        EvictedBytes.Add(0);
        CorruptBatches.Add(0);
        foreach (var role in Enum.GetValues<ReplicaRole>())
            RoleChanges.Add(0, new KeyValuePair<string, object?>("role", WordOf(role)));
        foreach (var door in Doors)
        {
            RefusedPeers.Add(0, new KeyValuePair<string, object?>("door", door));
            PausedAccepts.Add(0, new KeyValuePair<string, object?>("door", door));
            RefusedConnections.Add(0, new KeyValuePair<string, object?>("door", door));
        }

        foreach (var cause in VainCauses)
            VainEvictions.Add(0, new KeyValuePair<string, object?>("cause", cause));
        foreach (var cause in ReignLedger.Causes)
            Promotions.Add(0, new KeyValuePair<string, object?>("cause", cause));
        foreach (var cause in Enum.GetValues<AllocationFailureCause>())
            FailedAllocations.Add(0, new KeyValuePair<string, object?>("cause", cause.ToString()));
    }

    /// <summary>An effect of the replica is a batch for the journal.</summary>
    public static void Journaling(JournalWrite write)
    {
        if (write is not WriteBatch { Batch: var batch })
            return;
        BatchEntries.Record(batch.Count);
        BatchBytes.Record(batch.Encoded.Length);
    }

    /// <summary>The journal was written to.</summary>
    public static void JournalWritten(TimeSpan took) => Write.Record(took.TotalSeconds);

    /// <summary>The journal was flushed.</summary>
    public static void JournalFlushed(TimeSpan took) => Flush.Record(took.TotalSeconds);

    /// <summary>The commit has advanced on the Primary.</summary>
    /// <param name="waitedTicks">For how long its oldest entry has waited, in units of 100 ns; 0 when none has.</param>
    public static void Committed(long waitedTicks)
    {
        if (waitedTicks > 0)
            Acknowledged.Record((double)waitedTicks / TimeSpan.TicksPerSecond);
    }

    /// <summary>The node took a role.</summary>
    public static void Became(ReplicaRole role) => RoleChanges.Add(1, new KeyValuePair<string, object?>("role", WordOf(role)));

    /// <summary>The node became the Primary.</summary>
    public static void Promoted(string cause) => Promotions.Add(1, new KeyValuePair<string, object?>("cause", cause));

    /// <summary>A phase of a failover is over.</summary>
    public static void FailoverPhase(string phase, long tookTicks) =>
        Failover.Record((double)tookTicks / TimeSpan.TicksPerSecond, new KeyValuePair<string, object?>("phase", phase));

    /// <summary>A peer's batch arrived damaged.</summary>
    public static void Corrupt() => CorruptBatches.Add(1);

    /// <summary>A connection did not get past a door's TLS.</summary>
    public static void RefusedPeer(string door) => RefusedPeers.Add(1, new KeyValuePair<string, object?>("door", door));

    /// <summary>A port has paused its accepting.</summary>
    public static void AcceptPaused(string door) => PausedAccepts.Add(1, new KeyValuePair<string, object?>("door", door));

    /// <summary>A port has closed a connection for which it has no place.</summary>
    public static void ConnectionRefused(string door) => RefusedConnections.Add(1, new KeyValuePair<string, object?>("door", door));

    /// <summary>A line of the log is lost.</summary>
    public static void LogLineLost() => Interlocked.Increment(ref _lostLogLines);

    /// <summary>A cycle of eviction was asked for.</summary>
    public static void EvictionAsked() => AttemptedEvictions.Add(1);

    /// <summary>A cycle of eviction has ended.</summary>
    /// <param name="keys">Objects that went; 0: it was in vain.</param>
    /// <param name="bytes">Bytes that became free.</param>
    public static void Evicted(int keys, ulong bytes)
    {
        if (keys == 0)
            return;
        SuccessfulEvictions.Add(1);
        EvictedKeys.Add(keys);
        EvictedBytes.Add(Saturating.ToInt64(bytes));
    }

    /// <summary>A cycle of eviction found nothing.</summary>
    public static void EvictedNothing(string cause) => VainEvictions.Add(1, new KeyValuePair<string, object?>("cause", cause));

    /// <summary>A put found no memory.</summary>
    public static void FoundNoMemory(AllocationFailureCause cause) =>
        FailedAllocations.Add(1, new KeyValuePair<string, object?>("cause", cause.ToString()));

    /// <summary>The word for a role in labels.</summary>
    public static string WordOf(ReplicaRole role) => role switch
    {
        ReplicaRole.Primary => "primary",
        ReplicaRole.Candidate => "candidate",
        _ => "standby",
    };

    private static Histogram<double> OfSeconds(string name, string description) => Meter.CreateHistogram(
        name, null, description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds });
}
