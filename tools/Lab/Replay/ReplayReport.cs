// What a replay found. Blocks = Hits + Misses; Misses = Stored + WrittenByAnother + NotStored.
using HotStandby.Messages;

namespace HotStandby.Lab.Replay;

/// <summary>The calls whose latency is measured.</summary>
internal enum CallKind
{
    /// <summary>BatchExistKey.</summary>
    Exist,
    /// <summary>BatchGetReplicaList.</summary>
    GetReplicaList,
    /// <summary>BatchPutStart.</summary>
    PutStart,
    /// <summary>BatchPutEnd.</summary>
    PutEnd,
}

/// <summary>The result of a replay.</summary>
internal sealed record ReplayReport
{
    /// <summary>Requests replayed to their end.</summary>
    public required long Requests { get; init; }

    /// <summary>
    /// Blocks of all requests. One that comes twice in a request counts twice: the second time it finds what the first read or wrote.
    /// </summary>
    public required long Blocks { get; init; }

    /// <summary>Blocks that could be read.</summary>
    public required long Hits { get; init; }

    /// <summary>Blocks that could not.</summary>
    public required long Misses { get; init; }

    /// <summary>Misses that this replay wrote, acknowledged by PutEnd.</summary>
    public required long Stored { get; init; }

    /// <summary>Misses that another request was writing, or had written in between.</summary>
    public required long WrittenByAnother { get; init; }

    /// <summary>Misses that could not be written: no room, for example.</summary>
    public required long NotStored { get; init; }

    /// <summary>Keys in answered calls.</summary>
    public required long Operations { get; init; }

    /// <summary>Repeated calls.</summary>
    public required long Retries { get; init; }

    /// <summary>From the first request to the end of the last.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The longest time in which no call succeeded although requests were in progress.</summary>
    public required TimeSpan LongestGap { get; init; }

    /// <summary>When that began, from the start of the replay.</summary>
    public required TimeSpan LongestGapAt { get; init; }

    /// <summary>Latency of single calls, repetitions apart; only kinds that were used.</summary>
    public required IReadOnlyDictionary<CallKind, LatencySummary> Latencies { get; init; }

    /// <summary>How often each error was met: once a call where the call failed, once a key otherwise.</summary>
    public required IReadOnlyDictionary<ErrorCode, long> Errors { get; init; }

    /// <summary>True when the replay ended early, because no node served for longer than allowed.</summary>
    public required bool GaveUp { get; init; }

    /// <summary>Hits of all blocks, 0 to 1.</summary>
    public double HitRate => Blocks == 0 ? 0 : (double)Hits / Blocks;

    /// <summary>Keys in answered calls, a second.</summary>
    public double OperationsPerSecond => Duration > TimeSpan.Zero ? Operations / Duration.TotalSeconds : 0;
}

/// <summary>Latency of one kind of call; the times in microseconds, exact to three digits.</summary>
/// <param name="Calls">How many.</param>
/// <param name="MedianMicroseconds">Half were no slower.</param>
/// <param name="P99Microseconds">99 % were no slower.</param>
/// <param name="P999Microseconds">99.9 % were no slower.</param>
/// <param name="MaximumMicroseconds">The slowest.</param>
internal sealed record LatencySummary(
    long Calls, long MedianMicroseconds, long P99Microseconds, long P999Microseconds, long MaximumMicroseconds);

/// <summary>Where a replay stands.</summary>
/// <param name="Requests">Replayed to their end.</param>
/// <param name="Operations">Keys in answered calls.</param>
/// <param name="Acknowledged">Writes acknowledged.</param>
/// <param name="Retries">Repeated calls.</param>
/// <param name="Elapsed">Since the start.</param>
internal readonly record struct ReplayProgress(long Requests, long Operations, long Acknowledged, long Retries, TimeSpan Elapsed);
