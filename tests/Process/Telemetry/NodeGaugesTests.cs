// Every gauge tells what the node says: two samples of different nodes, and what each instrument makes of them. A new one needs a row.
using System.Diagnostics.Metrics;
using HotStandby.Actors.Node;
using HotStandby.Actors.Replication;
using HotStandby.Actors.Verification;
using HotStandby.CommandLine.Status;
using HotStandby.Core.Membership;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Core.Verification;
using HotStandby.Host.Telemetry;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Process.Telemetry;

public sealed class NodeGaugesTests
{
    // Sums over the labels of one name: on a Standby that is being synced, and on a Primary with one Standby.
    private static readonly Dictionary<string, (double? Standby, double? Primary)> Expected = new()
    {
        ["hotstandby_serving"] = (0, 1),
        ["hotstandby_reporting"] = (1, 1),
        ["hotstandby_configured_voters"] = (3, 3),
        ["hotstandby_counted_voters"] = (null, 2),
        ["hotstandby_clock_offset_seconds"] = (null, 0.25),
        ["hotstandby_build_info"] = (1, 1),
        ["hotstandby_uptime_seconds"] = (null, 77),
        ["hotstandby_open_descriptors"] = (null, 400),
        ["hotstandby_descriptor_limit"] = (null, 65536),
        ["hotstandby_journal_bytes"] = (10, 20),
        ["hotstandby_data_directory_bytes"] = (30, 40),
        ["hotstandby_disk_free_bytes"] = (50, 60),
        ["hotstandby_epoch"] = (7, 8),
        ["hotstandby_voting"] = (0, 1),
        ["hotstandby_leader_known"] = (0, 1),
        ["hotstandby_lag_entries"] = (20, 15),
        ["hotstandby_lease_remaining_seconds"] = (0, 1.5),
        ["hotstandby_held_replies"] = (0, 3),
        ["hotstandby_log_base_sequence"] = (40, 41),
        ["hotstandby_checkpoint_sequence"] = (60, 61),
        ["hotstandby_checkpoint_age_seconds"] = (5, 6),
        ["hotstandby_state_whole"] = (0, 1),
        ["hotstandby_full_sync_running"] = (1, 0),
        ["hotstandby_full_sync_progress_ratio"] = (0.25, null),
        ["hotstandby_full_sync_bytes"] = (999, null),
        ["hotstandby_window_fill_ratio"] = (0, 0.5),
        ["hotstandby_verification_age_seconds"] = (8, null),
        ["hotstandby_verification_unclean_partitions"] = (1, 0),
        ["hotstandby_verification_checked_total"] = (1, 0),
        ["hotstandby_verification_failed_total"] = (3, 0),
        ["hotstandby_verification_mismatched_total"] = (4, 0),
        ["hotstandby_verification_repaired_total"] = (5, 0),
        ["hotstandby_role"] = (1, 1),
        ["hotstandby_sequence"] = (380, 410),
        ["hotstandby_apply_lag_seconds"] = (10e-6 + 20e-6 + 40e-6, null),
        ["hotstandby_standby_lag_entries"] = (null, 5),
        ["hotstandby_standby_lag_seconds"] = (null, 2.5),
        ["hotstandby_standby_in_flight_ratio"] = (null, 0.75),
        ["hotstandby_standby_voting"] = (null, 1),
        ["hotstandby_standby_silent_seconds"] = (null, 0.012),
        ["master_key_count"] = (0, 0),
        ["mem_cache_nums_"] = (null, 0),
        ["master_allocated_bytes"] = (null, 300),
        ["master_total_capacity_bytes"] = (null, 1000),
        ["master_active_clients"] = (null, 1),
        ["segment_allocated_bytes"] = (null, 300),
        ["segment_total_capacity_bytes"] = (null, 1000),
    };

