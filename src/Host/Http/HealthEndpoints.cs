// For probes, load balancers and scripts that look for the leader. They answer on every node, at any time, from what the node has said of
// itself a moment ago: a probe asks nothing of it, and costs it nothing.
using HotStandby.Actors.Node;
using HotStandby.CommandLine.Status;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>/health, /health/live, /health/primary, /health/cluster, /ready, /role, /ha_status, /leader.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, AdminNode node)
    {
        routes.MapGet("/health", () => Results.Json(HealthOf(node, node.Pulse), AdminJson.Default.HealthBody))
            .Answers<HealthBody>("200 while the process lives, on every node.");
        routes.MapGet("/health/live", () => Results.Text("alive"))
            .AnswersText("200 while the process answers at all. Asks neither the node nor the cluster: for liveness probes.");
        routes.MapGet("/health/primary", () => node.Serves ? Results.Text("primary") : Results.Text("not primary", statusCode: 503))
            .AnswersText("200 on the node that serves, 503 on the others.");
        routes.MapGet("/health/cluster", () => Cluster(node))
            .Answers<HealthView>("How many of the configured voters count, and why no node serves, as this node sees it. 200 always.");
        routes.MapGet("/ready", () =>
        {
            var ready = ReadyOf(node, node.Pulse);
            return Results.Json(ready, AdminJson.Default.ReadyBody, statusCode: ready.Ready ? 200 : 503);
        }).Answers<ReadyBody>("200 on the node that serves and on Standbys that could take over, else 503.");
        routes.MapGet("/role", () => Results.Text(RoleOf(node)))
            .AnswersText("leader or standby.");
        routes.MapGet("/ha_status", () => Results.Text(node.HaStateOf(node.Pulse)))
            .AnswersText("starting, standby, candidate, recovering, catching_up, leader_warmup or serving.");
        routes.MapGet("/leader", () => Results.Json(LeaderOf(node, node.Pulse), AdminJson.Default.LeaderBody))
            .Answers<LeaderBody>("Where clients go. Only the leader itself knows its address; the others name its node.");
    }

    /// <summary>Mooncake's two roles.</summary>
    public static string RoleOf(AdminNode node) => node.Serves ? "leader" : "standby";

    /// <summary>Entries that the node knows of and has not applied.</summary>
    public static ulong LagOf(NodeReport report)
    {
        var known = Math.Max(report.Replica.AppendedSequence, report.Replica.CommittedSequence);
        return known - Math.Min(report.Replica.AppliedSequence, known);
    }

    /// <summary>Answers /health/cluster.</summary>
    public static IResult Cluster(AdminNode node) => ClusterViews.Of(node, node.Pulse) is { } cluster
        ? Results.Json(new HealthView(node.Options.NodeName, node.Serves, cluster), NodeViewJson.Default.HealthView)
        : ErrorAnswer.NoReport();

    private static HealthBody HealthOf(AdminNode node, NodeReport? report)
    {
        var serves = node.Serves;
        return new HealthBody(
            "ok", RoleOf(node), node.HaStateOf(report), serves, serves ? node.Options.ClientAddress : null,
            serves ? node.Epoch : report?.Replica.Epoch);
    }

    private static LeaderBody LeaderOf(AdminNode node, NodeReport? report)
    {
        var serves = node.Serves;
        return new LeaderBody(
            serves, serves ? node.Options.ClientAddress : "", serves ? node.Epoch : report?.Replica.Epoch ?? 0,
            report?.Replica.Leader.Name ?? "");
    }

    /// <summary>Whether a promotion now would lose nothing, or why not.</summary>
    public static ReadyBody ReadyOf(AdminNode node, NodeReport? report)
    {
        var lag = report is null ? 0 : LagOf(report);
        var state = node.HaStateOf(report);
        var reason = state switch
        {
            "serving" => null,
            "standby" when report?.Verification is { IsClean: false } =>
                "verification found a difference from the leader that is not repaired yet",
            "standby" when lag <= node.Options.ReadyLagEntries => null,
            "standby" => $"more than {node.Options.ReadyLagEntries} entries are not applied yet",
            "recovering" => "the node does not report: it may still be reading its journal",
            "starting" => "no leader is known",
            "catching_up" when report is { Replica.State.IsWhole: false } =>
                "the node's state is not whole: it is being restored, or synced",
            "catching_up" => "the node does not vote: it lacks entries of the leader",
            _ => "the node is about to lead",
        };
        return new ReadyBody(reason is null, RoleOf(node), state, lag, reason);
    }
}
