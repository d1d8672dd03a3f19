// Shows what the nodes of a local cluster do while something waits for them: a line that changes on a terminal, a line a second otherwise.
using System.Diagnostics;
using System.Globalization;
using HotStandby.CommandLine;
using HotStandby.Lab.Cluster;
using Spectre.Console;

namespace HotStandby.Lab.Commands;

/// <summary>Progress of a cluster.</summary>
internal static class ClusterProgressView
{
    private static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(1);

    /// <summary>Shows the nodes until <paramref name="waiting"/> has ended; returns, or throws, what it does.</summary>
    /// <param name="terminal">Where.</param>
    /// <param name="cluster">Whose nodes.</param>
    /// <param name="what">What is waited for.</param>
    /// <param name="waiting">The wait.</param>
    public static async Task<T> ShowAsync<T>(Terminal terminal, LocalCluster cluster, string what, Task<T> waiting)
    {
        var began = Stopwatch.GetTimestamp();
        if (terminal.IsInteractive)
            await terminal.Ansi.Status().StartAsync(Markup.Escape(what), context => UntilEndAsync(waiting, LiveInterval, async () =>
                context.Status(Markup.Escape(await LineAsync(cluster, what, began)))));
        else
            await UntilEndAsync(waiting, LineInterval, async () =>
                await terminal.Error.WriteLineAsync(await LineAsync(cluster, what, began)));
        return await waiting;
    }

    private static async Task UntilEndAsync(Task waiting, TimeSpan interval, Func<Task> show)
    {
        using var timer = new PeriodicTimer(interval);
        while (await Task.WhenAny(waiting, timer.WaitForNextTickAsync().AsTask()) != waiting)
            await show();
    }

    private static async Task<string> LineAsync(LocalCluster cluster, string what, long began)
    {
        var states = await Task.WhenAll(cluster.Nodes.Select(async node =>
            $"{node.Id} {(await cluster.StatusAsync(node, CancellationToken.None))?.Phase ?? "does not answer yet"}"));
        return string.Create(
            CultureInfo.InvariantCulture, $"{what}: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s, {string.Join(", ", states)}");
    }
}
