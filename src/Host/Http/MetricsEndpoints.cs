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
    private static bool IsPushed => Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 };

    /// <summary>Registers what collects and exports.</summary>
    /// <param name="services">Where.</param>
    /// <param name="build">What runs here.</param>
    public static void AddTo(IServiceCollection services, BuildInfo build)
    {
        services.AddSingleton(_ => new NodeGauges(build));
        var telemetry = services.AddOpenTelemetry();
        telemetry.WithMetrics(static metrics =>
        {
            metrics.AddMeter(NodeMetrics.MeterName, DoorMetrics.MeterName, MetricsPush.RuntimeMeter);
            metrics.AddPrometheusExporter(static exporter =>
            {
                exporter.ScopeInfoEnabled = false;
                exporter.TargetInfoEnabled = false;
                exporter.ScrapeResponseCacheDurationMilliseconds = 0; // the sample is taken for each scrape
            });
        });
        // Spans have nowhere else to go: without an address nobody listens, and none is made.
        if (IsPushed)
            telemetry.WithTracing(static traces => traces.AddSource(NodeTraces.SourceName, DoorTraces.SourceName).AddOtlpExporter());
    }

    public static void Map(WebApplication app, AdminNode node)
    {
        var gauges = app.Services.GetRequiredService<NodeGauges>();
        // The exporter is a piece of pipeline; as a route like all others it is described, and answers GET alone.
        var export = ((IApplicationBuilder)app).New().UseOpenTelemetryPrometheusScrapingEndpoint(_ => true).Build();
        app.MapGet("/metrics", (HttpContext context, CancellationToken stop) => ScrapeAsync(context, node, gauges, export, stop))
            .AnswersText("All metrics, for Prometheus.");
        app.MapGet("/metrics/summary", async (CancellationToken stop) =>
                Results.Text(MetricsSummary.Of(node, await node.Samples.GetAsync(stop)), TextAnswer.ContentType))
            .AnswersText("The node in a few lines, for people.");
        app.Lifetime.ApplicationStarted.Register(NodeMetrics.ShowZeros);
        app.Lifetime.ApplicationStarted.Register(DoorMetrics.ShowZeros);
        _ = node.Disk.Latest; // begins to measure, so that the first scrape has it
        if (IsPushed)
        {
            var push = new MetricsPush(node, gauges);
            app.Lifetime.ApplicationStopped.Register(push.Dispose);
        }
    }

    // First what the node is now, then what the process has counted.
    private static async Task ScrapeAsync(
        HttpContext context, AdminNode node, NodeGauges gauges, RequestDelegate export, CancellationToken stop)
    {
        var sample = gauges.Sample = await node.Samples.GetAsync(stop);
        context.Request.Headers.Accept = "text/plain"; // one format for both parts
        var body = context.Response.Body;
        using var counted = new MemoryStream();
        context.Response.Body = counted;
        try
        {
            await export(context);
        }
        finally
        {
            context.Response.Body = body;
        }

        if (context.Response.StatusCode != StatusCodes.Status200OK)
            return;
        MetricFamily.Write(context.Response.BodyWriter, gauges.Families, sample);
        await context.Response.BodyWriter.WriteAsync(counted.GetBuffer().AsMemory(0, (int)counted.Length), stop);
    }
}
