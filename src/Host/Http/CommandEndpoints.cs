// What this node does for the operator commands that are not calls of clients: members, switchover, verify, oplog tail, config; and status,
// lag and drain under the names that the other commands have.
using System.Diagnostics;
using Akka.Actor;
using HotStandby.CommandLine.Status;
using HotStandby.Core.Replication;
using HotStandby.Host.Commands.Operator;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>/admin/status, health, lag, members, switchover, verify, oplog/tail, config, drain.</summary>
internal static class CommandEndpoints
{
    private const int UsualEntries = 20;
    private const long MostTailBytes = 8L * 1024 * 1024;

    private static readonly TimeSpan VerifyPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SwitchPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SwitchPollInterval = TimeSpan.FromMilliseconds(20);

    public static void Map(IEndpointRouteBuilder routes, AdminNode node)
    {
        routes.MapCommand(
                CommandTable.Status with { Path = "/admin/status" },
                (CancellationToken stop) => ReplicationEndpoints.StatusAsync(node, stop))
            .AnswersCommand<NodeView>(CommandTable.Status, 503);
        routes.MapCommand(
                CommandTable.Lag with { Path = "/admin/lag" },
                (CancellationToken stop) => ReplicationEndpoints.ReplicationAsync(node, stop))
            .AnswersCommand<ReplicationBody>(CommandTable.Lag, 503);
        routes.MapCommand(CommandTable.Health with { Path = "/admin/health" }, () => HealthEndpoints.Cluster(node))
            .AnswersCommand<HealthView>(CommandTable.Health);
        routes.MapCommand(CommandTable.Members, (CancellationToken stop) => Answered(() => MembersAsync(node, stop)))
            .AnswersCommand<MembersBody>(CommandTable.Members, 503);
        routes.MapCommand(CommandTable.Switchover, (HttpContext context, string? to, CancellationToken stop) =>
                Answered(() => SwitchOverAsync(node, Change.Of(context), to, stop)))
            .AnswersCommand<SwitchoverBody>(CommandTable.Switchover, 400, 409, 503, 504);
        routes.MapCommand(CommandTable.Verify, (HttpContext context, string? shard, CancellationToken stop) =>
                Answered(() => VerifyAsync(node, Change.Of(context), shard, stop)))
            .AnswersCommand<VerifyBody>(CommandTable.Verify, 400, 409, 503);
        routes.MapCommand(CommandTable.OpLogTail, (string? last, CancellationToken stop) => Answered(() => TailAsync(node, last, stop)))
            .AnswersCommand<TailBody>(CommandTable.OpLogTail, 400, 503);
        routes.MapCommand(CommandTable.Config, () =>
                Results.Json(ConfigBody.Of(node.Options.NodeName, node.Options.Settings), CommandJson.Default.ConfigBody))
            .AnswersCommand<ConfigBody>(CommandTable.Config);
        routes.MapCommand(CommandTable.Drain, (
                    HttpContext context, string? segment, string? target, [FromQuery(Name = "max_concurrency")] string? concurrency,
                    CancellationToken stop) =>
                DrainEndpoints.CreateAsync(node, Change.Of(context), segment, target, concurrency, stop))
            .AnswersCommand<DrainAcceptedBody>(CommandTable.Drain, 400, 404, 409, 503, 504);
    }

    private static async Task<IResult> Answered(Func<Task<IResult>> ask)
    {
        try
        {
            return await ask();
        }
        catch (AskTimeoutException)
        {
            return ErrorAnswer.NoReport();
        }
    }

    private static IResult Refused(string reason) =>
        ErrorAnswer.Of(StatusCodes.Status409Conflict, ErrorCode.UnavailableInCurrentStatus, reason);

    private static async Task<IResult> MembersAsync(AdminNode node, CancellationToken stop)
    {
        var leader = (await node.TryReportAsync(stop))?.Replica.Leader.Name;
        return Results.Json(new MembersBody(node.Options.NodeName, MembersOf(node, leader)), CommandJson.Default.MembersBody);
    }

