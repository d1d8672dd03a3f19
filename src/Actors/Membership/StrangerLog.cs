// Which strangers are worth a line in the log. Anything that reaches the port can be one, five times a second and under a thousand addresses: each
// is told of once, at most one of a kind a minute, and no more of them are remembered than fit. Pure. Used by JoinActor.
namespace HotStandby.Actors.Membership;

/// <summary>What is told of somebody that has said hello, or of this node's own waiting.</summary>
internal enum StrangerKind : byte
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

/// <summary>Remembers whom it has told of. Times are monotonic ticks of 100 ns.</summary>
internal sealed class StrangerLog
{
    /// <summary>Most strangers that are remembered.</summary>
    public const int Capacity = 64;

    /// <summary>The least time between two lines of a kind, and how long a stranger that comes again and again is passed over.</summary>
    public static readonly TimeSpan LineInterval = TimeSpan.FromMinutes(1), Silence = TimeSpan.FromHours(1);

    private readonly Dictionary<(StrangerKind Kind, string Address), long> _told = [];
    private readonly Dictionary<StrangerKind, (long AtTicks, int Skipped)> _lines = [];

    /// <summary>Strangers that are remembered now.</summary>
    public int Count => _told.Count;

    /// <summary>Whether it is to be told of now.</summary>
    /// <param name="kind">What about it.</param>
    /// <param name="address">Who.</param>
    /// <param name="nowTicks">Now.</param>
    /// <param name="skipped">Hellos of the kind, from others, that were not told of since the line before.</param>
    public bool IsNews(StrangerKind kind, string address, long nowTicks, out int skipped)
    {
        skipped = 0;
        if (_told.TryGetValue((kind, address), out var toldAt) && nowTicks - toldAt < Silence.Ticks)
            return false;
        if (_lines.TryGetValue(kind, out var line) && nowTicks - line.AtTicks < LineInterval.Ticks)
        {
            _lines[kind] = line with { Skipped = line.Skipped + 1 };
            return false;
        }

        if (_told.Count >= Capacity)
            _told.Remove(_told.MinBy(static each => each.Value).Key);
        (_told[(kind, address)], _lines[kind], skipped) = (nowTicks, (nowTicks, 0), line.Skipped);
        return true;
    }
}
