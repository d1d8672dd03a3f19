// What one row of the command table says. The faces are made from it: the verbs of the executable, the /admin endpoints with their
// descriptions, the Petabridge.Cmd palette. It knows none of them.
using System.Globalization;
using System.Text.Json;
using HotStandby.CommandLine;

namespace HotStandby.Host.Commands.Operator;

/// <summary>Which nodes a command is for.</summary>
internal enum CommandReach
{
    /// <summary>Every node that is named to the client; what they answer is shown together.</summary>
    Every,
    /// <summary>Those of them that do not lead.</summary>
    Standbys,
    /// <summary>The one that leads.</summary>
    Primary,
    /// <summary>The first that answers.</summary>
    First,
    /// <summary>The one that an argument names.</summary>
    Named,
    /// <summary>None: files of a stopped node.</summary>
    Files,
}

/// <summary>An argument of a command.</summary>
/// <param name="Name">As the verbs have it: <c>--name</c>, or NAME for a positional one.</param>
/// <param name="Summary">One line.</param>
/// <param name="Parameter">As a query has it; null: it says which node is asked, and does not travel.</param>
/// <param name="IsPositional">Without a dash, and required.</param>
/// <param name="Values">The words that it may be, for completions; null: anything.</param>
/// <param name="Range">The numbers that it may be; null: it is no number.</param>
internal sealed record CommandArgument(
    string Name, string Summary, string? Parameter, bool IsPositional = false, IReadOnlyList<string>? Values = null,
    NumberRange? Range = null);

/// <summary>Whole numbers that a parameter may have, on the command line and in a query alike.</summary>
/// <param name="Minimum">The least.</param>
/// <param name="Maximum">The most.</param>
internal sealed record NumberRange(int Minimum, int Maximum)
{
    /// <summary>The rule, as the end of a sentence.</summary>
    public string Rule => string.Create(CultureInfo.InvariantCulture, $"must be a whole number, {Minimum} to {Maximum}");

    /// <summary>Reads a number: digits alone.</summary>
    public bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= Minimum && number <= Maximum;
}

/// <summary>What one node answered.</summary>
/// <param name="Address">host:port of its HTTP port.</param>
/// <param name="Status">HTTP status; 0: it did not answer.</param>
/// <param name="Body">Its JSON; undefined when there is none.</param>
/// <param name="Problem">Why there is nothing to show; null when there is.</param>
internal sealed record NodeAnswer(string Address, int Status, JsonElement Body, string? Problem)
{
    /// <summary>True when the node did what it was asked.</summary>
    public bool IsGood => Problem is null;
}

/// <summary>A table to show.</summary>
internal sealed record ResultTable(string Title, IReadOnlyList<string> Headings, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>One operator command.</summary>
/// <param name="Name">One word, or two with a space between: a verb and its part.</param>
/// <param name="Summary">One line.</param>
/// <param name="Method">GET changes nothing; POST does, and is noted in the audit log.</param>
/// <param name="Path">Of the endpoint.</param>
internal sealed record OperatorCommand(string Name, string Summary, HttpMethod Method, string Path)
{
    /// <summary>Which nodes it is for.</summary>
    public CommandReach Reach { get; init; } = CommandReach.First;

    /// <summary>What else it is told.</summary>
    public IReadOnlyList<CommandArgument> Arguments { get; init; } = [];

    /// <summary>What it does to the service, for whoever is asked to confirm; null: nothing that needs it.</summary>
    public string? Danger { get; init; }

    /// <summary>How long a node may take; more than it allows itself.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Shows the good answers.</summary>
    public required Func<IReadOnlyList<NodeAnswer>, IEnumerable<ResultTable>> Render { get; init; }

    /// <summary>The exit code for successful answers; non-zero when they report a problem.</summary>
    public Func<IReadOnlyList<NodeAnswer>, int> Judge { get; init; } = static _ => ExitCode.Ok;

    /// <summary>How what it begins is followed to its end; null: it is done when it is answered.</summary>
    public JobWatch? Job { get; init; }

    /// <summary>True when it must be confirmed.</summary>
    public bool IsDangerous => Danger is not null;
}
