// Where commands print. On a terminal: tables and progress; into a file or pipe: plain lines that other programs can read.
using HotStandby.CommandLine.Output;
using Spectre.Console;

namespace HotStandby.CommandLine;

/// <summary>The output of a command.</summary>
/// <param name="Output">What was asked for.</param>
/// <param name="Error">What is wrong, and how far things are.</param>
/// <param name="IsInteractive">True when <paramref name="Output"/> is a terminal.</param>
public sealed record Terminal(TextWriter Output, TextWriter Error, bool IsInteractive)
{
    // How long a log line waits for a pipe whose reader has stopped. A verb waits for its reader, such as a pager, without a limit.
    private static readonly TimeSpan NodePatience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The process's own. What goes to <see cref="Error"/> and cannot be written is dropped; <see cref="Output"/> throws
    /// <see cref="OutputLostException"/>.
    /// </summary>
    /// <param name="isNode">A node does not wait for the reader of its output.</param>
    public static Terminal OfProcess(bool isNode)
    {
        TimeSpan? patience = isNode ? NodePatience : null;
        var output = Console.IsOutputRedirected ? StandardStreams.Open(StandardStreams.OutputDescriptor, patience) : Console.Out;
        var error = new LossyWriter(
            Console.IsErrorRedirected ? StandardStreams.Open(StandardStreams.ErrorDescriptor, patience) : Console.Error);
        // Libraries write to the console themselves, as the actor system does before its loggers are up: that must not fail, either.
        if (Console.IsOutputRedirected)
            Console.SetOut(new LossyWriter(output));
        Console.SetError(error);
        return new Terminal(output, error, !Console.IsOutputRedirected)
        {
            Input = Console.IsInputRedirected ? null : Console.In, OpenInput = StandardStreams.OpenInput,
        };
    }

    /// <summary>Spectre's view of the output; for interactive use.</summary>
    public IAnsiConsole Ansi { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Output) });

    /// <summary>Prints rows under a title: a table, or lines of cells two spaces apart, the headings first.</summary>
    public void WriteTable(string title, IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (!IsInteractive)
        {
            Output.WriteLine($"# {title}");
            var widths = headings.Select(
                (heading, column) => Math.Max(heading.Length, rows.Count == 0 ? 0 : rows.Max(row => row[column].Length))).ToArray();
            foreach (var row in rows.Prepend(headings))
                Output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
            return;
        }
        Ansi.Write(TableOf(title, headings, rows));
    }

    /// <summary>Rows under a title, for a terminal.</summary>
    public static Table TableOf(string title, IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        // Without lines, and with little room, between the columns the nine of status fit into 80 characters.
        var table = new Table().Title(Markup.Escape(title)).SimpleBorder();
        foreach (var heading in headings)
            table.AddColumn(new TableColumn(Markup.Escape(heading)).PadLeft(0).PadRight(1));
        foreach (var row in rows)
            table.AddRow([.. row.Select(Markup.Escape)]);
        return table;
    }

    /// <summary>Where answers are typed; null: nobody is there to be asked.</summary>
    public TextReader? Input { get; init; }

    /// <summary>Standard input as a file, for <c>-</c> in the place of a file's name.</summary>
    public Func<Stream> OpenInput { get; init; } = static () => Stream.Null;

    /// <summary>Asks; anything but yes is no, and so is nobody being there.</summary>
    public bool Confirm(string consequence)
    {
        if (!IsInteractive || Input is null)
            return false;
        Output.Write($"{consequence} Go on? [y/N] ");
        return Input.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }

    /// <summary>Reports how far things are: on a terminal above a live display, which would overwrite it otherwise.</summary>
    public void Report(string line)
    {
        if (IsInteractive)
            Ansi.WriteLine(line);
        else
            Error.WriteLine(line);
    }

    /// <summary>Says what is wrong, as <c>hotstandby: …</c>.</summary>
    public void WriteError(string message) => Error.WriteLine($"hotstandby: {message}");
}
