// The node's state as metrics: one table. /metrics writes it as it stands; where metrics are pushed, instruments read the last sample.
using System.Diagnostics.Metrics;
using System.Globalization;
using HotStandby.Actors.Node;
using HotStandby.Actors.Replication;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Node;
using HotStandby.Core.Replication;
using HotStandby.Core.Verification;
using HotStandby.Host.Http;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Host.Telemetry;

/// <summary>Gauges of one node. While the node is silent, only those of the process and the disk have values.</summary>
internal sealed class NodeGauges : IDisposable
{
    private const string FirstMeterName = $"{NodeMetrics.MeterName}.Node";

    private static int _meters;

    private readonly Meter _meter;
    private readonly List<MetricFamily> _families = [];
    private NodeSample _sample = NodeSample.Unknown;
    private VerificationCounts _verified; // as last reported: a counter does not fall back because the node is silent

    /// <summary>Creates the instruments.</summary>
    /// <param name="build">What runs here; null: not known.</param>
    public NodeGauges(BuildInfo? build = null)
    {
        // Several servers in one process, as tests have them, must not collect each other's gauges.
        var number = Interlocked.Increment(ref _meters);
        _meter = new Meter(number == 1 ? FirstMeterName : string.Create(CultureInfo.InvariantCulture, $"{FirstMeterName}.{number}"));
        Add(new MetricFamily("hotstandby_build_info", "1, with what runs here: version, node-id and cluster-id.", null, static _ =>
            [new Series(null, 1)])
        {
            Constant = (build ?? new BuildInfo("", "")).Labels,
        });
        When("hotstandby_uptime_seconds", "Since the process was started.", sample => sample.Uptime is not null, sample =>
            sample.Uptime!.Value.TotalSeconds);
        When("hotstandby_open_descriptors", "File descriptors that the process has open.", sample => sample.OpenDescriptors > 0, sample =>
            sample.OpenDescriptors);
        When("hotstandby_descriptor_limit", "File descriptors that the process may open.", sample => sample.MostDescriptors > 0, sample =>
            sample.MostDescriptors);
        Always("hotstandby_serving", "1 on the node that leads with a lease.", sample => sample.Serves ? 1 : 0);
        Always("hotstandby_reporting", "1 when the node's actors answer in time; 0 while the journal is read.", sample =>
            sample.Report is null ? 0 : 1);
        When("hotstandby_configured_voters", "Voters that the settings name.",
            sample => sample.Cluster is not null, sample => sample.Cluster!.Voters);
        When("hotstandby_counted_voters", "On the node that serves: voters that count for majorities and are heard, itself included.",
            sample => sample is { Serves: true, Cluster: not null }, sample => sample.Cluster!.Counted);
        OnDisk("hotstandby_journal_bytes", "Size of the journal's files.", sample => sample.JournalBytes);
        OnDisk("hotstandby_data_directory_bytes", "Size of the data directory: journal and checkpoints.", sample => sample.DataBytes);
        OnDisk("hotstandby_disk_free_bytes", "Room on the disk of the data directory.", sample => sample.FreeBytes);
        Known("hotstandby_epoch", "The epoch that the node follows.", report => report.Replica.Epoch);
        Known("hotstandby_voting", "1 when the node counts for majorities.", report => report.Replica.Voting ? 1 : 0);
        Known("hotstandby_leader_known", "1 when the node knows whom it follows, or leads.", report =>
            report.Replica.Leader == NodeId.None ? 0 : 1);
        Known("hotstandby_lag_entries", "Entries that the node knows of and has not applied.", report => HealthEndpoints.LagOf(report));
        Known("hotstandby_lease_remaining_seconds", "What is left of the lease; 0 without one.", report =>
            report.Replica.LeaseRemainingMilliseconds / 1000.0);
        Known("hotstandby_held_replies", "Answers that wait for their commit.", report => report.Replica.HeldReplies);
        Known("hotstandby_log_base_sequence", "Entries up to here are in checkpoints only.", report => report.Replica.State.BaseSequence);
        Known("hotstandby_checkpoint_sequence", "Two checkpoints of every partition cover everything up to here.", report =>
            report.Replica.State.CheckpointSequence);
        Known("hotstandby_state_whole", "1 when the partitions hold what the log begins with.", report =>
            report.Replica.State.IsWhole ? 1 : 0);
        Known("hotstandby_full_sync_running", "1 while a full sync brings this node up.", report =>
            report.Replica.State.Sync is null ? 0 : 1);
        Known("hotstandby_window_fill_ratio", "How much of the memory for the log's newest entries is in use.", report =>
            report.Replica.WindowFill);
        When("hotstandby_full_sync_progress_ratio", "Of the running full sync: how much of its partitions is stored.",
            sample => SyncOf(sample) is { Partitions: > 0 }, sample => (double)SyncOf(sample)!.PartitionsDone / SyncOf(sample)!.Partitions);
        When("hotstandby_full_sync_bytes", "Of the running full sync: what was received.",
            sample => SyncOf(sample) is not null, sample => SyncOf(sample)!.Bytes);
        When("hotstandby_checkpoint_age_seconds", "Since that partition was saved which was not saved for longest.",
            sample => sample.CheckpointAge is not null, sample => sample.CheckpointAge!.Value.TotalSeconds);
        When("hotstandby_verification_age_seconds", "Since this Standby was last compared with the Primary as a whole.",
            sample => sample.Report?.Verification?.LastCycleAgeMilliseconds is not null,
            sample => sample.Report!.Verification!.LastCycleAgeMilliseconds!.Value / 1000.0);
        When("hotstandby_verification_unclean_partitions", "Partitions that differed when they were compared last.",
            sample => sample.Report?.Verification is not null, sample => sample.Report!.Verification!.Unclean.Count);
        Verified("hotstandby_verification_checked_total", "Comparisons of a partition with the Primary's.", counts => counts.Compared);
        Verified("hotstandby_verification_failed_total", "Comparisons that found a difference.", counts => counts.Failed);
        Verified("hotstandby_verification_mismatched_total", "Keys that differed, and digests that did not fit.", counts =>
            counts.Mismatched);
        Verified("hotstandby_verification_repaired_total", "How many of them were repaired.", counts => counts.Repaired);
        When("master_key_count", "Objects in the index.", sample => sample.Report is not null, sample => sample.Keys);
        Many("hotstandby_role", "1 for the role that the node has.", "role", RolesOf);
        Many("hotstandby_sequence", "Seq of the last entry, by stage.", "stage", StagesOf);
        Many("hotstandby_apply_lag_seconds",
            "Commit on the Primary to applied here, by quantile, since the start. Needs clocks that agree.", "quantile", LagsOf);
        Many("hotstandby_standby_lag_entries", "On the Primary: entries that a Standby does not store yet.", "standby",
            Standbys(standby => standby.LagEntries));
        Many("hotstandby_standby_lag_seconds", "On the Primary: since when something committed is not stored by a Standby.", "standby",
            Standbys(standby => standby.LagSeconds));
        Many("hotstandby_standby_in_flight_ratio", "On the Primary: how much of what may be under way to a Standby is.", "standby",
            Standbys(standby => standby.InFlightFill));
        Many("hotstandby_standby_voting", "On the Primary: 1 when the Standby counts for majorities.", "standby",
            Standbys(standby => standby.Voting ? 1 : 0));
        Many("hotstandby_standby_silent_seconds", "On the Primary: since the Standby was last heard; -1: never.", "standby", Standbys(
            standby => standby.SilentMilliseconds < 0 ? -1 : standby.SilentMilliseconds / 1000.0));
        Many("hotstandby_clock_offset_seconds", "How far the wall clock of another node is ahead of this one's.", "node", sample =>
            sample.Clocks.Select(static each => (each.Node.Name, (double)each.OffsetTicks / TimeSpan.TicksPerSecond)));
        Serving("master_allocated_bytes", "Bytes handed out on all segments.", sample => sample.UsedBytes);
        Serving("master_total_capacity_bytes", "Capacity of all segments.", sample => sample.CapacityBytes);
        Serving("master_active_clients", "Clients with a mounted segment.", sample => sample.Clients);
        Serving("mem_cache_nums_", "Objects in memory: all of them.", sample => sample.Keys);
        Many("segment_allocated_bytes", "Bytes handed out on segments of a name.", "segment", sample =>
            BySegment(sample, use => use.UsedBytes));
        Many("segment_total_capacity_bytes", "Capacity of segments of a name.", "segment", sample =>
            BySegment(sample, use => use.Segment.SizeBytes));
    }

