// trace: writes a made-up trace in the published format, for whoever has no recorded one.
using System.CommandLine;
using System.Text;
using HotStandby.CommandLine;
using HotStandby.CommandLine.Output;
using HotStandby.Lab.Trace;

namespace HotStandby.Lab.Commands;

/// <summary>The verb <c>trace</c>.</summary>
public static class TraceCommand
{
    private const string StandardOutput = "-";

    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var requests = Options.Number("--requests", "Requests in the trace", 2000, 1, 10_000_000);
        var seed = Options.Number("--seed", "Decides everything in it", 1UL, 0UL, ulong.MaxValue);
        var file = new Option<string>("--out", "-o")
        {
            Description = "The file to write, or - for the standard output.", DefaultValueFactory = _ => StandardOutput, HelpName = "file",
        }.RefuseTilde();
        var command = new Command("trace", "Generate a trace in the published Mooncake format.") { requests, seed, file };
        command.SetAction(result => Run(terminal, result.GetValue(requests), result.GetValue(seed), result.GetRequiredValue(file)));
        return command;
    }

    private static int Run(Terminal terminal, int requests, ulong seed, string file)
    {
        var trace = TraceGenerator.Generate(requests, seed);
        if (Directory.Exists(file))
        {
            terminal.WriteError($"{file} is a directory, not a file");
            return ExitCode.InputOutput;
        }

        try
        {
            if (file == StandardOutput)
            {
                TraceWriter.Write(terminal.Output, trace);
                return ExitCode.Ok;
            }
            using (var writer = new StreamWriter(file, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)))
                TraceWriter.Write(writer, trace);
        }
        catch (Exception error) when (error is (IOException and not OutputLostException) or UnauthorizedAccessException)
        {
            terminal.WriteError($"{file} cannot be written: {error.Message}");
            return ExitCode.InputOutput;
        }
        terminal.Error.WriteLine($"{requests} requests written to {file}");
        return ExitCode.Ok;
    }
}
