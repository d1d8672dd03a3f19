// Pushes metrics by OTLP. What counts goes as it does to Prometheus. The node's state goes through a reader that gives up what was not
// measured since its last look: a segment that is gone has no series any more, and its place is free for the next.
using System.Diagnostics.Metrics;
using HotStandby.Actors.Telemetry;
using HotStandby.Host.Http;
using HotStandby.Mooncake.Server;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace HotStandby.Host.Telemetry;

/// <summary>The pushing of one node's metrics.</summary>
internal sealed class MetricsPush : IDisposable
{
    /// <summary>What .NET counts itself.</summary>
    public const string RuntimeMeter = "System.Runtime";

    // Instruments cannot wait for a node that is asked, so it is asked before.
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly MeterProvider _counted;
    private readonly MeterProvider _current;

    /// <summary>Begins.</summary>
    public MetricsPush(AdminNode node, NodeGauges gauges)
    {
        _counted = Counted(gauges.MeterName).AddOtlpExporter().Build();
        _current = Current(gauges.MeterName)
            .AddOtlpExporter(static (_, reader) => reader.TemporalityPreference = MetricReaderTemporalityPreference.Delta).Build();
        _ = SampleAsync(node, gauges, _stop.Token);
    }

    /// <summary>What only grows.</summary>
    /// <param name="meter">The node's own meter.</param>
    internal static MeterProviderBuilder Counted(string meter) => Sdk.CreateMeterProviderBuilder()
        .AddMeter(NodeMetrics.MeterName, DoorMetrics.MeterName, RuntimeMeter, meter)
        .AddView(instrument => instrument.Meter.Name == meter && !IsCounter(instrument) ? MetricStreamConfiguration.Drop : null);

    /// <summary>What the node is now. A gauge has no temporality; to a reader of deltas only what was measured is there.</summary>
    /// <param name="meter">The node's own meter.</param>
    internal static MeterProviderBuilder Current(string meter) => Sdk.CreateMeterProviderBuilder()
        .AddMeter(meter).AddView(static instrument => IsCounter(instrument) ? MetricStreamConfiguration.Drop : null);

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _counted.Dispose();
        _current.Dispose();
        _stop.Dispose();
    }

    private static bool IsCounter(Instrument instrument) => instrument is ObservableCounter<double>;

    private static async Task SampleAsync(AdminNode node, NodeGauges gauges, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(SampleInterval);
        try
        {
            do
                gauges.Sample = await node.Samples.GetAsync(stop);
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // The port closes.
        }
    }
}
