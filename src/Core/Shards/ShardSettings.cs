namespace HotStandby.Core.Shards;

/// <summary>What a metadata shard can be told. Every duration is positive.</summary>
public sealed record ShardSettings
{
    /// <summary>Upstream's defaults.</summary>
    public static readonly ShardSettings Default = new();

    /// <summary>For how long a read protects its object from removal and eviction. Default 10 s.</summary>
    public TimeSpan LeaseTtl { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After this, a new PutStart may take over the key of an unfinished put. Default 30 s.</summary>
    public TimeSpan PutStartDiscardTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// After this, counted from its PutStart, the buffers of an unfinished put are free; until then its writer may still
    /// write into them. Default 600 s; must exceed <see cref="PutStartDiscardTimeout"/>.
    /// </summary>
    public TimeSpan PutStartReleaseTimeout { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>
    /// After this a copy or move that has not ended is given up; its target buffers stay allocated for <see cref="PutStartReleaseTimeout"/>
    /// more. Default 60 s.
    /// </summary>
    public TimeSpan TransferTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a soft pin lasts where the writer names no time. Default 30 min.</summary>
    public TimeSpan DefaultSoftPinTtl { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The longest soft pin a writer may ask for. Default 24 h.</summary>
    public TimeSpan MaximumSoftPinTtl { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How often a Primary looks for unfinished puts whose time is over. Default 1 s.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Most entries that one such look may propose; the rest waits for the next. Default 1024, at least 2.</summary>
    public int SweepMaximumEntries { get; init; } = 1024;

    /// <summary>Throws when a value is out of its range or two do not fit together.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Which one, and why.</exception>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(LeaseTtl, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PutStartDiscardTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PutStartReleaseTimeout, PutStartDiscardTimeout);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(TransferTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DefaultSoftPinTtl, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumSoftPinTtl, DefaultSoftPinTtl);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SweepInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(SweepMaximumEntries, 2);
    }
}
