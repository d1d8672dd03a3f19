// micro: what single parts cost in processor time and in memory, without cluster, network or journal. Runs inside this process.
using System.Runtime.CompilerServices;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using HotStandby.Bench.Load;
using HotStandby.Lab.Load;

namespace HotStandby.Bench;

internal static class MicroBench
{
    public static readonly Benchmark Benchmark = new(
        "micro", "OpLog codec, wire codec and shard: time and allocation of one operation", RunAsync);

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        await Task.CompletedTask;
        var artifacts = Directory.CreateTempSubdirectory("hotstandby-bench-");
        using var log = new StreamWriter(Console.OpenStandardError()) { AutoFlush = true };
        try
        {
            var configuration = ManualConfig.CreateEmpty()
                .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance))
                .AddDiagnoser(MemoryDiagnoser.Default)
                .AddColumnProvider(DefaultColumnProviders.Instance)
                .AddExporter(MarkdownExporter.GitHub)
                .AddLogger(new StreamLogger(log))
                .WithArtifactsPath(artifacts.FullName);
            foreach (var type in (Type[])[typeof(OpLogCodecMicro), typeof(WireCodecMicro), typeof(ShardMicro)])
            {
                stop.ThrowIfCancellationRequested();
                var summary = BenchmarkRunner.Run(type, configuration);
                if (summary.HasCriticalValidationErrors)
                    throw new LoadFailedException($"{type.Name} could not be run");
                foreach (var report in summary.Reports)
                {
                    var name = $"micro {type.Name.Replace("Micro", "", StringComparison.Ordinal)}."
                        + report.BenchmarkCase.Descriptor.WorkloadMethod.Name;
                    var statistics = report.ResultStatistics ?? throw new LoadFailedException($"{name} failed");
                    yield return new Figure(name, Math.Round(statistics.Median, 1), "ns/op", null, null, null, null, null);
                    var bytes = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase);
                    yield return new Figure(
                        name, bytes ?? throw new LoadFailedException($"{name}: no memory figure"), "B/op", null, null, null, null, null);
                }
            }
        }
        finally
        {
            artifacts.Delete(recursive: true);
        }
    }
}
