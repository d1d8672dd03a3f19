// Which strangers are worth a line in the log. Anything that reaches the port can be one, five times a second and under a thousand
// addresses. Each is logged once, with at most one line of a kind a minute, and at most 64 are remembered. Pure. Used by JoinActor.
namespace HotStandby.Core.Membership;

/// <summary>What a line says about a node that has said hello, or about this node's own waiting.</summary>
public enum StrangerKind : byte
{
    /// <summary>Its settings of the cluster are others.</summary>
    OtherShape,
    /// <summary>Its cluster was born at another time.</summary>
    OtherBirth,
    /// <summary>It speaks an earlier version.</summary>
    EarlierVersion,
    /// <summary>Another process has its name, and lives.</summary>
    NameTaken,
    /// <summary>Another process has its name, and is silent.</summary>
    NameAwaited,
    /// <summary>Two processes of one name keep a cluster from being founded.</summary>
    NameContested,
}

/// <summary>Remembers the strangers that have a line. Times are monotonic ticks of 100 ns.</summary>
public sealed class StrangerLog
{
    /// <summary>Most strangers that are remembered.</summary>
    public const int Capacity = 64;

    /// <summary>The least time between two lines of a kind, and between two lines about one stranger.</summary>
    public static readonly TimeSpan LineInterval = TimeSpan.FromMinutes(1), Silence = TimeSpan.FromHours(1);

    private readonly Dictionary<(StrangerKind Kind, string Address), long> _logged = [];
    private readonly Dictionary<StrangerKind, (long AtTicks, int Skipped)> _lines = [];

    /// <summary>Strangers that are remembered now.</summary>
    public int Count => _logged.Count;

    /// <summary>Whether a line is due now.</summary>
    /// <param name="kind">What the line says.</param>
    /// <param name="address">About which address.</param>
    /// <param name="nowTicks">Now.</param>
    /// <param name="skipped">Hellos of the kind, from others, that had no line since the line before.</param>
    public bool IsNews(StrangerKind kind, string address, long nowTicks, out int skipped)
    {
        skipped = 0;
        if (_logged.TryGetValue((kind, address), out var loggedAt) && nowTicks - loggedAt < Silence.Ticks)
            return false;
        if (_lines.TryGetValue(kind, out var line) && nowTicks - line.AtTicks < LineInterval.Ticks)
        {
            _lines[kind] = line with { Skipped = line.Skipped + 1 };
            return false;
        }

        if (_logged.Count >= Capacity)
            _logged.Remove(_logged.MinBy(static each => each.Value).Key);
        (_logged[(kind, address)], _lines[kind], skipped) = (nowTicks, (nowTicks, 0), line.Skipped);
        return true;
    }
}
