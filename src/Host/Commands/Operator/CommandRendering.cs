// How the answers of operator commands look as tables. Reads the JSON that the endpoints give, so that every face that has it shows the
// same; never asks anybody.
using System.Globalization;
using System.Text.Json;
using HotStandby.CommandLine;
using HotStandby.CommandLine.Status;
using HotStandby.Core.Membership;
using HotStandby.Host.Http;

namespace HotStandby.Host.Commands.Operator;

/// <summary>Answers as tables.</summary>
internal static class CommandRendering
{
    private static readonly string[] StatusHeadings = ["node", "role", "serves", "epoch", "commit", "applied", "lease", "votes", "objects"];
    private static readonly string[] StandbyHeadings = ["standby", "state", "stored", "lag", "applied", "votes", "silent"];
    private static readonly string[] ClockHeadings = ["node", "sees the clock of", "ahead by"];
    private static readonly string[] VoterHeadings = ["voter", "state"];
    private static readonly string[] SightHeadings = ["node", "serves", "verdict", "what it sees"];
    private static readonly string[] MemberHeadings = ["node", "address", "status", "reachable", "voter", "role"];
    private static readonly string[] SwitchoverHeadings = ["from", "to", "epoch", "time"];
    private static readonly string[] VerifyHeadings = ["node", "partition", "result", "objects", "mismatched", "repaired", "marker"];
    private static readonly string[] OutcomeHeadings = ["node", "outcome"];
    private static readonly string[] EntryHeadings = ["seq", "epoch", "time", "type", "partition", "key", "payload"];
    private static readonly string[] SettingHeadings = ["setting", "value", "from"];
    private static readonly string[] JobHeadings = ["job", "status"];
    private static readonly string[] SegmentHeadings = ["segment", "status", "size", "used", "endpoint", "client"];
    private static readonly string[] ClientHeadings = ["client", "segments", "size", "used"];
    private static readonly string[] EventHeadings = ["time", "node", "epoch", "kind", "what"];

    public static IEnumerable<ResultTable> Status(IReadOnlyList<NodeAnswer> answers)
    {
        if (Best(answers) is { } best)
            yield return OfCluster(best.Body);
        yield return new ResultTable("Nodes", StatusHeadings, [.. answers.Select(each => StatusRow(each.Body))]);
        foreach (var primary in answers.Where(each => each.Body.GetProperty("standbys").GetArrayLength() > 0))
            yield return Table(
                $"Standbys of {Text(primary.Body, "node")}", StandbyHeadings, primary.Body.GetProperty("standbys"), standby =>
            [
                Text(standby, "node"), Text(standby, "state"), Text(standby, "stored_sequence"), Text(standby, "lag_entries"),
                Text(standby, "applied_sequence"), YesNo(standby, "voting"), Text(standby, "silent_milliseconds") + "ms",
            ]);
        if (WrongClocks(answers).ToArray() is { Length: > 0 } wrong)
            yield return new ResultTable("Wall clocks that differ by more than 100 ms", ClockHeadings, wrong);
    }

    private static IEnumerable<IReadOnlyList<string>> WrongClocks(IReadOnlyList<NodeAnswer> answers) =>
        from answer in answers
        where answer.Body.TryGetProperty("clocks", out _)
        from clock in answer.Body.GetProperty("clocks").EnumerateArray()
        let offset = clock.GetProperty("offset_milliseconds").GetDouble()
        where Math.Abs(offset) - clock.GetProperty("error_milliseconds").GetDouble() > ClockComparison.Allowed.TotalMilliseconds
        select (IReadOnlyList<string>)
            [Text(answer.Body, "node"), Text(clock, "node"), string.Create(CultureInfo.InvariantCulture, $"{offset:0}ms")];

    /// <summary>The voters by the node that knows best, and what every node says.</summary>
    public static IEnumerable<ResultTable> Voters(IReadOnlyList<NodeAnswer> answers)
    {
        if (Best(answers) is { } best)
            yield return OfCluster(best.Body);
        yield return new ResultTable("As each node sees it", SightHeadings, [.. answers.Select(static each => (IReadOnlyList<string>)
            [Text(each.Body, "node"), YesNo(each.Body, "serving"), Text(each.Body.GetProperty("cluster"), "verdict"),
                Text(each.Body.GetProperty("cluster"), "summary")])]);
    }

