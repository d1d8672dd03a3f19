namespace HotStandby.Core.Node;

/// <summary>Bounds of calls on many objects. All are positive.</summary>
public sealed record ScanSettings
{
    /// <summary>Scans that run at a time. Default 4.</summary>
    public int MaximumRunning { get; init; } = 4;

    /// <summary>Scans that wait for their turn; one more is refused with UnavailableInCurrentStatus. Default 64.</summary>
    public int MaximumWaiting { get; init; } = 64;

    /// <summary>A scan that has not ended so long after it was called is abandoned: its outcome is unknown. Default 60 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Longest search in one key; a pattern that takes longer three times running is refused with InvalidParams. Default 100 ms.
    /// </summary>
    public TimeSpan MatchTimeout { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Longest search in all keys together; a pattern that takes longer is refused with InvalidParams. Default 5 s: before the caller gives
    /// up.
    /// </summary>
    public TimeSpan TotalMatchTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest pattern in characters; a longer one is refused with InvalidParams. Default 4096.</summary>
    public int MaximumPatternLength { get; init; } = 4096;

    /// <summary>Keys in one keyed call. Default 1024: a shard's part of it delays no other call for long.</summary>
    public int KeysPerLot { get; init; } = 1024;

    /// <summary>Keyed calls under way at a time, per scan. Default 2: one is worked on while the other's commit is awaited.</summary>
    public int MaximumLots { get; init; } = 2;
}
