// The operator commands: one row each. Everything that offers commands follows from this table; what a node does when it is asked is
// in Http/CommandEndpoints.cs, how an answer looks in CommandRendering.cs.
using System.Globalization;
using HotStandby.CommandLine;
using HotStandby.Core.Verification;
using HotStandby.Host.Http;
using HotStandby.Messages.Identity;

namespace HotStandby.Host.Commands.Operator;

/// <summary>The command table.</summary>
internal static class CommandTable
{
    /// <summary>How many lines of a log one answer has.</summary>
    public static NumberRange Lines { get; } = new(1, 1000);

    /// <summary>Numbers of shards; how many there are is the cluster's.</summary>
    public static NumberRange Shards { get; } = new(0, Partition.MaximumShards - 1);

    /// <summary>Moves of a drain job at a time.</summary>
    public static NumberRange Moves { get; } = new(1, 1024);

    private static readonly CommandArgument Last = new("last", "How many, 1 to 1000.", "last", Range: Lines);

    private static readonly CommandArgument StandbyNode =
        new("NODE", "The node-id of a Standby, or the address of its HTTP port.", null, IsPositional: true);

    /// <summary>Who leads, and how far everybody is.</summary>
    public static OperatorCommand Status { get; } = new("status", "Show who leads, and how far the others are.", HttpMethod.Get, "/status")
    {
        Reach = CommandReach.Every, Render = CommandRendering.Status, Judge = CommandRendering.Health,
    };

    /// <summary>Whether the next loss stops service.</summary>
    public static OperatorCommand Health { get; } = new(
        "health", "Show how many of the configured voters count, and why no node serves.", HttpMethod.Get, "/health/cluster")
    {
        Reach = CommandReach.Every, Render = CommandRendering.Voters, Judge = CommandRendering.Health,
    };

    /// <summary>The cluster's members.</summary>
    public static OperatorCommand Members { get; } = new(
        "members", "Show the members of the cluster as one node sees them, oldest first, and the configured voters that are missing.",
        HttpMethod.Get, "/admin/members")
    {
        Render = CommandRendering.Members,
    };

    /// <summary>The Standbys' lag.</summary>
    public static OperatorCommand Lag { get; } = new(
        "lag", "Show how far each Standby is behind the Primary.", HttpMethod.Get, "/replication")
    {
        Reach = CommandReach.Primary, Render = CommandRendering.Lag,
    };

    /// <summary>Another Primary.</summary>
    public static OperatorCommand Switchover { get; } = new(
        "switchover", "Let another node lead: the Primary hands over in order and stays as a Standby.", HttpMethod.Post,
        "/admin/switchover")
    {
        Reach = CommandReach.Primary, Render = CommandRendering.Switchover,
        Danger = "calls in flight may be cut off, and no node serves for a fraction of a second",
        Arguments = [new("to", "The node-id that shall lead; without it the Standby that is furthest.", "to")],
    };

    /// <summary>Verification now.</summary>
    public static OperatorCommand Verify { get; } = new(
        "verify", "Compare the Standbys with the Primary now, and wait for the result.", HttpMethod.Post, "/admin/verify")
    {
        Reach = CommandReach.Standbys, Render = CommandRendering.Verify, Patience = TimeSpan.FromSeconds(45),
        Judge = static answers =>
            answers.All(static each => each.Body.GetProperty("clean").GetBoolean()) ? ExitCode.Ok : ExitCode.FailedRun,
        Arguments =
        [
            new(
                "shard", "One shard, 0 and up; without it, or with all, every shard and the segment table.", "shard", Values: ["all"],
                Range: Shards),
        ],
    };

    /// <summary>A fault, to see verification find it.</summary>
    public static OperatorCommand Inject { get; } = new(
        "verify inject", "For drills: put a fault into a shard of a Standby, where hotstandby.testing.faults is on.", HttpMethod.Post,
        "/admin/verify/inject")
    {
        Reach = CommandReach.Named, Render = CommandRendering.Injected,
        Danger = "the Standby's state is wrong until verification has mended it",
        Arguments =
        [
            StandbyNode,
            new("shard", "Which shard, 0 and up.", "shard", Range: Shards),
            new("fault", "What.", "fault", Values: [.. Enum.GetValues<VerifyFault>().Select(StateEndpoints.NameOf)]),
        ],
    };

