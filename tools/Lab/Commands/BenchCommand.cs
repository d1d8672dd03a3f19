// bench: how fast a running cluster is for one client: objects a second and latencies of puts and gets, alone and in batches. It mounts
// made-up memory and takes it back at its end, its objects included. (The program in bench/ starts clusters of its own instead.)
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using HotStandby.CommandLine;
using HotStandby.Lab.Load;
using HotStandby.Lab.Replay;

namespace HotStandby.Lab.Commands;

/// <summary>The verb <c>bench</c>.</summary>
public static class BenchCommand
{
    private const long DefaultObjectBytes = 1L << 20;
    private const string Danger = "the master may give its made-up memory to other clients while it runs";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly string[] Names = ["put", "get", "batch-put", "batch-get"];

    private static readonly string[] Headings =
        ["calls", "in flight", "batch", "objects/s", "p50", "p99", "p99.9", "errors", "warm-up", "measured"];

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var names = new Argument<string[]>("NAME")
        {
            Description = $"What to measure, in this order: {string.Join(", ", Names)}; without a name all of them.",
            Arity = ArgumentArity.ZeroOrMore,
            CompletionSources = { Names },
        };
        names.Validators.Add(static result =>
        {
            if (result.Tokens.FirstOrDefault(static token => !Names.Contains(token.Value)) is { } other)
                result.AddError($"bench: '{other.Value}' is none of {string.Join(", ", Names)}");
        });
        var inFlight = Options.Number("--in-flight", "Operations in flight", 16, 1, 4096);
        var batch = Options.Number("--batch", "Objects of a batch", ReplayOptions.MaximumBatch, 1, ReplayOptions.MaximumBatch);
        var seconds = Options.Number("--seconds", "How long each is measured, after its warm-up", 5.0, 0.1, 3600.0);
        var warmUp = Options.OptionalNumber(
            "--warm-up", "Seconds of load before it is measured; without it, until three windows of 2 s differ by 5 % at most, and for a "
                + "minute at most", 0.0, 3600.0);
        var size = Options.Size("--size", "Size of each object; no bytes are written", DefaultObjectBytes, 1, 1L << 30);
        var yes = new Option<bool>("--yes") { Description = $"Do not ask: {Danger}." };
        var json = new Option<bool>("--json") { Description = "One JSON document a measurement." };
        var addresses = AddressOption.Create();
        var command = new Command(
            "bench", "Measure puts and gets of a running cluster: rate, latencies, errors. It removes what it has put. For clusters "
                + $"without clients: {Danger}.")
        {
            names, inFlight, batch, seconds, warmUp, size, addresses, yes, json,
        };
        command.SetAction((result, stop) =>
        {
            if (result.GetValue(yes) || terminal.Confirm($"{Danger}."))
                return RunAsync(
                    terminal, result.GetRequiredValue(addresses), result.GetValue(names) is { Length: > 0 } some ? some : Names,
                    new Wish(
                        result.GetValue(inFlight), result.GetValue(batch), TimeSpan.FromSeconds(result.GetValue(seconds)),
                        result.GetValue(warmUp) is { } fixedTime ? TimeSpan.FromSeconds(fixedTime) : null,
                        (ulong)(result.GetValue(size) ?? DefaultObjectBytes), result.GetValue(json)),
                    stop);
            terminal.WriteError($"bench: {Danger}; say --yes");
            return Task.FromResult(ExitCode.Usage);
        });
        return command;
    }

    private sealed record Wish(int InFlight, int Batch, TimeSpan Measured, TimeSpan? WarmUp, ulong ObjectBytes, bool Json);

    private static async Task<int> RunAsync(
        Terminal terminal, IReadOnlyList<string> addresses, IReadOnlyList<string> names, Wish wish, CancellationToken stop)
    {
        List<BenchBody> measured = [];
        try
        {
            await using var cluster = await RunningCluster.JoinAsync(addresses, AddressOption.Settings(), wish.InFlight, Patience, stop);
            foreach (var name in names)
            {
                measured.Add(await MeasureAsync(terminal, cluster, name, wish, stop));
                if (wish.Json)
                    terminal.Output.WriteLine(JsonSerializer.Serialize(measured[^1], BenchJson.Default.BenchBody));
                stop.ThrowIfCancellationRequested();
            }

            return measured.All(static each => each.Errors.Count == 0) ? ExitCode.Ok : ExitCode.FailedRun;
        }
        catch (SegmentRefusedException error)
        {
            terminal.WriteError(error.Message);
            return error.IsTemporary ? ExitCode.Temporary : ExitCode.FailedRun;
        }
        catch (Exception error) when (error is LoadFailedException or Mooncake.Client.MasterRpcException)
        {
            terminal.WriteError(error.Message);
            return ExitCode.FailedRun;
        }
        finally
        {
            if (!wish.Json && measured.Count > 0) // after an interruption, too
                Print(terminal, measured);
        }
    }

    private static async Task<BenchBody> MeasureAsync(
        Terminal terminal, RunningCluster cluster, string name, Wish wish, CancellationToken stop)
    {
        var objects = name.StartsWith("batch-", StringComparison.Ordinal) ? wish.Batch : 1;
        var callers = await CallersAsync(terminal, cluster, name, wish, stop);
        await using var loop = ClosedLoop.Start(callers, countsFailures: true, stop);
        terminal.Report($"{name}: warming up, {wish.InFlight} in flight");
        var warm = await loop.WarmUpAsync(wish.WarmUp, rate => terminal.Report($"{name}: {Number(rate * objects)} objects/s"));
        terminal.Report($"{name}: {(warm.IsSteady ? "measuring" : "measuring, although its rate is not steady")}");
        var measured = await loop.MeasureAsync(wish.Measured);
        return new BenchBody(
            name, wish.InFlight, cluster.Connections, objects, Math.Round(measured.Operations * objects / measured.Time.TotalSeconds),
            measured.Operations, measured.P50Microseconds, measured.P99Microseconds, measured.P999Microseconds, measured.Failures,
            warm.Time.TotalSeconds, warm.IsSteady, Math.Round(measured.Time.TotalSeconds, 3));
    }

    private static async Task<IReadOnlyList<ICaller>> CallersAsync(
        Terminal terminal, RunningCluster cluster, string name, Wish wish, CancellationToken stop)
    {
        if (name == "put")
            return [.. Enumerable.Range(0, wish.InFlight).Select(_ => cluster.NewPut(wish.ObjectBytes))];
        if (name == "batch-put")
            return [.. Enumerable.Range(0, wish.InFlight).Select(_ => cluster.NewBatchPut(wish.Batch, wish.ObjectBytes))];
        terminal.Report($"{name}: putting {StoredObjects.Count} objects to read");
        var keys = await StoredObjects.PutAsync(cluster.NewBatchPut(ReplayOptions.MaximumBatch, wish.ObjectBytes), stop);
        return
        [
            .. Enumerable.Range(0, wish.InFlight).Select(i => (ICaller)(name == "get"
                ? new GetCaller(cluster.SourceOf(i), new KeyWalk(keys, i))
                : new BatchGetCaller(cluster.SourceOf(i), new KeyWalk(keys, i), wish.Batch))),
        ];
    }

    private static void Print(Terminal terminal, IReadOnlyList<BenchBody> measured)
    {
        terminal.WriteTable("Bench", Headings, [.. measured.Select(static each => (IReadOnlyList<string>)
        [
            each.Name, Number(each.InFlight), Number(each.Batch), Number(each.ObjectsPerSecond), Milliseconds(each.P50Microseconds),
            Milliseconds(each.P99Microseconds), Milliseconds(each.P999Microseconds), Number(each.Errors.Values.Sum()),
            $"{Number(each.WarmUpSeconds)} s{(each.IsSteady ? "" : ", not steady")}",
            string.Create(CultureInfo.InvariantCulture, $"{each.Seconds:0.#} s"),
        ])]);
        foreach (var (each, (reason, times)) in measured.SelectMany(static each => each.Errors.Select(error => (each, error))))
            terminal.Output.WriteLine($"{each.Name}: {times} times {reason}");
    }

    private static string Number(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Milliseconds(long microseconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000.0:0.000} ms");
}

/// <summary>One measurement of bench.</summary>
internal sealed record BenchBody(
    string Name, int InFlight, int Connections, int Batch, double ObjectsPerSecond, long Operations, long P50Microseconds,
    long P99Microseconds, long P999Microseconds, IReadOnlyDictionary<string, long> Errors, double WarmUpSeconds, bool IsSteady,
    double Seconds);

/// <summary>How it is written, compiled in.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BenchBody))]
internal sealed partial class BenchJson : JsonSerializerContext;
