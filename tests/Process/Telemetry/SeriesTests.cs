// The series of a metric are those of what is there now, however much came and went before.
using System.Text;
using HotStandby.Core.Replication;
using HotStandby.Host.Telemetry;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Tests.Process.Http;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace HotStandby.Tests.Process.Telemetry;

public sealed class SeriesTests
{
    private const int AtOnce = 100;
    private const int Rounds = 50;

    [Fact]
    public async Task Five_thousand_segments_by_turns_leave_the_series_of_those_that_are_mounted()
    {
        var time = new ManualTime();
        await using var server = await AdminServerFixture.StartAsync(
            static _ => Task.FromResult(AdminServerFixture.Report(ReplicaRole.Primary, true, "n1")), change: options =>
                options with { Time = time });
        for (var round = 0; round < Rounds; round++)
        {
            var mounted = Mounted(round);
            server.Gateway.Script = call =>
            {
                ((ListSegmentsCall)call).Segments = mounted;
                ((ListSegmentsCall)call).Finish(ErrorCode.Ok);
            };
            time.Advance(TimeSpan.FromSeconds(1));
            AssertSeries(Scrape.Parse((await server.GetAsync("/metrics")).Text), round);
        }

        // A node that no longer serves reports no segment, and not the sums from when it did.
        server.Gateway.MayServe = false;
        time.Advance(TimeSpan.FromSeconds(1));
        var standby = Scrape.Parse((await server.GetAsync("/metrics")).Text).Samples.Keys.Select(Scrape.NameOf).ToHashSet();
        Assert.DoesNotContain("segment_allocated_bytes", standby);
        Assert.DoesNotContain("master_allocated_bytes", standby);
        Assert.Contains("hotstandby_epoch", standby);
    }

    [Fact]
    public void What_is_pushed_is_what_is_there_too()
    {
        using var gauges = new NodeGauges();
        var exported = new LastExport();
        using var provider = MetricsPush.Current(gauges.MeterName)
            .AddReader(new BaseExportingMetricReader(exported) { TemporalityPreference = MetricReaderTemporalityPreference.Delta }).Build();
        for (var round = 0; round < Rounds; round++)
        {
            gauges.Sample = new NodeSample(true, AdminServerFixture.Report(ReplicaRole.Primary, true, "n1"), Mounted(round), 0, 0, 0);
            Assert.True(provider.ForceFlush());
            Assert.Equal(Names(round), exported.Segments.Order(StringComparer.Ordinal));
        }

        gauges.Sample = NodeSample.Unknown;
        Assert.True(provider.ForceFlush());
        Assert.Empty(exported.Segments);
    }

    [Fact]
    public void Names_of_any_kind_are_labels_that_Prometheus_reads()
    {
        using var gauges = new NodeGauges();
        string[] names = ["a\"b", "a\\b", "a\nb", "a{b} 1", "ünïcödé", "\ud800"];
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        MetricFamily.Write(
            output, gauges.Families, new NodeSample(true, null, [.. names.Select(static (name, i) => Use(name, (ulong)i + 1))], 0, 0, 0));
        var series = Scrape.Parse(Encoding.UTF8.GetString(output.WrittenSpan))
            .Samples.Keys.Where(static key => Scrape.NameOf(key) == "segment_allocated_bytes");
        Assert.Equal(
            ["""a"b""", """a\b""", """a\nb""", "a{b} 1", "ünïcödé", "\ufffd"],
            series.Select(static key => key["segment_allocated_bytes{segment=\"".Length..^2]
                .Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task No_metric_is_told_twice()
    {
        await using var server = await AdminServerFixture.StartAsync(
            change: static options => options with { DataDirectory = Path.GetTempPath() });
        foreach (var accept in (string[])["*/*", "application/openmetrics-text; version=1.0.0,text/plain;q=0.5", ""])
        {
            var text = await server.SendRawAsync("GET", "/metrics", ("Accept", accept));
            Assert.Matches("\r\nContent-Type: text/plain; ?[^\r]*version=0.0.4", text);
            var families = text.Split('\n').Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
                .Select(static line => line.Split(' ')[2]).ToArray();
            Assert.Contains("hotstandby_epoch", families);
            Assert.Contains("hotstandby_promotions_total", families);
            Assert.Equal(families.Distinct(), families);
        }
    }

    private static void AssertSeries(Scrape scrape, int round)
    {
        foreach (var name in (string[])["segment_allocated_bytes", "segment_total_capacity_bytes"])
            Assert.Equal(
                Names(round).Select(each => $"{name}{{segment=\"{each}\"}}"),
                scrape.Samples.Keys.Where(key => Scrape.NameOf(key) == name).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(scrape.Samples.Keys, static key => key.Contains("overflow", StringComparison.Ordinal));
        Assert.Equal(AtOnce * 1000, scrape["segment_total_capacity_bytes"]);
    }

    private static string[] Names(int round) => [.. Enumerable.Range(round * AtOnce, AtOnce).Select(static i => $"host-{i:0000}")];

    private static SegmentUse[] Mounted(int round) => [.. Names(round).Select((name, i) => Use(name, (ulong)i + 1))];

    private static SegmentUse Use(string name, ulong number) => new(
        new Uuid(5, number), new Segment(new Uuid(6, number), name, number << 32, 1000, "10.0.0.1:1", "tcp", ""), SegmentStatus.Ok, 10);

    private sealed class LastExport : BaseExporter<Metric>
    {
        public List<string> Segments { get; } = [];

        public override ExportResult Export(in Batch<Metric> batch)
        {
            Segments.Clear();
            foreach (var metric in batch)
                if (metric.Name == "segment_allocated_bytes")
                    foreach (ref readonly var point in metric.GetMetricPoints())
                        foreach (var tag in point.Tags)
                            Segments.Add($"{tag.Value}");
            return ExportResult.Success;
        }
    }
}
