// Judges the history of a test, and keeps it when it is bad.
using System.Diagnostics;
using System.Globalization;
using HotStandby.Lab.Histories;
using HotStandby.Messages;

namespace HotStandby.Tests.Doubles;

internal static class HistoryJudge
{
    private const int Clients = 10;
    private const int Keys = 4;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = Deadline.Step;

    /// <summary>Runs clients while the faults happen, and judges what they saw: it must have an order.</summary>
    public static async Task JudgeAsync(
        IReadOnlyList<string> addresses, Action<string> say, Func<History, Task> faults, CancellationToken stop)
    {
        var (seed, history) = await RecordAsync(addresses, faults, stop);
        MustHaveAnOrder(history, seed, say);
    }

    /// <summary>Runs clients while the faults happen; what they saw, and their seed.</summary>
    public static async Task<(int Seed, History History)> RecordAsync(
        IReadOnlyList<string> addresses, Func<History, Task> faults, CancellationToken stop)
    {
        var seed = Seed();
        var workload = new HistoryWorkload();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var running = workload.RunAsync(addresses, seed, Clients, Keys, enough.Token);
        try
        {
            await await Task.WhenAny(running, faults(workload.History)); // clients that end before their time have failed
        }
        finally
        {
            await enough.CancelAsync();
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return (seed, await running);
    }

    /// <summary>Waits until so many more calls were carried out.</summary>
    public static async Task WaitForMoreAsync(History history, int answered, CancellationToken stop)
    {
        var (began, target) = (Stopwatch.GetTimestamp(), history.Answered + answered);
        while (history.Answered < target)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"{answered} more calls: not within {Patience.TotalSeconds:0} s");
            await Task.Delay(PollInterval, stop);
        }
    }

    /// <summary>Of what the clients do: a new one each time, or the one in HOTSTANDBY_HISTORY_SEED.</summary>
    private static int Seed() =>
        int.TryParse(Environment.GetEnvironmentVariable("HOTSTANDBY_HISTORY_SEED"), CultureInfo.InvariantCulture, out var seed)
            ? seed : Random.Shared.Next();

    /// <summary>Fails, with the explanation and the path of the history, when no order explains it or none was found in time.</summary>
    private static void MustHaveAnOrder(History history, int seed, Action<string> say)
    {
        var began = Stopwatch.GetTimestamp();
        var verdict = LinearizabilityChecker.Check(history);
        var kinds = history.Operations.GroupBy(operation =>
            $"{operation.Kind} {(operation.Outcome.Kind == OutcomeKind.Refused ? operation.Outcome.Error : operation.Outcome.Kind)}")
            .OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => $"{kind.Key} {kind.Count()}");
        say($"seed {seed}: {verdict}\njudged in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms; {string.Join(", ", kinds)}");
        if (!verdict.IsLinearizable)
        {
            var path = Path.Combine(
                Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"hotstandby-history-{seed}-{Guid.NewGuid():N}.jsonl"));
            history.Write(path);
            Assert.Fail($"seed {seed}, history kept in {path}\n{verdict}");
        }

        // A history in which nothing happened has an order as well.
        Assert.All(Enum.GetValues<OperationKind>(), kind =>
            Assert.Contains(history.Operations, operation => operation.Kind == kind && operation.Outcome.Kind == OutcomeKind.Ok));
        Assert.Contains(history.Operations, operation =>
            operation.Outcome is { Kind: OutcomeKind.Refused, Error: ErrorCode.ObjectAlreadyExists });
    }
}
