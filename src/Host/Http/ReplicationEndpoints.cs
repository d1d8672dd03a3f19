// How far every node is: for operators and dashboards. They only read.
using HotStandby.Actors.Node;
using HotStandby.CommandLine.Status;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>/replication and /status.</summary>
internal static class ReplicationEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, AdminNode node)
    {
        routes.MapGet("/replication", (CancellationToken stop) => ReplicationAsync(node, stop))
            .Answers<ReplicationBody>("Role, epoch, seqs and lag of this node; on the leader, of the others too.", 503);
        routes.MapGet("/status", (CancellationToken stop) => StatusAsync(node, stop))
            .Answers<NodeView>("All that the node knows of itself, with the digest of every partition.", 503);
    }

    /// <summary>Answers /replication.</summary>
    public static async Task<IResult> ReplicationAsync(AdminNode node, CancellationToken stop) =>
        await node.TryReportAsync(stop) is { } report
            ? Results.Json(BodyOf(node, report), AdminJson.Default.ReplicationBody)
            : ErrorAnswer.NoReport();

    /// <summary>Answers /status.</summary>
    public static async Task<IResult> StatusAsync(AdminNode node, CancellationToken stop) => await node.TryReportAsync(stop) is { } report
        ? Results.Json(NodeViews.Of(node, report), NodeViewJson.Default.NodeView)
        : ErrorAnswer.NoReport();

    private static ReplicationBody BodyOf(AdminNode node, NodeReport report)
    {
        var view = NodeViews.Of(node, report);
        var lag = view.ApplyLagMicroseconds;
        return new ReplicationBody(
            view.Node, view.Role, node.HaStateOf(report), view.Serving, view.Epoch, view.Leader, view.Voting, view.AppendedSequence,
            view.DurableSequence, view.CommittedSequence, view.AppliedSequence, HealthEndpoints.LagOf(report),
            view.LeaseRemainingMilliseconds, view.HeldReplies, new ApplyLagBody(lag.Count, lag.P50, lag.P99, lag.P999, lag.Maximum),
            [.. view.Standbys.Select(standby => new PeerBody(
                standby.Node, standby.State, standby.Voting, standby.StoredSequence, standby.AppliedSequence, standby.LagEntries,
                standby.SilentMilliseconds))]);
    }
}
