// The kinds of faults, their names on the command line, and one fault of a schedule.
using System.Globalization;

namespace HotStandby.Lab.Chaos;

/// <summary>What can go wrong.</summary>
internal enum FaultKind
{
    /// <summary>kill -9, and a start some time later.</summary>
    Kill,
    /// <summary>SIGTERM, and a start some time after the end.</summary>
    Term,
    /// <summary>SIGSTOP, and SIGCONT some time later.</summary>
    Pause,
    /// <summary>A node is cut off from all others, both ways; in half of the cases from the clients as well.</summary>
    Blackhole,
    /// <summary>A node is heard and does not hear, or the other way round.</summary>
    OneWay,
    /// <summary>Two nodes do not reach each other; both reach the third.</summary>
    Bridge,
    /// <summary>All that a node sends and receives takes long, and unevenly so.</summary>
    Delay,
    /// <summary>Again and again nothing passes for a moment.</summary>
    Stall,
    /// <summary>Connections are reset, again and again.</summary>
    Reset,
    /// <summary>Writes to a node's disk wait, again and again.</summary>
    SlowDisk,
    /// <summary>A node's disk is full; the node ends and is started again when there is room.</summary>
    DiskFull,
    /// <summary>kill -9 of all nodes at once; they start again one after the other.</summary>
    RestartAll,
    /// <summary>SIGTERM and start of one node after the other.</summary>
    Rolling,
}

/// <summary>One fault of a schedule. Node 0 is whoever leads when it begins, 1 the first of the others, and so on.</summary>
/// <param name="Kind">What.</param>
/// <param name="Victim">Which node it happens to.</param>
/// <param name="Other">Which other node it concerns (<see cref="FaultKind.Bridge"/>).</param>
/// <param name="Offset">After the beginning of its step.</param>
/// <param name="Lasts">Until it is undone.</param>
/// <param name="Strength">Of what comes again and again or is drawn: 0 to 1.</param>
/// <param name="Flag">A choice that some kinds have: the direction, or whether clients are concerned.</param>
internal sealed record Fault(FaultKind Kind, int Victim, int Other, TimeSpan Offset, TimeSpan Lasts, double Strength, bool Flag)
{
    /// <summary>For people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{FaultKinds.NameOf(Kind)} victim={Victim} other={Other} at=+{Offset.TotalSeconds:0.0}s lasts={Lasts.TotalSeconds:0.0}s "
            + $"strength={Strength:0.00} flag={(Flag ? 1 : 0)}");
}

/// <summary>The names of kinds.</summary>
internal static class FaultKinds
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<FaultKind> All { get; } = Enum.GetValues<FaultKind>();

    /// <summary>As on the command line: one-way for <see cref="FaultKind.OneWay"/>.</summary>
    public static string NameOf(FaultKind kind) => string.Concat(
        kind.ToString().Select((letter, i) =>
            i > 0 && char.IsUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{char.ToLowerInvariant(letter)}"));

    /// <summary>The kind of a name; null when there is none.</summary>
    public static FaultKind? Of(string name) => All.Where(kind => NameOf(kind) == name).Select(kind => (FaultKind?)kind).FirstOrDefault();
}
