// The verbs and what is common to them: usage errors, unforeseen exceptions, exit codes. Called by Program.
using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using HotStandby.CommandLine;
using HotStandby.CommandLine.Output;
using HotStandby.Host.Commands.Objects;
using HotStandby.Host.Commands.Operator;
using HotStandby.Lab.Commands;
using HotStandby.Lab.Replay;

namespace HotStandby.Host.Commands;

/// <summary>The command line of the executable.</summary>
internal static class CommandTree
{
    // After SIGTERM the library ends a command that takes longer, with 143; its default of 2 s is shorter than a hand-over.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(30);

    /// <summary>Runs one command line to its end.</summary>
    /// <param name="arguments">Without the name of the program.</param>
    /// <param name="terminal">Where it prints.</param>
    /// <param name="connect">Makes clients of a master; null leaves out the verbs that need one.</param>
    /// <param name="cancellation">Ends it early, beside Ctrl-C, SIGTERM and SIGHUP.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, Terminal terminal, MasterClientFactory? connect, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        var root = new RootCommand("A Mooncake master whose index survives the loss of a node.")
        {
            RunCommand.Create(terminal),
            DemoCommand.Create(terminal),
            BenchCommand.Create(terminal),
            FailoverReportCommand.Create(terminal),
            CheckConfigCommand.Create(terminal),
            TraceCommand.Create(terminal),
            ChaosCommand.Create(terminal),
            CompletionsCommand.Create(terminal),
        };
        foreach (var verb in OperatorVerbs.CreateAll(terminal).Concat(ObjectVerbs.CreateAll(terminal)))
            root.Add(verb);
        if (connect is not null)
            root.Add(ReplayCommand.Create(terminal, connect));

        var parsed = root.Parse(arguments);
        if (parsed.Action is ParseErrorAction wrong)
            wrong.ShowHelp = arguments.Count == 0; // below a page of help, what is wrong would scroll out of sight
        var configuration = new InvocationConfiguration
        {
            Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = StopPatience,
        };
        // The library hears SIGINT and SIGTERM; a terminal that is closed must not leave node processes and directories behind, either.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            ending.Cancel();
        });
        try
        {
            var code = await parsed.InvokeAsync(configuration, ending.Token).ConfigureAwait(false);
            return parsed.Action is ParseErrorAction ? ExitCode.Usage : code;
        }
        catch (OperationCanceledException)
        {
            terminal.WriteError("interrupted");
            return ExitCode.Interrupted;
        }
        catch (OutputLostException lost)
        {
            foreach (var error in parsed.Errors)
                terminal.WriteError(error.Message);
            if (!lost.IsReaderGone) // as head goes when it has seen enough
                terminal.WriteError($"the output could not be written: {lost.Message}");
            return parsed.Action is ParseErrorAction ? ExitCode.Usage : ExitCode.InputOutput;
        }
        // The last line of defence: whatever was not foreseen is a bug, and the supervisor learns so by the exit code.
#pragma warning disable CA1031
        catch (Exception error)
#pragma warning restore CA1031
        {
            terminal.WriteError($"internal error: {error}");
            return ExitCode.Internal;
        }
    }
}
