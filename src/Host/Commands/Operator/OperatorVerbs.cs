// The operator commands as verbs of the executable, made from the command table. What is particular to one of them is here; what nodes
// do is theirs.
using System.CommandLine;
using System.CommandLine.Parsing;
using HotStandby.CommandLine;

namespace HotStandby.Host.Commands.Operator;

/// <summary>Makes the verbs.</summary>
internal static class OperatorVerbs
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    /// <summary>All of them; commands of two words are parts of one verb.</summary>
    public static IEnumerable<Command> CreateAll(Terminal terminal)
    {
        var verbs = new Dictionary<string, Command>();
        foreach (var row in CommandTable.All)
        {
            var words = row.Name.Split(' ');
            var command = Create(terminal, row, words[^1]);
            if (words.Length == 1)
                verbs[words[0]] = command;
            else if (verbs.TryGetValue(words[0], out var verb))
                verb.Add(command);
            else
                verbs[words[0]] = new Command(words[0], "Look at the OpLog: of a node, or in the files of a stopped one.") { command };
        }

        foreach (var command in OpLogFilesCommands.CreateAll(terminal))
            verbs["oplog"].Add(command);
        verbs["config"].Add(ConfigDiffCommand.Create(terminal));
        return verbs.Values.Append(TopCommand.Create(terminal));
    }

    private static Command Create(Terminal terminal, OperatorCommand row, string name)
    {
        var access = new NodeAccessOptions();
        var json = new Option<bool>("--json") { Description = "One JSON document a node." };
        var yes = new Option<bool>("--yes") { Description = $"Do not ask: {row.Danger}." };
        var wait = new Option<bool>("--wait")
        {
            Description = "Wait for the end and show how far it is; 0 when all is done, 1 when it has failed, 75 when no node answers.",
        };
        var watch = new Option<bool>("--watch") { Description = "Again every second, until Ctrl-C." };
        var command = new Command(name, row.Summary);
        var values = new List<(CommandArgument Row, Func<ParseResult, string?> Value)>();
        foreach (var argument in row.Arguments)
        {
            if (argument.IsPositional)
            {
                var symbol = new Argument<string>(argument.Name) { Description = argument.Summary };
                command.Add(symbol);
                values.Add((argument, result => result.GetValue(symbol)));
            }
            else
            {
                var symbol = new Option<string?>($"--{argument.Name}") { Description = argument.Summary, HelpName = argument.Name };
                if (argument.Range is { } range)
                    symbol.Validators.Add(result => CheckNumber(result, argument, range));
                else if (argument.Values is { } allowed)
                    symbol.AcceptOnlyFromAmong([.. allowed]);
                command.Add(symbol);
                values.Add((argument, result => result.GetValue(symbol)));
            }
        }

        if (row == CommandTable.Verify)
            command.Add(new Option<bool>("--all") { Description = "All shards, which is what happens without --shard." });
        if (row == CommandTable.Lag)
            command.Add(watch);
        if (row.IsDangerous)
            command.Add(yes);
        if (row.Job is not null)
            command.Add(wait);
        command.Add(json);
        access.AddTo(command);
        command.SetAction(async (result, stop) =>
        {
            if (access.Read(terminal, result) is not { } nodes)
                return ExitCode.InputMissing;
            if (row.IsDangerous && !result.GetValue(yes) && !terminal.Confirm($"{row.Danger}."))
            {
                terminal.WriteError($"{row.Name}: {row.Danger}; say --yes");
                return ExitCode.Usage;
            }

            var arguments = values.Select(each => (each.Row.Name, Value: each.Value(result))).Where(static each => each.Value is not null)
                .ToDictionary(static each => each.Name, static each => each.Value!);
            using var client = new NodeClient(nodes);
            var answers = await client.RunAsync(row, arguments, isConfirmed: true, stop);
            var code = Show(terminal, row, answers, result.GetValue(json));
            if (code == ExitCode.Ok && row.Job is { } job && result.GetValue(wait))
            {
                var begun = answers.First(static each => each.IsGood).Body;
                return await new JobFollower(terminal, client).FollowAsync(job, job.ArgumentsOf(arguments, begun), stop);
            }

            if (row != CommandTable.Lag || !result.GetValue(watch))
                return code;
            using var timer = new PeriodicTimer(WatchInterval);
            while (await timer.WaitForNextTickAsync(stop))
            {
                if (terminal.IsInteractive)
                    Spectre.Console.AnsiConsoleExtensions.Clear(terminal.Ansi);
                code = Show(terminal, row, await client.RunAsync(row, arguments, isConfirmed: true, stop), result.GetValue(json));
            }

            return code;
        });
        return command;
    }

    private static void CheckNumber(OptionResult result, CommandArgument argument, NumberRange range)
    {
        var words = argument.Values is { } allowed ? $", or {string.Join(" or ", allowed)}" : "";
        foreach (var token in result.Tokens)
        {
            if (!range.TryParse(token.Value, out _) && argument.Values?.Contains(token.Value) != true)
                result.AddError($"--{argument.Name} {range.Rule}{words}, not {token.Value}");
        }
    }

    // What is good is shown even when others do not answer; the exit code is that of the worst.
    private static int Show(Terminal terminal, OperatorCommand row, IReadOnlyList<NodeAnswer> answers, bool json)
    {
        var good = answers.Where(static each => each.IsGood).ToArray();
        foreach (var problem in answers.Where(static each => !each.IsGood))
            terminal.WriteError(problem.Problem!);
        if (json)
        {
            foreach (var answer in good)
                terminal.Output.WriteLine(System.Text.Json.JsonSerializer.Serialize(answer.Body, NodeAnswerJson.Default.JsonElement));
        }
        else if (good.Length > 0)
        {
            foreach (var table in row.Render(good))
                terminal.WriteTable(table.Title, table.Headings, table.Rows);
        }

        var refused = answers.Any(static each => each.Problem is not null && each.Status != 0);
        if (good.Length == 0)
            return ExitCode.FailedRun;
        var judged = row.Judge(good);
        return judged == ExitCode.Ok && refused ? ExitCode.FailedRun : judged;
    }
}
