// How the log is cut into batches, sent, kept and granted to a Primary.
namespace HotStandby.Actors.Settings;

/// <summary>The Primary's right to serve: <c>hotstandby.lease</c>.</summary>
public sealed record LeaseSettings
{
    /// <summary>How long a grant runs.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>What the Primary deducts from its lease; less than half of <see cref="Duration"/>.</summary>
    public required TimeSpan DriftMargin { get; init; }

    /// <summary>Silence after which the Primary sends an empty batch; less than a quarter of <see cref="Duration"/>.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>How long an outgoing Primary waits for its last entries to be committed.</summary>
    public required TimeSpan HandOverTimeout { get; init; }

    /// <summary>Whether a Primary that has lost its lease is removed from the cluster.</summary>
    public required bool DownsLostPrimary { get; init; }
}

/// <summary>Who stays in the cluster: <c>hotstandby.membership</c>.</summary>
public sealed record MembershipSettings
{
    /// <summary>How long somebody must have been lost to a majority before he is put out.</summary>
    public required TimeSpan StableAfter { get; init; }
}

/// <summary>The replicated log: <c>hotstandby.oplog</c>.</summary>
public sealed record OpLogSettings
{
    /// <summary>Most entries of a batch.</summary>
    public required int BatchMaximumEntries { get; init; }

    /// <summary>A batch is closed at so many bytes.</summary>
    public required int BatchMaximumBytes { get; init; }

    /// <summary>How long an open batch waits for more entries; zero: only for those that are waiting already.</summary>
    public required TimeSpan Linger { get; init; }

    /// <summary>While so many batches await their commit, the open one gathers more entries.</summary>
    public required int PipelineBatches { get; init; }

    /// <summary>Most entries in memory for Standbys that are behind.</summary>
    public required int WindowMaximumEntries { get; init; }

    /// <summary>Most bytes in memory for Standbys that are behind.</summary>
    public required long WindowMaximumBytes { get; init; }
}

/// <summary>The stream to one Standby: <c>hotstandby.link</c>.</summary>
public sealed record LinkSettings
{
    /// <summary>Bytes sent and not yet acknowledged.</summary>
    public required long MaximumInFlightBytes { get; init; }

    /// <summary>What is not acknowledged for so long is sent again.</summary>
    public required TimeSpan ResendTimeout { get; init; }
}

/// <summary>Where the log is kept: <c>hotstandby.journal</c>.</summary>
public sealed record JournalSettings
{
    /// <summary>Id (HOCON path) of the embedded plugin.</summary>
    public const string EmbeddedPlugin = "hotstandby.journal.file";

    /// <summary>Id (HOCON path) of the Akka.Persistence journal plugin.</summary>
    public required string Plugin { get; init; }

    /// <summary>When the log is forced to the disk.</summary>
    public required FsyncPolicy Fsync { get; init; }

    /// <summary>How often, under <see cref="FsyncPolicy.Interval"/>.</summary>
    public required TimeSpan FsyncInterval { get; init; }

    /// <summary>Size at which a log file is closed.</summary>
    public required long SegmentBytes { get; init; }

    /// <summary>Bytes that may wait for the disk; a write beyond it fails.</summary>
    public required long QueueBytes { get; init; }

    /// <summary>Bytes of the log that are kept for Standbys that are behind, beyond what the own checkpoints need.</summary>
    public required long RetainBytes { get; init; }
}

/// <summary>What the log begins with: <c>hotstandby.checkpoints</c>.</summary>
public sealed record CheckpointSettings
{
    /// <summary>Id (HOCON path) of the embedded plugin.</summary>
    public const string EmbeddedPlugin = "hotstandby.checkpoints.file";

    /// <summary>Id (HOCON path) of the Akka.Persistence snapshot-store plugin.</summary>
    public required string Plugin { get; init; }

    /// <summary>A round is due after so many bytes of log.</summary>
    public required long EveryBytes { get; init; }

    /// <summary>And after so much time, if anything has come.</summary>
    public required TimeSpan Every { get; init; }
}

/// <summary>When the log is forced from the operating system to the disk.</summary>
public enum FsyncPolicy
{
    /// <summary>Before a batch counts as durable.</summary>
    EveryBatch,
    /// <summary>Every <see cref="JournalSettings.FsyncInterval"/>.</summary>
    Interval,
}