    /// <summary>The cluster's members, as the node sees them, and behind them the configured voters that are none.</summary>
    public static IReadOnlyList<MemberBody> MembersOf(AdminNode node, string? leader)
    {
        var members = node.Members();
        return
        [
            .. members.Select(member => new MemberBody(
                member.Node.Name, member.Address, member.Status, member.Reachable, node.Options.Voters.Contains(member.Node),
                member.Node.Name == leader ? "primary" : "standby", member.Http)),
            .. node.Options.Voters.Where(voter => members.All(member => member.Node != voter))
                .Select(static voter => new MemberBody(voter.Name, "", "Absent", false, true, "", "")),
        ];
    }

    // The answer is given when this node has heard the new Primary, or leads again because the other one did not come to.
    private static async Task<IResult> SwitchOverAsync(AdminNode node, Change change, string? to, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        if (await node.TryReportAsync(stop) is not { } before)
            return ErrorAnswer.NoReport();
        if (before.Replica.Role != ReplicaRole.Primary)
            return Refused($"this node does not lead{(before.Replica.Leader.Name is { Length: > 0 } leader ? $": {leader} does" : "")}");
        if (await node.SwitchOverAsync(change, string.IsNullOrEmpty(to) ? NodeId.None : new NodeId(to), stop) is { } refusal)
            return Refused(refusal);
        while (Stopwatch.GetElapsedTime(began) < SwitchPatience)
        {
            var now = (await node.TryReportAsync(stop))?.Replica;
            var elapsed = (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            if (now is { Role: ReplicaRole.Standby, Leader.Name.Length: > 0 } && now.Leader != now.Node)
                return string.IsNullOrEmpty(to) || now.Leader.Name == to
                    ? Results.Json(
                        new SwitchoverBody(true, now.Node.Name, now.Leader.Name, now.Epoch, elapsed), CommandJson.Default.SwitchoverBody)
                    : Refused($"{to} did not come to lead: {now.Leader} leads in epoch {now.Epoch}");
            if (now is { Role: ReplicaRole.Primary } && now.Epoch > before.Replica.Epoch)
                return Refused($"{to ?? "the other node"} did not come to lead: this node leads again, in epoch {now.Epoch}");
            await Task.Delay(SwitchPollInterval, stop);
        }

        return ErrorAnswer.TimedOut(SwitchPatience);
    }

    private static async Task<IResult> VerifyAsync(AdminNode node, Change change, string? shard, CancellationToken stop)
    {
        var number = -1;
        if (!string.IsNullOrEmpty(shard) && shard != "all" && !CommandTable.Shards.TryParse(shard, out number))
            return ErrorAnswer.BadParameter("shard", $"{CommandTable.Shards.Rule}, or all");
        var answer = await node.VerifyAsync(change, number < 0 ? [] : [Partition.OfShard(number)], VerifyPatience, stop);
        if (answer.Refusal is not null)
            return Refused(answer.Refusal);
        var partitions = answer.Partitions.Select(VerifiedBody.Of).ToArray();
        return Results.Json(
            new VerifyBody(true, node.Options.NodeName, partitions.All(each => each.Result == "equal"), partitions),
            CommandJson.Default.VerifyBody);
    }

    private static async Task<IResult> TailAsync(AdminNode node, string? wanted, CancellationToken stop)
    {
        if (Parameters.Number(wanted, "last", CommandTable.Lines, UsualEntries, out var last) is { } bad)
            return bad;
        if (await node.TryReportAsync(stop) is not { Replica: var replica })
            return ErrorAnswer.NoReport();
        // Batches are read whole, from the one that holds the first entry wanted; what checkpoints cover is not there any more.
        var first = replica.DurableSequence - Math.Min(replica.DurableSequence, (ulong)last) + 1;
        var batches = await node.ReadOpLogAsync(Math.Max(first, replica.State.BaseSequence + 1), MostTailBytes, stop);
        var entries = new List<EntryBody>();
        foreach (var batch in batches)
            foreach (var entry in batch)
                entries.Add(EntryBody.Of(entry));
        return Results.Json(
            new TailBody(node.Options.NodeName, replica.CommittedSequence, entries.Count > last ? entries[^last..] : entries),
            CommandJson.Default.TailBody);
    }
}
