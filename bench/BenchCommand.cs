// The command line: which benchmarks to run and how. Prints one line of JSON a figure to standard output and nothing else
// there; progress and complaints go to standard error.
using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using HotStandby.Bench.Load;
using HotStandby.CommandLine;
using HotStandby.Lab.Load;
using HotStandby.Mooncake.Client;

namespace HotStandby.Bench;

/// <summary>The program's only command.</summary>
internal static class BenchCommand
{
    private static readonly Benchmark[] All =
    [
        PutBench.Benchmark, GetBench.Benchmark, BatchPutBench.Benchmark, BatchGetBench.Benchmark, ApplyLagBench.Benchmark,
        EvictionPauseBench.Benchmark, CheckpointPauseBench.Benchmark, RecoveryBench.Restart, RecoveryBench.FullSync,
        FailoverBench.Benchmark, VerifyOverheadBench.Benchmark, RegexScanBench.Benchmark, MemoryBench.Benchmark, MicroBench.Benchmark,
    ];

    /// <summary>Runs the benchmarks that the command line names.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var names = new Argument<string[]>("NAME")
        {
            Description = "Benchmarks to run in this order, or `list`.", Arity = ArgumentArity.OneOrMore,
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = "How long each figure is measured, after its warm-up.", DefaultValueFactory = _ => 5,
        };
        var warmUp = new Option<double?>("--warm-up")
        {
            Description = "Seconds that calls are made before they are measured; 0 measures a cold cluster. Default: until the rate is "
                + "steady (three windows of 2 s within 5 %), and a minute at most.",
        };
        warmUp.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is not (null or (>= 0 and <= 3600)))
                result.AddError("--warm-up must be from 0 to 3600");
        });
        var inFlight = new Option<int[]>("--in-flight")
        {
            Description = "Calls in flight, comma-separated; one figure each. Default: 1,16,64,256, for batches 1,4,16.",
            CustomParser = result => ParseList(result, LoadSettings.MaximumInFlight),
        };
        var nodes = new Option<int>("--nodes") { Description = "Nodes of the cluster: 3 or 1.", DefaultValueFactory = _ => 3 };
        nodes.AcceptOnlyFromAmong("1", "3");
        var hocon = new Option<string>("--hocon")
        {
            Description = "Settings of every node on top of the defaults.", DefaultValueFactory = _ => "",
        };
        var objects = new Option<int[]>("--objects")
        {
            Description = "Objects in the cluster, comma-separated, for `failover`; one figure each. Default: 10000,1000000.",
            CustomParser = result => ParseList(result, LoadSettings.MaximumObjects),
        };
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 3600))
                result.AddError("--seconds must be above 0 and at most 3600");
        });

        var root = new RootCommand("Measures a real cluster of node processes over the wire.")
        {
            names, seconds, warmUp, inFlight, nodes, hocon, objects,
        };
        root.SetAction((parsed, stop) => RunAsync(
            parsed.GetRequiredValue(names),
            new LoadSettings(TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(inFlight) ?? [], parsed.GetValue(nodes),
                parsed.GetValue(hocon) ?? "", parsed.GetValue(warmUp) is { } fixedTime ? TimeSpan.FromSeconds(fixedTime) : null)
            {
                Objects = parsed.GetValue(objects) ?? [],
            },
            stop));
        var command = root.Parse(arguments);
        // Long enough for the nodes to be killed and their directory to be deleted.
        var invocation = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(20),
        };
        var code = await command.InvokeAsync(invocation);
        return command.Action is ParseErrorAction ? ExitCode.Usage : code;
    }

    private static async Task<int> RunAsync(string[] names, LoadSettings settings, CancellationToken stop)
    {
        if (names is ["list"])
        {
            List(Console.Out);
            return ExitCode.Ok;
        }

        foreach (var name in names)
        {
            if (Array.Exists(All, benchmark => benchmark.Name == name))
                continue;
            await Console.Error.WriteLineAsync($"there is no benchmark `{name}`; these are there:");
            List(Console.Error);
            return ExitCode.Usage;
        }

        try
        {
            foreach (var name in names)
                await foreach (var figure in Array.Find(All, benchmark => benchmark.Name == name)!.Run(settings, stop))
                    figure.Print();
            return ExitCode.Ok;
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // Ctrl-C reaches the nodes too, so that calls may fail before this program sees that it was asked to stop.
            await Console.Error.WriteLineAsync("interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception failure) when (failure is LoadFailedException or MasterRpcException or TimeoutException)
        {
            await Console.Error.WriteLineAsync($"failed: {failure.Message}");
            return ExitCode.FailedRun;
        }
    }

    private static void List(TextWriter to)
    {
        foreach (var benchmark in All)
            to.WriteLine($"{benchmark.Name,-16} {benchmark.Description}");
    }

    private static int[] ParseList(ArgumentResult result, int most)
    {
        var numbers = new List<int>();
        foreach (var part in result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number >= 1 && number <= most)
                numbers.Add(number);
            else
                result.AddError($"{result.Argument.Name}: `{part}` is not a number from 1 to {most}");
        }

        return [.. numbers];
    }
}

/// <summary>A benchmark by name.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Description">One line for `list`.</param>
/// <param name="Run">Measures its figures one after the other.</param>
internal sealed record Benchmark(string Name, string Description, Func<LoadSettings, CancellationToken, IAsyncEnumerable<Figure>> Run);
