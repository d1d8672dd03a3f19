// failover-report: how long clients are without service when the Primary goes, and what they lose, over many trials.
using System.CommandLine;
using HotStandby.CommandLine;
using HotStandby.Lab.Chaos;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Failover;
using HotStandby.Lab.Replay;

namespace HotStandby.Lab.Commands;

/// <summary>The verb <c>failover-report</c>.</summary>
public static class FailoverReportCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var kills = Options.Number("--kills", "Kills of the Primary", 50, 0, 10_000);
        var switches = Options.Number("--switches", "Orderly hand-overs", 50, 0, 10_000);
        var freezes = Options.Number("--freezes", "Primaries that are frozen until another one serves", 30, 0, 10_000);
        var partitions = Options.Number(
            "--partitions", "Primaries that are cut off from the other nodes until another one serves", 30, 0, 10_000);
        var nodes = Options.Number("--nodes", "Nodes, all of them voters", 3, 3, 9);
        var clients = Options.Number(
            "--clients", "Instead of four writers: clients as Mooncake's are, each with a segment, and what they see after kills",
            0, 0, 5000);
        var front = new Option<bool>("--haproxy")
        {
            Description = "The clients go through haproxy, which must be installed, with the shipped file; "
                + "without it, they learn at once which node serves.",
        };
        var hocon = new Option<string>("--hocon")
        {
            Description = "Settings of every node on top of the defaults.", DefaultValueFactory = static _ => "", HelpName = "hocon",
        };
        var title = new Option<string>("--title")
        {
            Description = "Heading of the report.", DefaultValueFactory = static _ => "Failover", HelpName = "text",
        };
        var output = new Option<string?>("--append-to")
        {
            Description = "Append the report to this Markdown file.", HelpName = "file",
        }.RefuseTilde();
        var command = new Command(
            "failover-report",
            "Take the Primary of a local cluster away again and again; report how long service is down, and what is lost.")
        {
            kills, switches, freezes, partitions, nodes, clients, front, hocon, title, output,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(clients) == 0 ? result.GetValue(front) : result.GetValue(kills) == 0)
                result.AddError("--clients needs at least one kill, and --haproxy needs --clients");
        });
        command.SetAction(async (result, stop) =>
        {
            FailoverKind[] plan =
            [
                .. Enumerable.Repeat(FailoverKind.Kill, result.GetValue(kills)),
                .. Enumerable.Repeat(FailoverKind.Switch, result.GetValue(switches)),
                .. Enumerable.Repeat(FailoverKind.Freeze, result.GetValue(freezes)),
            ];
            var cuts = Enumerable.Repeat(FailoverKind.Partition, result.GetValue(partitions)).ToArray();
            var settings = result.GetValue(hocon)!;
            try
            {
                if (result.GetValue(clients) is var count and > 0)
                {
                    var trials = await ReturnAsync(terminal, settings, count, result.GetValue(front), result.GetValue(kills), stop);
                    var returns = new ReturnReport(result.GetValue(title)!, settings, trials);
                    terminal.WriteTable(returns.Title, ReturnReport.Headings, returns.Rows());
                    foreach (var note in returns.Notes())
                        terminal.Output.WriteLine(note);
                    if (result.GetValue(output) is { } place)
                        await File.AppendAllTextAsync(place, $"\n{returns.ToMarkdown()}", stop);
                    return returns.LostNothing ? ExitCode.Ok : ExitCode.FailedRun;
                }

                // Only what is to be cut goes through a proxy, which costs time of its own.
                List<TrialResult> results = [];
                await RunAsync(terminal, LocalCluster.Create(result.GetValue(nodes), settings), null, plan, results, stop);
                var proxied = LocalCluster.Create(result.GetValue(nodes), settings, behindProxies: true);
                await RunAsync(terminal, proxied, new FaultNetwork(proxied), cuts, results, stop);
                var report = new FailoverReport(result.GetValue(title)!, settings, results);
                terminal.WriteTable(report.Title, FailoverReport.Headings, report.Rows());
                if (result.GetValue(output) is { } file)
                    await File.AppendAllTextAsync(file, $"\n{report.ToMarkdown()}", stop);
                return report.LostNothing ? ExitCode.Ok : ExitCode.FailedRun;
            }
            catch (Exception error) when (error is TimeoutException or IOException or SegmentRefusedException)
            {
                terminal.WriteError(error.Message);
                return ExitCode.FailedRun;
            }
        });
        return command;
    }

    private static async Task<IReadOnlyList<ReturnResult>> ReturnAsync(
        Terminal terminal, string settings, int clients, bool throughHaProxy, int kills, CancellationToken stop)
    {
        await using var cluster = LocalCluster.Create(3, settings); // as many as the shipped file of haproxy has
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var view = new ServingView(cluster);
        await using var front = throughHaProxy ? await HaProxy.StartAsync(cluster, stop) : null;
        await using var fleet = new StockFleet(cluster, clients, TimeSpan.FromSeconds(1), () => front?.Address ?? view.Address);
        var trial = new ReturnTrial(cluster, view, fleet, Patience);
        List<ReturnResult> results = [];
        for (var i = 1; i <= kills; i++)
        {
            var result = await trial.RunAsync(stop);
            results.Add(result);
            terminal.Error.WriteLine(
                $"{i}/{kills}: served after {result.Served.TotalMilliseconds:0} ms, "
                + $"last put after {result.FirstPuts.Max().TotalMilliseconds:0} ms, {ReturnReport.Print(result.Refusals)}");
        }

        return results;
    }

    private static async Task RunAsync(
        Terminal terminal, LocalCluster cluster, FaultNetwork? network, FailoverKind[] plan, List<TrialResult> results,
        CancellationToken stop)
    {
        await using var ending = cluster;
        await using var cutting = network;
        if (plan.Length == 0)
            return;
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await WriterLoad.StartAsync(cluster, stop);
        var trial = new FailoverTrial(cluster, network, load);
        for (var i = 0; i < plan.Length; i++)
        {
            var result = await trial.RunAsync(plan[i], stop);
            results.Add(result);
            terminal.Error.WriteLine(
                $"{i + 1}/{plan.Length} {plan[i]}: gap {result.Gap.TotalMilliseconds:0} ms, {result.Writes} writes, {result.Lost} lost");
        }
    }
}
