// What the segment table says to the door and to itself, and how it reaches the shards.
using HotStandby.Core.Cells;
using HotStandby.Core.Segments;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>To the segment table: a PutStart or a call on segments.</summary>
public sealed record SegmentRequest(MasterCall Call) : ICellMessage;

/// <summary>To the door: what is mounted and committed, as far as this node has applied it.</summary>
public sealed record MountedChanged(SegmentDirectory Directory) : ICellMessage;

/// <summary>To the door: the clients of the reign that begins; null: it ends.</summary>
public sealed record ClientsAre(ClientRegistry? Clients) : ICellMessage;

/// <summary>Timer: silent clients, grace periods and tasks that are over.</summary>
public sealed record ClientTick : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly ClientTick Instance = new();
}

/// <summary>Timer: is memory short?</summary>
public sealed record EvictionTick : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly EvictionTick Instance = new();
}

/// <summary>Timer: the next round of a drain job.</summary>
public sealed record DrainTick : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly DrainTick Instance = new();
}

// The shards of this node, by way of an outbox.
internal readonly struct OutboxShards(int count, Outbox outbox) : IShardMailboxes
{
    public int Count => count;

    public void Send(int shard, ICellMessage message) => outbox.Send(CellAddress.Of(Partition.OfShard(shard)), message);
}
