// Recorded histories beside the audit: clients that get in each other's way on a few hot keys, slice after slice, and the checker's verdict
// on each slice while the next one is recorded. Only a history that no order explains is kept; what is held does not grow.
using System.Globalization;
using HotStandby.Lab.Histories;

namespace HotStandby.Lab.Chaos;

/// <summary>Sums over all slices.</summary>
/// <param name="Slices">Checked.</param>
/// <param name="Operations">Recorded calls.</param>
/// <param name="Keys">They were about.</param>
/// <param name="Unknown">Calls whose outcome nobody knows.</param>
internal readonly record struct HistoryTotals(int Slices, long Operations, long Keys, long Unknown);

/// <summary>Histories as long as the faults last.</summary>
/// <param name="addresses">Of the nodes' client doors.</param>
/// <param name="options">Seed and length of a slice.</param>
/// <param name="directory">Where a history that shows a violation is written.</param>
/// <param name="log">Hears of violations.</param>
internal sealed class RecordedLoad(IReadOnlyList<string> addresses, ChaosOptions options, string directory, ChaosLog log)
{
    private const int Clients = 8;
    private const int Keys = 4;

    // A verdict that is not found is none, so it is given time: the machine is busy with nodes.
    private static readonly CheckerSettings Checker = CheckerSettings.Default with { Patience = TimeSpan.FromMinutes(2) };

    /// <summary>What was checked so far.</summary>
    public HistoryTotals Totals { get; private set; }

    /// <summary>Records and checks until <paramref name="enough"/>.</summary>
    /// <exception cref="Replay.SegmentRefusedException">No node served for longer than the patience.</exception>
    public async Task RunAsync(CancellationToken enough)
    {
        var checking = Task.CompletedTask;
        for (var slice = 0; !enough.IsCancellationRequested; slice++)
        {
            var number = slice;
            var history = await RecordAsync(slice, enough);
            await checking;
            checking = history is null ? Task.CompletedTask : Task.Run(() => Check(number, history), CancellationToken.None);
        }
        await checking;
    }

    private async Task<History?> RecordAsync(int slice, CancellationToken enough)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(enough);
        over.CancelAfter(options.Slice);
        var settings = HistoryWorkloadSettings.Default with { Patience = options.Patience, LongestPause = TimeSpan.FromMilliseconds(20) };
        try
        {
            return await new HistoryWorkload(settings)
                .RunAsync(addresses, (int)((options.Seed + (ulong)slice) % int.MaxValue), Clients, Keys, over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            return null; // Its memory was not even mounted: no node served in all that time.
        }
    }

    private void Check(int slice, History history)
    {
        var verdict = LinearizabilityChecker.Check(history, Checker);
        Totals = new HistoryTotals(
            Totals.Slices + 1, Totals.Operations + verdict.Operations, Totals.Keys + verdict.Keys,
            Totals.Unknown + verdict.UnknownOutcomes);
        if (verdict.IsLinearizable)
            return;
        var file = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"history-{slice}.jsonl"));
        history.Write(file);
        File.WriteAllText(Path.ChangeExtension(file, ".txt"), verdict.ToString());
        log.Violation($"history {slice} ({Path.GetFileName(file)}): {verdict}");
    }
}
