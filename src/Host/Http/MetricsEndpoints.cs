// /metrics for Prometheus, /metrics/summary for people. They answer on every node, at any time, also while the node is silent.
using HotStandby.Actors.Telemetry;
using HotStandby.Host.Telemetry;
using HotStandby.Mooncake.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace HotStandby.Host.Http;

/// <summary>/metrics, /metrics/summary.</summary>
internal static class MetricsEndpoints
{
    // OpenTelemetry's own name for where to push to; its other variables refine how.
    private const string PushEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Registers what collects and exports.</summary>
    public static void AddTo(IServiceCollection services)
    {
        var gauges = new NodeGauges();
        services.AddSingleton(_ => gauges); // by a function: what the container makes it disposes of
        var telemetry = services.AddOpenTelemetry();
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(NodeMetrics.MeterName, gauges.MeterName, DoorMetrics.MeterName, "System.Runtime");
            metrics.AddPrometheusExporter(exporter =>
            {
                exporter.ScopeInfoEnabled = false;
                exporter.TargetInfoEnabled = false;
                exporter.ScrapeResponseCacheDurationMilliseconds = 0; // the sample is taken for each scrape
            });
            if (Environment.GetEnvironmentVariable(PushEndpointVariable) is { Length: > 0 })
                metrics.AddOtlpExporter();
        });
        // Spans have nowhere else to go: without an address nobody listens, and none is made.
        if (Environment.GetEnvironmentVariable(PushEndpointVariable) is { Length: > 0 })
            telemetry.WithTracing(traces => traces.AddSource(NodeTraces.SourceName, DoorTraces.SourceName).AddOtlpExporter());
    }

    public static void Map(WebApplication app, AdminNode node)
    {
        var gauges = app.Services.GetRequiredService<NodeGauges>();
        // The exporter is a piece of pipeline; as a route like all others it is described, and answers GET alone.
        var export = ((IApplicationBuilder)app).New().UseOpenTelemetryPrometheusScrapingEndpoint(_ => true).Build();
        app.MapGet("/metrics", async Task (HttpContext context, CancellationToken stop) =>
        {
            gauges.Sample = await NodeSample.TakeAsync(node, stop);
            await export(context);
        }).AnswersText("All metrics, for Prometheus.");
        app.MapGet("/metrics/summary", async (CancellationToken stop) =>
                Results.Text(MetricsSummary.Of(node, await NodeSample.TakeAsync(node, stop)), TextAnswer.ContentType))
            .AnswersText("The node in a few lines, for people.");
        app.Lifetime.ApplicationStarted.Register(NodeMetrics.ShowZeros);
        app.Lifetime.ApplicationStarted.Register(DoorMetrics.ShowZeros);
    }
}
