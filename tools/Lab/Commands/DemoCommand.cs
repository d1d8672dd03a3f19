// demo: the whole promise in under a minute. Three node processes, a replay, a kill -9 of the Primary in mid-replay, the killed
// node back again, and a count of what was lost.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using HotStandby.CommandLine;
using HotStandby.CommandLine.Status;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Replay;
using HotStandby.Lab.Trace;
using HotStandby.Messages.Identity;

namespace HotStandby.Lab.Commands;

/// <summary>The verb <c>demo</c>.</summary>
public static class DemoCommand
{
    private const int NodeCount = 3;
    private const int GeneratedRequests = 6000;
    private const ulong GeneratedSeed = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(1);
    private static readonly string[] Headings = ["figure", "value"];
    // How this program was started, so that what is pasted starts it again.
    private static readonly string ProgramName = string.Join(' ', LocalNode.Command.Where(static word => word != "exec"));
    private static readonly string[] KeptHeadings = ["node", "page", "metrics", "clients"];

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var trace = new Option<string?>("--trace", "-t")
        {
            Description = $"{ReplayCommand.TraceDescription}. Without it, one is generated.", HelpName = "file",
        }.RefuseTilde();
        var keep = new Option<bool>("--keep")
        {
            Description = "Leave the cluster up when it is over, and print where its page is; Ctrl-C ends it.",
        };
        var options = new ReplayOptionSet();
        var command = new Command(
            "demo", "Start three nodes, kill the Primary in mid-replay, show that nothing acknowledged is lost.") { trace, keep };
        options.AddTo(command);
        command.SetAction((result, cancellation) => RunAsync(
            terminal, result.GetValue(trace), options.Read(result), options.ReadSegments(result), result.GetValue(keep), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        Terminal terminal, string? file, ReplayOptions options, (int Count, ulong Bytes) segments, bool keep,
        CancellationToken cancellation)
    {
        IReadOnlyList<TraceRequest> requests = [];
        var code = ExitCode.Ok;
        if (file is null)
            requests = [.. TraceGenerator.Generate(GeneratedRequests, GeneratedSeed)];
        else if ((code = ReplayCommand.ReadTrace(terminal, file, out requests)) != ExitCode.Ok)
            return code;

        await using var cluster = LocalCluster.Create(NodeCount);
        try
        {
            code = await RunAsync(terminal, cluster, requests, options, segments, cancellation);
            if (keep)
                await KeepAsync(terminal, cluster, cancellation);
            else
                terminal.Report($"The cluster has ended. To look at one: {ProgramName} demo --keep");
            return code;
        }
        catch (TimeoutException error)
        {
            terminal.WriteError(error.Message);
            return ExitCode.Temporary;
        }
        catch (SegmentRefusedException error)
        {
            terminal.WriteError(error.Message);
            return error.IsTemporary ? ExitCode.Temporary : ExitCode.FailedRun;
        }
    }

    private static async Task<int> RunAsync(
        Terminal terminal, LocalCluster cluster, IReadOnlyList<TraceRequest> requests, ReplayOptions options,
        (int Count, ulong Bytes) segments, CancellationToken cancellation)
    {
        terminal.Report($"starting {NodeCount} nodes");
        cluster.StartAll();
        var primary = await ClusterProgressView.ShowAsync(
            terminal, cluster, "waiting for a Primary", cluster.WaitForPrimaryAsync(Patience, cancellation));
        terminal.Report($"{primary.Id} leads; replaying {requests.Count} requests");
        var clientId = new Uuid(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), 0);
        await using var client = new MooncakeMasterClient(cluster.ClientAddresses, clientId);
        await using var owner = await SegmentOwner.MountAsync(
            client, clientId, segments.Count, segments.Bytes, Patience, PingInterval, null, cancellation);

        var engine = new ReplayEngine(client, options);
        var running = engine.RunAsync(requests, cancellation);
        var killing = KillInTheMiddleAsync(terminal, engine, running, primary, requests.Count, cancellation);
        var report = await ReplayProgressView.ShowAsync(terminal, engine, requests.Count, running);
        var atKill = await killing;

        terminal.Report($"{primary.Id} starts again");
        primary.Start();
        var views = await ClusterProgressView.ShowAsync(
            terminal, cluster, "waiting until all nodes agree", cluster.WaitForAgreementAsync(Patience, cancellation));
        var lost = await ClusterProgressView.ShowAsync(
            terminal, cluster, $"looking for {engine.Acknowledged.Count} acknowledged writes",
            engine.Acknowledged.FindLostAsync(client, cancellation));
        views = await cluster.WaitForAgreementAsync(Patience, cancellation);
        var agree = DigestsAgree(views);
        Print(terminal, report, atKill, engine.Acknowledged.Count, lost.Count, views, agree);
        foreach (var node in cluster.Nodes.Where(node => node.Restarts > 0))
            terminal.Error.WriteLine($"{node.Id} gave up {node.Restarts} times and was started again: is the machine overloaded?");
        foreach (var key in lost.Take(10))
            terminal.Error.WriteLine($"lost: {key}");
        return lost.Count == 0 && agree && !report.GaveUp ? ExitCode.Ok : ExitCode.FailedRun;
    }