    [Fact]
    public void Every_gauge_tells_what_the_node_says()
    {
        using var gauges = new NodeGauges();
        gauges.Sample = OfStandby();
        var standby = Collect(gauges);
        gauges.Sample = OfPrimary();
        var primary = Collect(gauges);
        Assert.Equal(Expected.Keys.Order(StringComparer.Ordinal), standby.Keys.Order(StringComparer.Ordinal));
        Assert.All(Expected, row =>
        {
            MustBe(row.Value.Standby, standby[row.Key]);
            MustBe(row.Value.Primary, primary[row.Key]);
        });
    }

    [Fact]
    public void A_silent_node_tells_of_its_process_alone()
    {
        using var gauges = new NodeGauges();
        var told = Collect(gauges).Where(pair => pair.Value is not null).Select(pair => pair.Key);
        // Gauges; counters exist from the start.
        Assert.Equal(["hotstandby_build_info", "hotstandby_reporting", "hotstandby_serving"],
            told.Where(name => !name.EndsWith("_total", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Counters_exist_before_the_first_report_and_stay_while_a_node_is_silent()
    {
        using var gauges = new NodeGauges();
        var counters = Expected.Keys.Where(name => name.EndsWith("_total", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(counters);
        Assert.All(counters, name => Assert.Equal(0, Collect(gauges)[name]));
        gauges.Sample = OfStandby();
        gauges.Sample = NodeSample.Unknown;
        Assert.All(counters, name => Assert.Equal(Expected[name].Standby, Collect(gauges)[name]));
    }

    private static void MustBe(double? expected, double? actual)
    {
        Assert.Equal(expected is null, actual is null);
        if (expected is not null)
            Assert.Equal(expected.Value, actual!.Value, 1e-9);
    }

    // Null: the instrument has no value now.
    private static Dictionary<string, double?> Collect(NodeGauges gauges)
    {
        var told = new Dictionary<string, double?>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name != gauges.MeterName)
                return;
            told[instrument.Name] = null;
            self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>(
            (instrument, value, _, _) => told[instrument.Name] = (told[instrument.Name] ?? 0) + value);
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, _, _) => told[instrument.Name] = (told[instrument.Name] ?? 0) + value);
        listener.Start();
        listener.RecordObservableInstruments();
        return told;
    }

    private static NodeSample OfStandby() => new(false, new NodeReport(
        new ReplicaReport(
            new NodeId("n1"), ReplicaRole.Standby, false, 7, NodeId.None, false, 100, 100, 100, 80, 0, 0, [],
            new ApplyLag(4, 10, 20, 30, 40), new StateStatus(false, 40, 60, new SyncProgress(1, new NodeId("n2"), 1, 4, 999, 10, null))),
        [],
        new VerificationReport(true, new VerificationCounts(1, 2, 3, 4, 5, 6, 7), 8000, false, [new Partition(1)])), [], 10, 30, 50)
    {
        CheckpointAge = TimeSpan.FromSeconds(5), Cluster = new ClusterView(Verdicts.Degraded, 3, 2, 2, "", []),
    };

    private static NodeSample OfPrimary() => new(
        true,
        new NodeReport(
            new ReplicaReport(
                new NodeId("n1"), ReplicaRole.Primary, true, 8, new NodeId("n1"), true, 110, 100, 105, 95, 1500, 3,
                [new StandbyStatus(new NodeId("n2"), LinkState.Stream, 90, 80, 5, true, 12) { LagSeconds = 2.5, InFlightFill = 0.75 }],
                new ApplyLag(0, 0, 0, 0, 0), new StateStatus(true, 41, 61, null))
            { WindowFill = 0.5 },
            [],
            new VerificationReport(true, default, null, null, [])),
        [new SegmentUse(new Uuid(7, 1), new Segment(new Uuid(9, 1), "a", 0, 1000, "10.0.0.1:1", "tcp", ""), default, 300)],
        20, 40, 60)
    {
        Uptime = TimeSpan.FromSeconds(77), OpenDescriptors = 400, MostDescriptors = 65536,
        Clocks = [new ClockDifference(new NodeId("n2"), TimeSpan.TicksPerSecond / 4, 10)], CheckpointAge = TimeSpan.FromSeconds(6),
        Cluster = new ClusterView(Verdicts.Degraded, 3, 2, 2, "", []),
    };
}
