// chaos: three node processes, load, and a seeded schedule of faults; at the end a verdict. What cannot be injected on this machine is said
// and left out.
using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using HotStandby.Actors.Settings;
using HotStandby.CommandLine;
using HotStandby.Lab.Chaos;
using HotStandby.Lab.Cluster;

namespace HotStandby.Lab.Commands;

/// <summary>The verb <c>chaos</c>.</summary>
public static class ChaosCommand
{
    private const string Automatic = "auto";
    private const string Namespaces = "namespaces";
    private const string Proxies = "proxies";
    private const string LogName = "chaos.log";
    private static readonly FaultKind[] NeedDisk = [FaultKind.SlowDisk, FaultKind.DiskFull];
    private static readonly string[] Headings = ["figure", "value"];

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var duration = new Option<TimeSpan>("--duration")
        {
            Description = "How long faults and load last, for example 90s, 5min, 24h (1s to 30d).", HelpName = "time",
            DefaultValueFactory = _ => TimeSpan.FromMinutes(5),
            CustomParser = result =>
            {
                if (Units.TryDuration(result.Tokens[0].Value, out var time)
                    && time >= TimeSpan.FromSeconds(1) && time <= TimeSpan.FromDays(30))
                    return time;
                result.AddError($"--duration must be a time, 1s to 30d, not {result.Tokens[0].Value}");
                return TimeSpan.Zero;
            },
        };
        var seed = new Option<ulong?>("--seed")
        {
            Description = "Decides the schedule; without it, one is drawn and printed.", HelpName = "number",
        };
        var nodes = Options.Number("--nodes", "Node processes", 3, 3, 9);
        var faults = new Option<string?>("--faults")
        {
            Description = $"Only these, separated by commas: {string.Join(',', FaultKinds.All.Select(FaultKinds.NameOf))}.",
            HelpName = "names",
        };
        faults.Validators.Add(result =>
        {
            foreach (var name in (result.GetValueOrDefault<string?>() ?? "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries).Where(name => FaultKinds.Of(name) is null))
                result.AddError($"--faults: there is no fault '{name}'");
        });
        var network = new Option<string>("--network")
        {
            Description = $"{Namespaces}: each node in a network namespace of its own (needs root); {Proxies}: all on loopback; "
                + $"{Automatic}: the first where it is possible.",
            HelpName = "kind", DefaultValueFactory = _ => Automatic,
        };
        network.AcceptOnlyFromAmong(Automatic, Namespaces, Proxies);
        var keep = new Option<bool>("--keep") { Description = "Keep the nodes' logs and data even when all is well." };
        var command = new Command(
            "chaos", "Run nodes and load under random faults, and check that nothing is lost and nobody is told a lie.")
        {
            duration, seed, nodes, faults, network, keep,
        };
        command.SetAction((result, cancellation) => RunAsync(
            terminal,
            new ChaosOptions(result.GetValue(duration), result.GetValue(seed) ?? (ulong)RandomNumberGenerator.GetInt32(int.MaxValue),
                result.GetValue(nodes), Kinds(result.GetValue(faults))),
            result.GetValue(network)!, result.GetValue(keep), cancellation));
        return command;
    }

    private static IReadOnlyList<FaultKind> Kinds(string? names) =>
        names is null ? FaultKinds.All
            : [.. names.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => FaultKinds.Of(name)!.Value).Distinct()];

    private static async Task<int> RunAsync(
        Terminal terminal, ChaosOptions options, string network, bool keep, CancellationToken cancellation)
    {
        await FaultyDisk.RemoveLeftOverAsync();
        var whyProxies = network == Proxies ? "" : await NodeNamespaces.WhyNotAsync();
        if (network == Namespaces && whyProxies is not null)
        {
            terminal.WriteError($"--network {Namespaces} is not possible here: {whyProxies}");
            return ExitCode.Usage;
        }
        if (network == Automatic && whyProxies is not null)
            terminal.Output.WriteLine($"nodes share one network: {whyProxies}");
        await using var namespaces = whyProxies is null ? await NodeNamespaces.MakeAsync(options.Nodes) : null;
        await using var cluster = LocalCluster.Create(options.Nodes, ChaosRun.NodeSettings, behindProxies: true, namespaces);
        var log = new ChaosLog(terminal.Output, Path.Combine(cluster.DirectoryPath, LogName));
        var possible = await PossibleAsync(terminal, cluster, options, cancellation);
        if (possible.Count == 0)
        {
            terminal.WriteError("none of these faults can be injected here");
            return ExitCode.Usage;
        }
        options = options with { Kinds = possible };
        log.Event(
            $"seed {options.Seed}, {options.Nodes} nodes, {(namespaces is null ? "network of proxies" : "each in a network namespace")}, "
                + $"{Units.Print(options.Duration)}, faults {string.Join(',', possible.Select(FaultKinds.NameOf))}");

        var disks = new List<FaultyDisk>();
        try
        {
            if (possible.Any(NeedDisk.Contains))
            {
                foreach (var node in cluster.Nodes)
                    disks.Add(await FaultyDisk.MakeAsync(node.DataDirectory));
            }
            await using var ways = new FaultNetwork(cluster, namespaces);
            return await RunAsync(terminal, options, cluster, ways, disks, log, keep, cancellation);
        }
        catch (TimeoutException error)
        {
            terminal.WriteError(error.Message);
            return ExitCode.Temporary;
        }
        finally
        {
            foreach (var node in cluster.Nodes)
                await node.DisposeAsync();
            foreach (var disk in disks)
                await disk.DisposeAsync();
        }
    }