    /// <summary>All of them, with the series that they have in a sample.</summary>
    public IReadOnlyList<MetricFamily> Families => _families;

    /// <summary>Name of the meter.</summary>
    public string MeterName => _meter.Name;

    /// <summary>What the instruments show from now on.</summary>
    public NodeSample Sample
    {
        get => Volatile.Read(ref _sample);
        set
        {
            if (value.Report?.Verification is { Counts: var counts })
                _verified = counts;
            Volatile.Write(ref _sample, value);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static SyncProgress? SyncOf(NodeSample sample) => sample.Report?.Replica.State.Sync;

    private static IEnumerable<(string, double)> RolesOf(NodeSample sample) => sample.Report is not { Replica.Role: var role }
        ? []
        : Enum.GetValues<ReplicaRole>().Select(each => (NodeMetrics.WordOf(each), each == role ? 1.0 : 0));

    private static IEnumerable<(string, double)> StagesOf(NodeSample sample) => sample.Report is not { Replica: var replica }
        ? []
        :
        [
            ("appended", replica.AppendedSequence), ("durable", replica.DurableSequence), ("committed", replica.CommittedSequence),
            ("applied", replica.AppliedSequence),
        ];

    private static IEnumerable<(string, double)> LagsOf(NodeSample sample) => sample.Report is not { Replica.ApplyLag: { Count: > 0 } lag }
        ? []
        : [("0.5", lag.P50Microseconds / 1e6), ("0.99", lag.P99Microseconds / 1e6), ("1", lag.MaximumMicroseconds / 1e6)];

    private static Func<NodeSample, IEnumerable<(string, double)>> Standbys(Func<StandbyStatus, double> value) => sample =>
        sample.Report is { Replica.Role: ReplicaRole.Primary } report
            ? report.Replica.Standbys.Select(standby => (standby.Node.Name, value(standby)))
            : [];

    private static IEnumerable<(string, double)> BySegment(NodeSample sample, Func<SegmentUse, ulong> value) =>
        sample.Segments.GroupBy(use => use.Segment.Name).Select(uses => (uses.Key, uses.Sum(use => (double)value(use))));

    private void Always(string name, string description, Func<NodeSample, double> value) =>
        When(name, description, static _ => true, value);

    private void OnDisk(string name, string description, Func<NodeSample, long> value) => When(
        name, description, sample => sample.FreeBytes > 0, sample => value(sample));

    private void Known(string name, string description, Func<NodeReport, double> value) => When(
        name, description, sample => sample.Report is not null, sample => value(sample.Report!));

    private void Serving(string name, string description, Func<NodeSample, double> value) =>
        When(name, description, sample => sample.Serves, value);

    private void When(string name, string description, Func<NodeSample, bool> condition, Func<NodeSample, double> value) =>
        Add(new MetricFamily(name, description, null, sample => condition(sample) ? [new Series(null, value(sample))] : []));

    private void Verified(string name, string description, Func<VerificationCounts, long> value) => Add(
        new MetricFamily(name, description, null, _ => [new Series(null, value(_verified))]) { IsCounter = true });

    private void Many(string name, string description, string label, Func<NodeSample, IEnumerable<(string, double)>> values) =>
        Add(new MetricFamily(name, description, label, sample => values(sample).Select(static pair => new Series(pair.Item1, pair.Item2))));

    private void Add(MetricFamily family)
    {
        _families.Add(family);
        if (family.IsCounter)
            _meter.CreateObservableCounter(family.Name, () => Measure(family), null, family.Description);
        else
            _meter.CreateObservableGauge(family.Name, () => Measure(family), null, family.Description);
    }

    private IEnumerable<Measurement<double>> Measure(MetricFamily family) => family.Of(Sample).Select(series => family.Label is null
        ? new Measurement<double>(series.Value, family.Constant)
        : new Measurement<double>(series.Value, new KeyValuePair<string, object?>(family.Label, series.Label)));
}
