namespace HotStandby.Messages.Model;

/// <summary>How a writer wants an object placed and kept. Shape of Mooncake's ReplicateConfig.</summary>
public sealed record ReplicateConfig
{
    /// <summary>One replica, nothing special.</summary>
    public static readonly ReplicateConfig Default = new();

    /// <summary>Wanted memory replicas, best effort; at least 1.</summary>
    public ulong ReplicaCount { get; init; } = 1;

    /// <summary>Wanted NVMe-oF replicas; must be 0 here.</summary>
    public ulong NofReplicaCount { get; init; }

    /// <summary>Wanted DFS replicas; must be 0 here.</summary>
    public ulong DfsReplicaCount { get; init; }

    /// <summary>What to do with the soft pin when the write ends.</summary>
    public SoftPinAction SoftPinAction { get; init; }

    /// <summary>Soft-pin time in milliseconds; legal only with <see cref="SoftPinAction.Enable"/>.</summary>
    public ulong? SoftPinTtlMilliseconds { get; init; }

    /// <summary>Never evict.</summary>
    public bool HardPin { get; init; }

    /// <summary>Names of segments to try first, in order.</summary>
    public IReadOnlyList<string> PreferredSegments { get; init; } = [];

    /// <summary>A single name to try first; when not empty it wins over the list.</summary>
    public string PreferredSegment { get; init; } = "";

    /// <summary>In a batch: later keys prefer the segment of the first.</summary>
    public bool PreferSameNode { get; init; }

    /// <summary>A label (0 unknown, 1 KV cache, …).</summary>
    public byte DataType { get; init; }

    /// <summary>The writer's host.</summary>
    public string HostId { get; init; } = "";

    /// <summary>None, or exactly one per key of the call; empty means ungrouped.</summary>
    public IReadOnlyList<string>? GroupIds { get; init; }
}
