// status: what nodes say of themselves.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HotStandby.Host.Http;

namespace HotStandby.Host.Commands;

/// <summary>The verb <c>status</c>.</summary>
internal static class StatusCommand
{
    private static readonly string[] NodeHeadings = ["node", "role", "serves", "epoch", "commit", "applied", "lease", "votes", "objects"];
    private static readonly string[] LagHeadings = ["standby", "state", "stored", "lag", "applied", "votes", "silent"];

    public static Command Create(Terminal terminal)
    {
        var http = new Option<string[]>("--http")
        {
            Description = "HTTP address of a node, as host:port; repeat for each node.", HelpName = "host:port",
            DefaultValueFactory = _ => ["127.0.0.1:9003", "127.0.0.1:9004", "127.0.0.1:9005"],
        };
        var json = new Option<bool>("--json") { Description = "One JSON document a node." };
        var command = new Command("status", "Show who leads, and how far the others are.") { http, json };
        command.SetAction((result, cancellation) => RunAsync(terminal, result.GetRequiredValue(http), result.GetValue(json), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, string[] addresses, bool json, CancellationToken cancellation)
    {
        using var client = new StatusClient();
        var views = await Task.WhenAll(addresses.Select(address => client.TryGetAsync(address, cancellation)));
        for (var i = 0; i < views.Length; i++)
            if (views[i] is null)
                terminal.Error.WriteLine($"{addresses[i]} does not answer");
        NodeView[] answered = [.. views.OfType<NodeView>()];
        if (json)
        {
            foreach (var view in answered)
                terminal.Output.WriteLine(JsonSerializer.Serialize(view, NodeViewJson.Default.NodeView));
        }
        else if (answered.Length > 0)
        {
            terminal.WriteTable("Nodes", NodeHeadings, [.. answered.Select(Row)]);
            foreach (var primary in answered.Where(view => view.Standbys.Count > 0))
                terminal.WriteTable($"Standbys of {primary.Node}", LagHeadings, [.. primary.Standbys.Select(Row)]);
        }

        return answered.Length == 0 ? ExitCode.FailedRun : ExitCode.Ok;
    }

    private static IReadOnlyList<string> Row(NodeView view) =>
    [
        view.Node, view.Role, view.Serving ? "yes" : "no", Number(view.Epoch), Number(view.CommittedSequence), Number(view.AppliedSequence),
        Number(view.LeaseRemainingMilliseconds) + "ms", view.Voting ? "yes" : "no", Number(view.Partitions.Skip(1).Sum(partition => partition.Things)),
    ];

    private static IReadOnlyList<string> Row(StandbyView standby) =>
    [
        standby.Node, standby.State, Number(standby.StoredSequence), Number(standby.LagEntries), Number(standby.AppliedSequence),
        standby.Voting ? "yes" : "no", Number(standby.SilentMilliseconds) + "ms",
    ];

    private static string Number<T>(T value) where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
