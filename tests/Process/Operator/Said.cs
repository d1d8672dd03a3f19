// Runs a verb in this process, off a terminal, and keeps what it prints.
using HotStandby.CommandLine;
using HotStandby.Host.Commands;

namespace HotStandby.Tests.Process.Operator;

/// <summary>How a verb has ended.</summary>
internal sealed record Said(int Code, string Output, string Error)
{
    /// <summary>Runs a command line to its end, or until it is told to stop.</summary>
    public static async Task<Said> RunAsync(CancellationToken stop, params string[] line)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandTree.RunAsync(line, new Terminal(output, error, false), null, stop);
        return new Said(code, output.ToString(), error.ToString());
    }
}
