// The end of a node that was not asked to stop: exit code, the last line, and details where the line alone does not help. What an operator
// can cause or mend is one line; a stack trace is for bugs.
using System.Net.Sockets;
using Akka.Configuration;
using HotStandby.Actors.Journal;
using HotStandby.Core.Membership;
using HotStandby.Actors.Node;
using HotStandby.Core.Journal;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Security;
using HotStandby.Actors.Settings;
using HotStandby.CommandLine;
using HotStandby.Host.Logging;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Commands;

/// <summary>Why a node ends.</summary>
/// <param name="Code">One of <see cref="ExitCode"/>.</param>
/// <param name="Line">The last line.</param>
/// <param name="Details">The failure itself, when it is a bug; else null.</param>
internal sealed record NodeEnd(int Code, string Line, Exception? Details = null)
{
    /// <summary>The end of a node that has failed while it ran.</summary>
    public static NodeEnd Of(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (Known(cause) is { } known)
                return known with { Line = $"ended: {known.Line}".ReplaceLineEndings(" ") };
        }

        // The data directory is written to while the node runs, too: a full or broken disk is no bug.
        return failure is IOException or UnauthorizedAccessException
            ? new NodeEnd(ExitCode.InputOutput, $"ended: {failure.Message}".ReplaceLineEndings(" "))
            : new NodeEnd(ExitCode.Internal, $"ended: {failure.GetType().Name}: {failure.Message}".ReplaceLineEndings(" "), failure);
    }

    /// <summary>The end of a node that could not start.</summary>
    public static NodeEnd OfStart(Exception failure) => failure switch
    {
        TlsFileException tls => new(ExitCode.Configuration, tls.Message.ReplaceLineEndings(" ")),
        ConfigurationException => new(ExitCode.Configuration, $"Akka refuses its configuration: {failure.Message}".ReplaceLineEndings(" ")),
        IOException or SocketException => new(ExitCode.InputOutput, $"a port cannot be opened: {failure.Message}".ReplaceLineEndings(" ")),
        _ => Of(failure),
    };

    // The embedded journal's fault comes by two ways, as itself and as the reason why the OpLog stopped. Either may be first.
    private static NodeEnd? Known(Exception failure) => failure switch
    {
        JournalFaultException { Fault: var fault } => new(
            fault.ExitCode, fault.Reason.Contains(fault.File, StringComparison.Ordinal) ? fault.Reason : $"{fault.File}: {fault.Reason}"),
        JournalDamagedException or JournalDamaged or DataDirectoryRefused => new(ExitCode.BadData, failure.Message),
        JournalFailed => new(ExitCode.InputOutput, failure.Message),
        // Of a journal that is not ours: what it says is all that is known.
        JournalFailedException => failure.InnerException is { } inner && Known(inner) is { } known
            ? known
            : new(ExitCode.InputOutput, failure.Message),
        MembershipException { MayComeBack: var mayComeBack } => new(
            mayComeBack ? ExitCode.Temporary : ExitCode.Configuration, failure.Message),
        _ => null,
    };
}

/// <summary>What made a node stop.</summary>
/// <param name="How">How it was asked to; null: nothing asked, the actor system ended by itself.</param>
internal readonly record struct NodeStop(string? How)
{
    /// <summary>The actor system has ended.</summary>
    public static NodeStop ByItself => default;

    /// <summary>It was asked to.</summary>
    /// <param name="how">By a signal, for example.</param>
    public static NodeStop Asked(string how) => new(how);
}

/// <summary>Says how a node ends, in the form of its log: a line of text, or with <c>log.format = json</c> an object.</summary>
/// <param name="terminal">Its standard error is written to.</param>
/// <param name="format">Of its log.</param>
/// <param name="node">Its id; empty where that could not be read.</param>
internal sealed class LastWords(Terminal terminal, LogFormat format, string node)
{
    private int _isEnding;

    /// <summary>Says it, and gives the exit code for it.</summary>
    public int Say(NodeEnd end)
    {
        if (format == LogFormat.Json)
        {
            WriteJson(log => HostEvents.NodeEnds(log, end.Line, end.Code, end.Details));
            return end.Code;
        }

        // The details first, so that the reason is the last line of the output.
        if (end.Details is not null)
            terminal.Error.WriteLine(end.Details.ToString());
        terminal.WriteError(end.Line);
        terminal.Error.Flush();
        return end.Code;
    }

    /// <summary>Says all that is wrong with the settings, and gives the exit code for it.</summary>
    public int Refuse(ConfigurationResult refused)
    {
        if (format == LogFormat.Text)
        {
            foreach (var warning in refused.Warnings)
                terminal.Error.WriteLine($"warning: {warning}");
            return ConfigurationOptions.Report(terminal, refused);
        }

        var code = ConfigurationOptions.ExitCodeOf(refused);
        WriteJson(log =>
        {
            foreach (var warning in refused.Warnings)
                HostEvents.SettingsWarning(log, warning.ToString());
            foreach (var error in refused.Errors)
            {
                if (error.Value is { } value)
                    HostEvents.SettingRefused(log, error.Path, value, error.Rule, code);
                else
                    HostEvents.SettingsUnreadable(log, error.Path, error.Rule, code);
            }
        });
        return code;
    }

    private void WriteJson(Action<ILogger> write)
    {
        using var json = new LineLogs(terminal.Error, LogFormat.Json, node, TimeProvider.System);
        write(json.CreateLogger("Host"));
    }

    /// <summary>Fail stop, once: without a hand-over, because what the node believes cannot be trusted any more.</summary>
    public void EndProcess(Exception failure)
    {
        // One failure makes others: the first is the one that decided, and another thread is about to end the process for it.
        if (Interlocked.Exchange(ref _isEnding, 1) == 0)
            Environment.Exit(Say(NodeEnd.Of(failure)));
    }
}
