// check-config: reads a node's configuration exactly as run does, says all that is wrong with it or shows what is in force,
// and predicts how long a failover takes with it. Starts nothing.
using System.Collections;
using System.CommandLine;
using System.Globalization;
using HotStandby.Actors.Settings;
using HotStandby.CommandLine;
using HotStandby.Host.Limits;

namespace HotStandby.Host.Commands;

/// <summary>The verb <c>check-config</c>.</summary>
internal static class CheckConfigCommand
{
    private static readonly string[] SettingHeadings = ["setting", "value", "from"];
    private static readonly string[] ResourceHeadings = ["resource", "limit", "may be used"];
    private static readonly string[] PartHeadings = ["part", "time"];

    public static Command Create(Terminal terminal)
    {
        var options = new ConfigurationOptions();
        var command = new Command(
            "check-config", "Check a node's configuration and show what is in force.") { options.File, options.Overrides };
        command.SetAction(result => Run(terminal, options.Load(result)));
        return command;
    }

    private static int Run(Terminal terminal, ConfigurationResult result)
    {
        foreach (var warning in result.Warnings)
            terminal.Error.WriteLine($"warning: {warning}");
        if (result.Configuration is not { } configuration)
            return ConfigurationOptions.Report(terminal, result);
        terminal.WriteTable("Settings in force", SettingHeadings,
            [.. configuration.Effective.Select(setting => (IReadOnlyList<string>)[setting.Path, setting.Value, NameOf(setting.Source)])]);
        var plan = ResourcePlan.Of(configuration.Settings, ProcessLimits.Raise());
        foreach (var warning in plan.Warnings)
            terminal.Error.WriteLine($"warning: {warning}");
        terminal.WriteTable("Resources, with the limits of this process", ResourceHeadings, plan.Rows);
        var prediction = FailoverPrediction.From(configuration);
        terminal.WriteTable("Failover after a killed Primary, predicted", PartHeadings,
        [
            ["known to be lost", Seconds(prediction.Loss)],
            ["next candidate starts", Seconds(prediction.Start)],
            ["grants run out", Seconds(prediction.GrantWait)],
            ["total", Seconds(prediction.Total)],
        ]);
        if (plan.Refusal is not { } refusal)
            return ExitCode.Ok;
        terminal.Error.WriteLine($"error: {refusal}");
        return ExitCode.Configuration;
    }

    /// <summary>Where a value comes from, for people.</summary>
    public static string NameOf(SettingSource source) => source switch
    {
        SettingSource.Default => "default",
        SettingSource.File => "file",
        SettingSource.Environment => "environment",
        _ => "command line",
    };

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s");
}

/// <summary>The options by which a command is told its configuration.</summary>
internal sealed class ConfigurationOptions
{
    public Option<string> File { get; } = new Option<string>("--config", "-c")
    {
        Description = "The node's HOCON file.", Required = true, HelpName = "file",
    }.RefuseTilde();

    public Option<string[]> Overrides { get; } = MakeOverrides();

    public ConfigurationResult Load(ParseResult result) => NodeConfiguration.Load(
        result.GetRequiredValue(File), (result.GetValue(Overrides) ?? []).Select(Split), Environment.GetEnvironmentVariables());

    /// <summary>Prints all errors and gives the exit code for them.</summary>
    public static int Report(Terminal terminal, ConfigurationResult result)
    {
        foreach (var error in result.Errors)
            terminal.Error.WriteLine($"error: {error}");
        return ExitCodeOf(result);
    }

    /// <summary>The exit code for a result without a configuration.</summary>
    public static int ExitCodeOf(ConfigurationResult result) => result.Failure switch
    {
        ConfigurationFailure.FileMissing => ExitCode.InputMissing,
        ConfigurationFailure.FileUnreadable => ExitCode.InputOutput,
        _ => ExitCode.Configuration,
    };

    private static KeyValuePair<string, string> Split(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return new(text[..equals].Trim(), text[(equals + 1)..].Trim());
    }

    private static Option<string[]> MakeOverrides()
    {
        var option = new Option<string[]>("-D")
        {
            Description = "Overrides a setting, as -D hotstandby.client.port=50052; may be repeated.",
            HelpName = "path=value", Arity = ArgumentArity.OneOrMore,
        };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (token.Value.IndexOf('=', StringComparison.Ordinal) < 1)
                    result.AddError($"-D must be given path=value, not {token.Value}");
            }
        });
        return option;
    }
}