    // Being told to end is how it ends.
    private static async Task KeepAsync(Terminal terminal, LocalCluster cluster, CancellationToken cancellation)
    {
        terminal.WriteTable(
            "The cluster stays up until Ctrl-C", KeptHeadings, [.. cluster.Nodes.Select(static node => (IReadOnlyList<string>)
            [node.Id, $"http://{node.HttpAddress}/", $"http://{node.HttpAddress}/metrics", node.ClientAddress])]);
        terminal.Output.WriteLine("Try it, in another terminal:");
        foreach (var line in LinesToPaste(cluster))
            terminal.Output.WriteLine($"  {line}");
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static IEnumerable<string> LinesToPaste(LocalCluster cluster) =>
    [
        $"{ProgramName} status --http {string.Join(',', cluster.Nodes.Select(static node => node.HttpAddress))}",
        $"http://{cluster.Nodes[0].HttpAddress}/",
        $"{ProgramName} put hello --with-segment --address {string.Join(',', cluster.ClientAddresses)}",
    ];

    private static async Task<ReplayProgress> KillInTheMiddleAsync(
        Terminal terminal, ReplayEngine engine, Task running, LocalNode primary, int requests, CancellationToken cancellation)
    {
        while (engine.Progress.Requests < requests / 2 && !running.IsCompleted)
            await Task.Delay(TimeSpan.FromMilliseconds(1), cancellation);
        primary.Send(NodeSignal.Kill);
        var progress = engine.Progress;
        terminal.Report($"kill -9 {primary.Id} after {progress.Requests} requests, {progress.Acknowledged} acknowledged writes");
        return progress;
    }

    private static bool DigestsAgree(IReadOnlyList<NodeView> views) => views.All(view =>
        view.Partitions.Select(partition => partition.Digest).SequenceEqual(views[0].Partitions.Select(partition => partition.Digest)));

    private static void Print(
        Terminal terminal, ReplayReport report, ReplayProgress atKill, int acknowledged, int lost,
        IReadOnlyList<NodeView> views, bool agree)
    {
        // Both figures leave the gap out; where it lay elsewhere, as with a trace that ends at the kill, there is nothing to leave out.
        var gap = report.LongestGapAt + report.LongestGap > atKill.Elapsed ? report.LongestGap : TimeSpan.Zero;
        var after = report.Duration - atKill.Elapsed - gap;
        terminal.WriteTable("Demo: the Primary was killed with -9 in mid-replay", Headings,
        [
            ["RTO (longest gap without service)",
                $"{Number(report.LongestGap.TotalSeconds)} s, {Number(report.LongestGapAt.TotalSeconds)} s into the replay"],
            ["acknowledged writes", Number(acknowledged)],
            ["acknowledged writes lost", Number(lost)],
            ["retries by the client", Number(report.Retries)],
            ["block hits, misses", $"{Number(report.Hits)}, {Number(report.Misses)}"],
            ["hit rate", string.Create(CultureInfo.InvariantCulture, $"{report.HitRate:P2}")],
            ["operations/s (keys in answered calls) before the kill", Number((long)(atKill.Operations / atKill.Elapsed.TotalSeconds))],
            ["operations/s after it, the gap left out",
                after > TimeSpan.Zero ? Number((long)((report.Operations - atKill.Operations) / after.TotalSeconds)) : "-"],
            ["operations/s over all, the gap included", Number((long)report.OperationsPerSecond)],
            .. views.Select(view => (IReadOnlyList<string>)[
                $"{view.Node}: {view.Role}, epoch {view.Epoch}",
                $"applied {view.AppliedSequence}, {view.Partitions.Count} partitions, digest {Summary(view)}"]),
            ["digests of all partitions", agree ? "equal on all nodes" : "DIFFERENT"],
        ]);
    }

    // One figure for people: the sum of the partitions' digests, which are what is compared.
    private static string Summary(NodeView view)
    {
        var sum = view.Partitions.Aggregate(0UL, (total, partition) =>
            unchecked((total * 31) + ulong.Parse(
                partition.Digest.AsSpan(partition.Digest.IndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        return sum.ToString("x16", CultureInfo.InvariantCulture);
    }

    private static string Number<T>(T value)
        where T : IFormattable => value.ToString(value is double ? "0.000" : null, CultureInfo.InvariantCulture);
}