    /// <summary>The exit code for what the nodes say of the cluster; those of an earlier version say nothing.</summary>
    public static int Health(IReadOnlyList<NodeAnswer> answers) =>
        Best(answers) is not { } best ? ExitCode.Ok : Text(best.Body.GetProperty("cluster"), "verdict") switch
        {
            Verdicts.Ok => ExitCode.Ok,
            Verdicts.Degraded => ExitCode.Degraded,
            _ => ExitCode.NoService,
        };

    // The node that serves knows best; then one that hears it; then one that knows why no node does.
    private static NodeAnswer? Best(IReadOnlyList<NodeAnswer> answers) => answers
        .Where(static each => each.Body.TryGetProperty("cluster", out var cluster) && cluster.ValueKind == JsonValueKind.Object)
        .OrderByDescending(static each => each.Body.GetProperty("serving").GetBoolean())
        .ThenBy(static each => Text(each.Body.GetProperty("cluster"), "verdict") switch
        {
            Verdicts.Ok or Verdicts.Degraded => 0,
            Verdicts.Down => 1,
            _ => 2,
        })
        .ThenBy(static each => each.Body.GetProperty("cluster").GetProperty("configured").EnumerateArray()
            .Count(static voter => Text(voter, "state") == VoterStates.Reached)) // of these it knows too little
        .FirstOrDefault();

    private static ResultTable OfCluster(JsonElement body)
    {
        var cluster = body.GetProperty("cluster");
        return Table(
            $"Cluster {Text(cluster, "verdict")}: {Text(cluster, "summary")}", VoterHeadings, cluster.GetProperty("configured"),
            static voter => [Text(voter, "node"), Text(voter, "state")]);
    }

    public static IEnumerable<ResultTable> Members(IReadOnlyList<NodeAnswer> answers) => answers.Select(each => Table(
        $"Members, as {Text(each.Body, "node")} sees them", MemberHeadings, each.Body.GetProperty("members"), member =>
        [
            Text(member, "node"), Text(member, "address"), Text(member, "status"), YesNo(member, "reachable"), YesNo(member, "voter"),
            Text(member, "role"),
        ]));

    public static IEnumerable<ResultTable> Lag(IReadOnlyList<NodeAnswer> answers) => answers.Select(each => Table(
        $"Standbys of {Text(each.Body, "node")}, committed {Text(each.Body, "committed_sequence")}", StandbyHeadings,
        each.Body.GetProperty("peers"), peer =>
        [
            Text(peer, "node"), Text(peer, "state"), Text(peer, "stored_sequence"), Text(peer, "lag_entries"),
            Text(peer, "applied_sequence"), YesNo(peer, "voting"), Text(peer, "silent_milliseconds") + "ms",
        ]));

    public static IEnumerable<ResultTable> Switchover(IReadOnlyList<NodeAnswer> answers) =>
    [
        new("Switchover", SwitchoverHeadings,
            [.. answers.Select(each => (IReadOnlyList<string>)[Text(each.Body, "from"), Text(each.Body, "to"), Text(each.Body, "epoch"),
                Text(each.Body, "milliseconds") + "ms"])]),
    ];

