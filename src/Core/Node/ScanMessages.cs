// What a scan hears of the lots that it sends, its timer, its facts, and what it needs from its carrier: a scan measures how long its
// pattern takes, and no cell has a clock.
using HotStandby.Core.Cells;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>What came of a search in one key.</summary>
public enum KeyMatch : byte
{
    /// <summary>The pattern does not occur.</summary>
    No,

    /// <summary>It occurs.</summary>
    Yes,

    /// <summary>The search took longer than <see cref="ScanSettings.MatchTimeout"/> and was given up.</summary>
    TooSlow,
}

/// <summary>The pattern of one scan, and the clock that its searches are measured by. Used by <see cref="ScanCell"/>.</summary>
public interface IKeyMatcher
{
    /// <summary>Reads the pattern; called once, before any search.</summary>
    /// <returns>False: it is no pattern.</returns>
    bool TryRead(string pattern);

    /// <summary>Searches a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="endedTicks">When the search ended, on the clock of <see cref="Moment.Ticks"/>.</param>
    KeyMatch Search(in ObjectKey key, out long endedTicks);
}

/// <summary>A scan to itself: match these keys.</summary>
public sealed record KeysToMatch(ArraySegment<ObjectKey>[] Keys) : ICellMessage;

/// <summary>From the sink of the scan's lots: one has its results.</summary>
public sealed record LotAnswered(KeyedCall Call) : ICellMessage;

/// <summary>From the sink of the scan's lots: the outcome of one will never be known.</summary>
public sealed record LotAbandoned : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly LotAbandoned Instance = new();
}

/// <summary>A scan to what runs the scans: its call is settled or abandoned.</summary>
public sealed record ScanEnded : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly ScanEnded Instance = new();
}

/// <summary>The scan's timer: the call has taken too long.</summary>
public sealed record ScanTimedOut : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly ScanTimedOut Instance = new();
}

/// <summary>A search in one key took too long.</summary>
public sealed record PatternSlow(ScanOperation Operation, TimeSpan Time, int Try) : Fact;

/// <summary>The outcome of a scan stays unknown.</summary>
public sealed record ScanAbandoned(ScanOperation Operation, string Why, int ShardsToList, int Sent, int Matched, int OpenLots) : Fact;
