// Shows a running replay: a bar on a terminal, a line now and then otherwise.
using System.Globalization;
using HotStandby.CommandLine;
using HotStandby.Lab.Replay;
using Spectre.Console;

namespace HotStandby.Lab.Commands;

/// <summary>Progress of a replay.</summary>
internal static class ReplayProgressView
{
    private static readonly TimeSpan BarInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    /// <summary>Shows progress until the replay has ended; returns, or throws, what it does.</summary>
    public static async Task<ReplayReport> ShowAsync(Terminal terminal, ReplayEngine engine, int total, Task<ReplayReport> running)
    {
        if (terminal.IsInteractive)
        {
            await terminal.Ansi.Progress().StartAsync(context =>
            {
                var bar = context.AddTask("replaying", maxValue: Math.Max(1, total));
                return UntilEnd(running, BarInterval, () =>
                {
                    bar.Value = engine.Progress.Requests;
                    bar.Description = Markup.Escape(Line(engine.Progress, total));
                });
            }).ConfigureAwait(false);
        }
        else
        {
            await UntilEnd(running, LineInterval, () => terminal.Error.WriteLine(Line(engine.Progress, total))).ConfigureAwait(false);
        }
        return await running.ConfigureAwait(false);
    }

    private static async Task UntilEnd(Task running, TimeSpan interval, Action show)
    {
        using var timer = new PeriodicTimer(interval);
        while (await Task.WhenAny(running, timer.WaitForNextTickAsync().AsTask()).ConfigureAwait(false) != running)
            show();
        show();
    }

    private static string Line(ReplayProgress progress, int total) => string.Create(CultureInfo.InvariantCulture,
        $"{progress.Requests} of {total} requests, {progress.Operations / Math.Max(0.001, progress.Elapsed.TotalSeconds):0} operations/s, "
            + $"{progress.Retries} retries");
}
