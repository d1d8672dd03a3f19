// top: the nodes of a cluster and what they do now, again and again: a live table on a terminal, a line for each node otherwise.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using HotStandby.Actors.Settings;
using HotStandby.CommandLine;
using Spectre.Console;

namespace HotStandby.Host.Commands.Operator;

/// <summary>The verb <c>top</c>.</summary>
internal static class TopCommand
{
    private static readonly string[] Headings =
        ["node", "role", "serves", "epoch", "committed", "commits/s", "behind", "lease", "votes", "objects"];

    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(1);
    private static readonly Dictionary<string, string> Nothing = [];

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var access = new NodeAccessOptions();
        var interval = new Option<TimeSpan>("--interval")
        {
            Description = "Time between two looks, for example 500ms or 2s (100ms to 1h).", HelpName = "time",
            DefaultValueFactory = static _ => UsualInterval,
            CustomParser = static result =>
            {
                if (Units.TryDuration(result.Tokens[0].Value, out var time)
                    && time >= TimeSpan.FromMilliseconds(100) && time <= TimeSpan.FromHours(1))
                    return time;
                result.AddError($"--interval must be a time, 100ms to 1h, not {result.Tokens[0].Value}");
                return UsualInterval;
            },
        };
        var count = Options.Number("--count", "Looks before it ends; 0: until Ctrl-C", 0, 0, int.MaxValue);
        var command = new Command(
            "top", "Show who leads, what each node does and how far the Standbys are behind, until Ctrl-C; exit code as that of status.")
        {
            interval, count,
        };
        access.AddTo(command);
        command.SetAction(async (result, stop) =>
        {
            if (access.Read(terminal, result) is not { } nodes)
                return ExitCode.InputMissing;
            using var client = new NodeClient(nodes);
            var looks = LooksAsync(client, result.GetValue(interval), result.GetValue(count), stop);
            return terminal.IsInteractive ? await ShowLiveAsync(terminal, looks) : await ShowLinesAsync(terminal, looks);
        });
        return command;
    }

    /// <summary>What one look has found.</summary>
    /// <param name="Title">The cluster in one sentence.</param>
    /// <param name="Rows">One a node.</param>
    /// <param name="Code">The exit code that status would have.</param>
    private sealed record Look(string Title, IReadOnlyList<IReadOnlyList<string>> Rows, int Code);

    // Being told to end is how it ends.
    private static async IAsyncEnumerable<Look> LooksAsync(
        NodeClient client, TimeSpan interval, int count, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        var rates = new Dictionary<string, (ulong Committed, long Timestamp)>();
        for (var number = 1; !stop.IsCancellationRequested; number++)
        {
            IReadOnlyList<NodeAnswer> answers;
            try
            {
                answers = await client.RunAsync(CommandTable.Status, Nothing, isConfirmed: false, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                yield break;
            }

            yield return LookAt(answers, rates);
            if (number == count)
                yield break;
            await Task.Delay(interval, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Look LookAt(IReadOnlyList<NodeAnswer> answers, Dictionary<string, (ulong Committed, long Timestamp)> rates)
    {
        var good = answers.Where(static each => each.IsGood).ToArray();
        var committed = good.Select(static each => each.Body.GetProperty("committed_sequence").GetUInt64()).DefaultIfEmpty().Max();
        return new Look(
            good.Length == 0 ? "No node answers" : CommandRendering.Status(good).First().Title,
            [.. answers.Select(each => each.IsGood ? RowOf(each, committed, rates) : SilentRow(each.Address))],
            good.Length == 0 ? ExitCode.NoService : CommandRendering.Health(good));
    }

    private static IReadOnlyList<string> RowOf(
        NodeAnswer answer, ulong committed, Dictionary<string, (ulong Committed, long Timestamp)> rates)
    {
        var view = answer.Body;
        var (own, now) = (view.GetProperty("committed_sequence").GetUInt64(), Stopwatch.GetTimestamp());
        var rate = rates.TryGetValue(answer.Address, out var before) && own >= before.Committed
            ? Number((own - before.Committed) / Stopwatch.GetElapsedTime(before.Timestamp, now).TotalSeconds) : "";
        rates[answer.Address] = (own, now);
        var applied = view.GetProperty("applied_sequence").GetUInt64();
        return
        [
            Text("node"), Text("role"), YesNo("serving"), Text("epoch"), Text("committed_sequence"), rate,
            Number(committed - Math.Min(committed, applied)), Text("lease_remaining_milliseconds") + "ms", YesNo("voting"),
            Number(view.GetProperty("partitions").EnumerateArray().Skip(1).Sum(static each => each.GetProperty("things").GetInt64())),
        ];

        string Text(string name) => view.GetProperty(name).ToString();
        string YesNo(string name) => view.GetProperty(name).GetBoolean() ? "yes" : "no";
    }

    private static string[] SilentRow(string address) =>
        [address, "does not answer", .. Enumerable.Repeat("", Headings.Length - 2)];

    private static string Number(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static async Task<int> ShowLinesAsync(Terminal terminal, IAsyncEnumerable<Look> looks)
    {
        var code = ExitCode.Ok;
        await foreach (var look in looks)
        {
            terminal.WriteTable($"{DateTimeOffset.UtcNow:O} {look.Title}", Headings, look.Rows);
            code = look.Code;
        }

        return code;
    }

    private static async Task<int> ShowLiveAsync(Terminal terminal, IAsyncEnumerable<Look> looks)
    {
        var code = ExitCode.Ok;
        await terminal.Ansi.Live(new Text("asking the nodes")).StartAsync(async live =>
        {
            await foreach (var look in looks)
            {
                live.UpdateTarget(Terminal.TableOf(look.Title, Headings, look.Rows));
                code = look.Code;
            }
        });
        return code;
    }
}
