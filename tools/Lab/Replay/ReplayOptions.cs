namespace HotStandby.Lab.Replay;

/// <summary>How a trace is replayed.</summary>
internal sealed record ReplayOptions
{
    /// <summary>Most keys of one call.</summary>
    public const int MaximumBatch = 128;

    /// <summary>Replays the trace's time so many times as fast; 0 sends as fast as answers come.</summary>
    public double SpeedUp { get; init; }

    /// <summary>Requests in progress at once; 1 or more. With 1, the hits are those of a plain set.</summary>
    public int Concurrency { get; init; } = 16;

    /// <summary>Size of every block's object, in bytes.</summary>
    public ulong BlockBytes { get; init; } = 1UL << 20;

    /// <summary>Keys of one call; 1 to <see cref="MaximumBatch"/>.</summary>
    public int Batch { get; init; } = MaximumBatch;

    /// <summary>What stands before the block's id in its key.</summary>
    public string KeyPrefix { get; init; } = "block-";

    /// <summary>First pause before a call is repeated; it doubles up to <see cref="MaximumRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Longest pause before a call is repeated.</summary>
    public TimeSpan MaximumRetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A call that has met no service for so long ends the replay.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromSeconds(30);
}