    // What is as it should be is one row a node; the rest is listed.
    public static IEnumerable<ResultTable> Verify(IReadOnlyList<NodeAnswer> answers)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var (node, partitions) in answers.Select(
            each => (Text(each.Body, "node"), each.Body.GetProperty("partitions").EnumerateArray().ToArray())))
        {
            var plain = partitions.Where(each => Text(each, "result") == "equal" && Text(each, "mismatched") == "0").ToArray();
            if (plain.Length > 1)
                rows.Add([node, $"{plain.Length} partitions", "equal",
                    plain.Sum(each => each.GetProperty("keys").GetInt64()).ToString(CultureInfo.InvariantCulture), "0", "0", ""]);
            rows.AddRange(partitions.Except(plain.Length > 1 ? plain : []).Select(each => (IReadOnlyList<string>)
            [
                node, Text(each, "partition"), Text(each, "result"), Text(each, "keys"), Text(each, "mismatched"), Text(each, "repaired"),
                Text(each, "marker_sequence"),
            ]));
        }

        yield return new ResultTable("Verification", VerifyHeadings, rows);
    }

    public static IEnumerable<ResultTable> Begun(IReadOnlyList<NodeAnswer> answers) => [Outcomes(answers, static _ => "begun")];

    public static IEnumerable<ResultTable> Injected(IReadOnlyList<NodeAnswer> answers) =>
        [Outcomes(answers, static body => $"{Text(body, "affected")} things are wrong now")];

    public static IEnumerable<ResultTable> Entries(IReadOnlyList<NodeAnswer> answers) => answers.Select(each => Table(
        $"OpLog of {Text(each.Body, "node")}, committed {Text(each.Body, "committed_sequence")}", EntryHeadings,
        each.Body.GetProperty("entries"), EntryRow));

    public static IEnumerable<ResultTable> Config(IReadOnlyList<NodeAnswer> answers) => answers.Select(each => Table(
        $"Settings in force on {Text(each.Body, "node")}", SettingHeadings, each.Body.GetProperty("settings"), setting =>
            [Text(setting, "path"), Text(setting, "value"), Text(setting, "from")]));

    public static IEnumerable<ResultTable> Drain(IReadOnlyList<NodeAnswer> answers) =>
        [new("Drain job", JobHeadings,
            [.. answers.Select(each => (IReadOnlyList<string>)[Text(each.Body, "job_id"), Text(each.Body, "status")])])];

    public static IEnumerable<ResultTable> Segments(IReadOnlyList<NodeAnswer> answers) => answers.Select(static each => Table(
        "Mounted segments", SegmentHeadings, each.Body.GetProperty("segments"), static segment =>
        [
            Text(segment, "segment_name"), Text(segment, "status"), Text(segment, "size_human"),
            UsedOf(segment, "allocator_used_bytes", "size_bytes"), Text(segment, "te_endpoint"), Text(segment, "client_id"),
        ]));

    public static IEnumerable<ResultTable> Clients(IReadOnlyList<NodeAnswer> answers) => answers.Select(static each => Table(
        "Clients with mounted segments", ClientHeadings, each.Body.GetProperty("clients"), static client =>
        [
            Text(client, "client_id"), Text(client, "segments"),
            SegmentEndpoints.SizeForPeople(client.GetProperty("size_bytes").GetUInt64()), UsedOf(client, "used_bytes", "size_bytes"),
        ]));

    public static IEnumerable<ResultTable> Events(IReadOnlyList<NodeAnswer> answers) => answers.Select(each => Table(
        "Events", EventHeadings, each.Body.GetProperty("events"), happened =>
            [Text(happened, "time"), Text(happened, "node"), Text(happened, "epoch"), Text(happened, "kind"), Text(happened, "text")]));

    /// <summary>Entries that were read without a node.</summary>
    public static ResultTable Entries(string title, IEnumerable<JsonElement> entries) =>
        new(title, EntryHeadings, [.. entries.Select(EntryRow)]);

    private static IReadOnlyList<string> EntryRow(JsonElement entry) =>
    [
        Text(entry, "sequence"), Text(entry, "epoch"), Text(entry, "time"), Text(entry, "type"), Text(entry, "partition"),
        Text(entry, "key"), Text(entry, "payload_bytes") + " B",
    ];

    private static IReadOnlyList<string> StatusRow(JsonElement view) =>
    [
        Text(view, "node"), Text(view, "role"), YesNo(view, "serving"), Text(view, "epoch"), Text(view, "committed_sequence"),
        Text(view, "applied_sequence"), Text(view, "lease_remaining_milliseconds") + "ms", YesNo(view, "voting"),
        view.GetProperty("partitions")
            .EnumerateArray().Skip(1).Sum(each => each.GetProperty("things").GetInt64()).ToString(CultureInfo.InvariantCulture),
    ];

    private static ResultTable Outcomes(IReadOnlyList<NodeAnswer> answers, Func<JsonElement, string> outcome) =>
        new("Outcome", OutcomeHeadings, [.. answers.Select(each => (IReadOnlyList<string>)[each.Address, outcome(each.Body)])]);

    private static ResultTable Table(
        string title, IReadOnlyList<string> headings, JsonElement rows, Func<JsonElement, IReadOnlyList<string>> row) =>
        new(title, headings, [.. rows.EnumerateArray().Select(row)]);

    private static string Text(JsonElement from, string name) => from.TryGetProperty(name, out var value) ? value.ToString() : "";

    private static string UsedOf(JsonElement from, string used, string size)
    {
        var (part, whole) = (from.GetProperty(used).GetUInt64(), from.GetProperty(size).GetUInt64());
        return string.Create(
            CultureInfo.InvariantCulture, $"{SegmentEndpoints.SizeForPeople(part)} ({(whole == 0 ? 0 : 100.0 * part / whole):0.#}%)");
    }

    private static string YesNo(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True ? "yes" : "no";
}