    /// <summary>A Standby's state anew.</summary>
    public static OperatorCommand FullSync { get; } = new(
        "full-sync", "Replace a Standby's state by a full sync from another node.", HttpMethod.Post, "/admin/full-sync")
    {
        Reach = CommandReach.Named, Render = CommandRendering.Begun, Danger = "the Standby cannot take over until it is complete",
        Arguments = [StandbyNode], Job = JobWatch.FullSync(StandbyNode),
    };

    /// <summary>Checkpoints now.</summary>
    public static OperatorCommand Checkpoint { get; } = new(
        "checkpoint", "Begin a round of checkpoints.", HttpMethod.Post, "/admin/checkpoint")
    {
        Reach = CommandReach.Every, Render = CommandRendering.Begun,
    };

    /// <summary>The newest entries.</summary>
    public static OperatorCommand OpLogTail { get; } = new(
        "oplog tail", "Show the last entries of a node's OpLog.", HttpMethod.Get, "/admin/oplog/tail")
    {
        Render = CommandRendering.Entries, Arguments = [Last],
    };

    /// <summary>Settings in force.</summary>
    public static OperatorCommand Config { get; } = new(
        "config", "Show the settings in force on a node, and where each comes from.", HttpMethod.Get, "/admin/config")
    {
        Render = CommandRendering.Config,
    };

    /// <summary>A segment without objects.</summary>
    public static OperatorCommand Drain { get; } = new("drain", "Move every object off a segment.", HttpMethod.Post, "/admin/drain")
    {
        Reach = CommandReach.Primary, Render = CommandRendering.Drain, Job = JobWatch.Drain,
        Danger = "the segment takes no new objects, and its clients move all that it holds",
        Arguments =
        [
            new("SEGMENT", "The segment's name.", "segment", IsPositional: true),
            new("target", "A segment to move to; without it any.", "target"),
            new("concurrency", "Moves at a time, 1 to 1024.", "max_concurrency", Range: Moves),
        ],
    };

    /// <summary>Mounted memory.</summary>
    public static OperatorCommand Segments { get; } = new(
        "segments", "Show the mounted segments and how full they are.", HttpMethod.Get, "/get_segments_detail")
    {
        Reach = CommandReach.Primary, Render = CommandRendering.Segments,
    };

    /// <summary>Whose memory it is.</summary>
    public static OperatorCommand Clients { get; } = new(
        "clients", "Show the clients that have mounted segments, and how full these are.", HttpMethod.Get, "/admin/clients")
    {
        Reach = CommandReach.Primary, Render = CommandRendering.Clients,
    };

    /// <summary>What has happened.</summary>
    public static OperatorCommand Events { get; } = new(
        "events", "Show what has happened on a node lately, the newest at the end.", HttpMethod.Get, "/admin/events")
    {
        Render = CommandRendering.Events, Arguments = [Last],
    };

    /// <summary>All of them, as they are listed.</summary>
    public static IReadOnlyList<OperatorCommand> All { get; } =
        [
            Status, Health, Members, Lag, Switchover, Verify, Inject, FullSync, Checkpoint, OpLogTail, Config, Drain, Segments,
            Clients, Events,
        ];

    /// <summary>The path and query of a command with these arguments.</summary>
    /// <param name="command">Which.</param>
    /// <param name="arguments">Values by argument name; those without a value are missing.</param>
    /// <param name="isConfirmed">Somebody who knows what it does wants it.</param>
    public static string QueryOf(OperatorCommand command, IReadOnlyDictionary<string, string> arguments, bool isConfirmed)
    {
        ArgumentNullException.ThrowIfNull(command);
        var parts = command.Arguments.Where(each => each.Parameter is not null && arguments.ContainsKey(each.Name))
            .Select(each => string.Create(
                CultureInfo.InvariantCulture, $"{each.Parameter}={Uri.EscapeDataString(arguments[each.Name])}")).ToList();
        if (command.IsDangerous && isConfirmed)
            parts.Add("confirm=yes");
        return parts.Count == 0 ? command.Path : $"{command.Path}?{string.Join('&', parts)}";
    }
}
