// config diff: the settings in which the nodes of a cluster differ. A node's own settings differ on purpose; those of the cluster must not.
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using HotStandby.CommandLine;

namespace HotStandby.Host.Commands.Operator;

/// <summary>The verb <c>config diff</c>.</summary>
internal static class ConfigDiffCommand
{
    /// <summary>
    /// Settings, and blocks of them, that reference.conf marks <c>[cluster]</c>: the same on every node. Not <c>remoting.tls</c>: its
    /// files have names of their own, and a node without them does not come into a cluster that has them.
    /// </summary>
    internal static readonly string[] OfTheCluster =
    [
        "hotstandby.cluster-id", "hotstandby.voters", "hotstandby.shards", "hotstandby.commit", "hotstandby.discovery.cluster",
        "hotstandby.lease", "hotstandby.objects",
    ];

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var access = new NodeAccessOptions();
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command(
            "diff", "Show the settings in which the nodes differ; 1 when one differs that must be the same on every node of a cluster.")
        {
            json,
        };
        access.AddTo(command);
        command.SetAction(async (result, stop) =>
        {
            if (access.Read(terminal, result) is not { } nodes)
                return ExitCode.InputMissing;
            using var client = new NodeClient(nodes);
            var answers = await client.RunAsync(
                CommandTable.Config with { Reach = CommandReach.Every }, new Dictionary<string, string>(), isConfirmed: false, stop);
            foreach (var silent in answers.Where(static each => !each.IsGood))
                terminal.WriteError(silent.Problem!);
            if (answers.Count(static each => each.IsGood) < 2)
            {
                terminal.WriteError("config diff needs the settings of two nodes or more");
                return ExitCode.FailedRun;
            }

            var diff = Compare([.. answers.Where(static each => each.IsGood).Select(static each => each.Body)]);
            Print(terminal, diff, result.GetValue(json));
            return diff.Settings.Any(static each => each.MustBeEqual) || answers.Any(static each => !each.IsGood)
                ? ExitCode.FailedRun : ExitCode.Ok;
        });
        return command;
    }

    /// <summary>What differs.</summary>
    /// <param name="bodies">Of /admin/config, one a node.</param>
    internal static ConfigDiffBody Compare(IReadOnlyList<JsonElement> bodies)
    {
        var nodes = bodies.Select(static body => body.GetProperty("node").GetString()!).ToArray();
        var values = bodies.Select(static body => body.GetProperty("settings").EnumerateArray().ToDictionary(
            static each => each.GetProperty("path").GetString()!, static each => each.GetProperty("value").GetString()!)).ToArray();
        return new ConfigDiffBody(
        [
            .. values.SelectMany(static each => each.Keys).Distinct()
                .Select(path => (Path: path, Values: nodes.Zip(
                    values, (node, each) => new NodeValueBody(node, each.GetValueOrDefault(path))).ToArray()))
                .Where(static each => each.Values.Select(static value => value.Value).Distinct().Count() > 1)
                .Select(static each => new DifferingSettingBody(each.Path, IsOfTheCluster(each.Path), each.Values)),
        ]);
    }

    private static bool IsOfTheCluster(string path) => Array.Exists(
        OfTheCluster, each => path == each || path.StartsWith($"{each}.", StringComparison.Ordinal));

    private static void Print(Terminal terminal, ConfigDiffBody diff, bool json)
    {
        if (json)
        {
            terminal.Output.WriteLine(JsonSerializer.Serialize(diff, ConfigDiffJson.Default.ConfigDiffBody));
            return;
        }

        if (diff.Settings.Count == 0)
        {
            terminal.Output.WriteLine("all settings are equal");
            return;
        }

        terminal.WriteTable(
            "Settings that differ", ["setting", "must be equal", .. diff.Settings[0].Values.Select(static each => each.Node)],
            [
                .. diff.Settings.Select(static each => (IReadOnlyList<string>)
                    [each.Path, each.MustBeEqual ? "yes" : "no", .. each.Values.Select(static value => value.Value ?? "not there")]),
            ]);
    }
}

/// <summary>The value of one node; null: it does not know the setting, as one of another version.</summary>
internal sealed record NodeValueBody(string Node, string? Value);

/// <summary>A setting that differs.</summary>
internal sealed record DifferingSettingBody(string Path, bool MustBeEqual, IReadOnlyList<NodeValueBody> Values);

/// <summary>config diff.</summary>
internal sealed record ConfigDiffBody(IReadOnlyList<DifferingSettingBody> Settings);

/// <summary>How it is written, compiled in.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ConfigDiffBody))]
internal sealed partial class ConfigDiffJson : JsonSerializerContext;