    private static async Task<int> RunAsync(
        Terminal terminal, ChaosOptions options, LocalCluster cluster, FaultNetwork network, IReadOnlyList<FaultyDisk> disks,
        ChaosLog log, bool keep, CancellationToken cancellation)
    {
        try
        {
            await using var run = new ChaosRun(options, cluster, network, disks, log);
            var report = await run.RunAsync(cancellation);
            Print(terminal, options, report, cluster);
            keep |= report.Violations.Count > 0;
            return report.Violations.Count == 0 ? ExitCode.Ok : ExitCode.FailedRun;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            keep = true;
            throw;
        }
        finally
        {
            foreach (var node in cluster.Nodes)
                await node.DisposeAsync();
            if (keep)
                terminal.Output.WriteLine($"kept: {Keep(cluster.DirectoryPath, options.Seed)}");
        }
    }

    private static async Task<IReadOnlyList<FaultKind>> PossibleAsync(
        Terminal terminal, LocalCluster cluster, ChaosOptions options, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!options.Kinds.Any(NeedDisk.Contains) || await FaultyDisk.WhyNotAsync(cluster.DirectoryPath) is not { } reason)
            return options.Kinds;
        foreach (var kind in options.Kinds.Where(NeedDisk.Contains))
            terminal.Output.WriteLine($"cannot be injected here and is left out: {FaultKinds.NameOf(kind)} ({reason})");
        return [.. options.Kinds.Except(NeedDisk)];
    }

    private static void Print(Terminal terminal, ChaosOptions options, ChaosReport report, LocalCluster cluster)
    {
        terminal.WriteTable("Chaos", Headings,
        [
            ["seed", Number(options.Seed)],
            ["duration of faults and load", Units.Print(options.Duration)],
            ["steps of the schedule", Number(report.Steps)],
            ["faults", string.Join(
                ", ", report.Faults.OrderBy(pair => pair.Key).Select(pair => $"{FaultKinds.NameOf(pair.Key)} {pair.Value}"))],
            ["failovers seen", Number(Math.Max(0, report.Reigns - 1))],
            ["nodes that gave up and were started again", Number(cluster.Nodes.Sum(node => node.Restarts))],
            ["acknowledged writes audited", Number(report.Acknowledged)],
            ["reads that had to be fresh", Number(report.FreshReads)],
            ["recorded calls, of keys",
                $"{Number(report.Histories.Operations)}, {Number(report.Histories.Keys)}, in {Number(report.Histories.Slices)} histories"],
            ["calls with unknown outcome", Number(report.Histories.Unknown)],
            ["longest time without an acknowledged write", $"{Number(report.LongestGap.TotalSeconds)} s"],
            ["verdict", report.Violations.Count == 0 ? "nothing is wrong" : $"{report.Violations.Count} VIOLATIONS"],
        ]);
        foreach (var violation in report.Violations)
            terminal.Output.WriteLine($"violation: {violation}");
    }

    private static string Keep(string from, ulong seed)
    {
        var to = Path.GetFullPath(string.Create(CultureInfo.InvariantCulture, $"chaos-{seed}-{DateTime.UtcNow:yyyyMMdd-HHmmss}"));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".disk", StringComparison.Ordinal)))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return to;
    }

    private static string Number<T>(T value)
        where T : IFormattable => value.ToString(value is double ? "0.0" : null, CultureInfo.InvariantCulture);
}
