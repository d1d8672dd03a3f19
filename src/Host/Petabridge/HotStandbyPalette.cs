// The operator commands as a palette of Petabridge.Cmd. Compiled with -p:PetabridgeCmd=true only: nothing else needs its packages.
// A row of the command table becomes a definition. A command goes to the HTTP ports of the nodes that it is for, as a verb's does, so
// the same guard checks it and the same audit log records it.
using System.Globalization;
using Akka.Actor;
using HotStandby.Actors.Settings;
using HotStandby.CommandLine;
using HotStandby.Host.Commands.Operator;
using Petabridge.Cmd;
using Petabridge.Cmd.Cluster;
using Petabridge.Cmd.Host;
using Petabridge.Cmd.Remote;
using AkkaCluster = Akka.Cluster.Cluster;

namespace HotStandby.Host.Petabridge;

/// <summary>Opens the Petabridge.Cmd door of a node.</summary>
internal static class PetabridgeDoor
{
    /// <summary>Opens it where <c>petabridge.cmd</c> says; 127.0.0.1:9110 by default.</summary>
    /// <param name="system">The node's actor system.</param>
    /// <param name="access">How this node's HTTP port is reached. Those of the other nodes are taken from the cluster's members.</param>
    public static void Open(ActorSystem system, NodeAccess access)
    {
        var host = PetabridgeCmd.Get(system);
        host.RegisterCommandPalette(ClusterCommands.Instance);
        host.RegisterCommandPalette(RemoteCommands.Instance);
        host.RegisterCommandPalette(new HotStandbyPaletteHandler(access));
        host.Start();
    }
}

/// <summary>The palette <c>hotstandby</c>.</summary>
internal static class HotStandbyPalette
{
    /// <summary>What confirms a dangerous command.</summary>
    public const string Yes = "yes";

    /// <summary>A name without a space, as the palette needs it: <c>oplog-tail</c>.</summary>
    public static string NameOf(OperatorCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return command.Name.Replace(' ', '-');
    }

    /// <summary>All rows of the command table.</summary>
    public static CommandPalette Palette { get; } = new("hotstandby", [.. CommandTable.All.Select(Define)]);

    private static CommandDefinition Define(OperatorCommand command)
    {
        var definition = new CommandDefinitionBuilder().WithName(NameOf(command))
            .WithDescription(command.IsDangerous ? $"{command.Summary} {command.Danger}; say --yes." : command.Summary);
        foreach (var argument in command.Arguments)
            definition = definition.WithArgument(built => built.IsMandatory(argument.IsPositional).WithName(argument.Name)
                .WithSwitch($"--{argument.Name.ToLowerInvariant()}").WithDescription(argument.Summary));
        if (command.IsDangerous)
            definition = definition.WithArgument(
                static built => built.IsMandatory(false).WithName(Yes).WithSwitch($"--{Yes}").WithDescription("Yes, do it."));
        return definition.Build();
    }
}

/// <summary>Makes the actors that answer a session.</summary>
/// <param name="access">How this node's HTTP port is reached.</param>
internal sealed class HotStandbyPaletteHandler(NodeAccess access) : CommandPaletteHandler(HotStandbyPalette.Palette)
{
    /// <inheritdoc/>
    public override Props HandlerProps { get; } = Props.Create(() => new HotStandbyCommands(access));
}

/// <summary>Carries out the commands of one session.</summary>
internal sealed class HotStandbyCommands : CommandHandlerActor
{
    private readonly AkkaCluster _cluster = AkkaCluster.Get(Context.System);
    private readonly NodeAccess _access;

    /// <summary>Registers every row of the table.</summary>
    public HotStandbyCommands(NodeAccess access) : base(HotStandbyPalette.Palette)
    {
        _access = access;
        foreach (var row in CommandTable.All)
            Process(HotStandbyPalette.NameOf(row), command => Begin(row, command));
    }

    private void Begin(OperatorCommand row, Command command)
    {
        // What was typed comes as pairs of switch and value.
        var typed = command.Arguments.ToDictionary(
            static each => each.Item1.TrimStart('-'), static each => each.Item2, StringComparer.OrdinalIgnoreCase);
        var said = row.Arguments.Where(each => typed.ContainsKey(each.Name))
            .ToDictionary(static each => each.Name, each => typed[each.Name]);
        var asker = Sender;
        if (row.IsDangerous && !typed.ContainsKey(HotStandbyPalette.Yes))
        {
            asker.Tell(new ErroredCommandResponse($"{row.Danger}; say --{HotStandbyPalette.Yes}"));
            return;
        }

        RunAsync(_access with { Addresses = Addresses() }, row, said).PipeTo(
            asker, Self, answers => Tell(row, answers), static error => new ErroredCommandResponse(error.Message));
    }

    // This node first; the others say in their roles where their HTTP ports are.
    private string[] Addresses() =>
        [.. _access.Addresses, .. _cluster.State.Members.Where(member => member.UniqueAddress != _cluster.SelfUniqueAddress)
            .Select(static member => NodeConfiguration.HttpOf(member.Roles)).Where(static origin => origin.Length > 0)];

    private static async Task<IReadOnlyList<NodeAnswer>> RunAsync(NodeAccess access, OperatorCommand row, Dictionary<string, string> said)
    {
        using var nodes = new NodeClient(access);
        return await nodes.RunAsync(row, said, isConfirmed: true, CancellationToken.None);
    }

    private static CommandResponse Tell(OperatorCommand row, IReadOnlyList<NodeAnswer> answers)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var terminal = new Terminal(text, text, false);
        foreach (var problem in answers.Where(static each => !each.IsGood))
            terminal.WriteError(problem.Problem!);
        NodeAnswer[] good = [.. answers.Where(static each => each.IsGood)];
        if (good.Length == 0)
            return new ErroredCommandResponse(text.ToString());
        foreach (var table in row.Render(good))
            terminal.WriteTable(table.Title, table.Headings, table.Rows);
        return new CommandResponse(text.ToString(), true);
    }
}
