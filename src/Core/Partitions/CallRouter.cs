// Splits a call by shard. Used by connection threads, and by the segment table when it has placed what a call needs. It keeps no state of a
// call and never looks at what the call does.
using System.Buffers;
using HotStandby.Core.Cells;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Partitions;

/// <summary>Where shards take messages.</summary>
public interface IShardMailboxes
{
    /// <summary>Number of shards.</summary>
    int Count { get; }

    /// <summary>Sends one shard a message.</summary>
    void Send(int shard, ICellMessage message);
}

/// <summary>Sends each item of a <see cref="KeyedCall"/> to the shard of its key. Thread-safe.</summary>
public static class CallRouter
{
    /// <summary>True for a key that a shard can hold: 1 to <see cref="ObjectKey.MaximumBytes"/> bytes, with a user's part.</summary>
    public static bool IsPossible(in ObjectKey key)
    {
        var bytes = key.Bytes;
        return !bytes.IsEmpty && bytes.Length <= ObjectKey.MaximumBytes && (bytes[^1] != 0 || !key.UserKey.IsEmpty);
    }

    /// <summary>
    /// Sends the items off: one message a shard, items in ascending order. Items with an impossible key are settled here: such an object
    /// does not exist, and cannot be put.
    /// </summary>
    public static void Route<TMailboxes>(KeyedCall call, TMailboxes shards)
        where TMailboxes : IShardMailboxes
    {
        if (call.Keys.Length == 1 && IsPossible(call.Keys[0]))
            shards.Send(Partition.ShardOf(call.Keys[0].Hash, shards.Count), new KeyedItems(call, null));
        else
            RouteMany(call, shards);
    }

    /// <summary>Sends a call that creates a task to the shard of its key. No object has an impossible key.</summary>
    public static void Locate<TMailboxes>(CreateTaskCall call, TMailboxes shards)
        where TMailboxes : IShardMailboxes
    {
        if (IsPossible(call.Key))
            shards.Send(Partition.ShardOf(call.Key.Hash, shards.Count), new LocateObject(call));
        else
            call.Finish(ErrorCode.ObjectNotFound);
    }

    private static ErrorCode ErrorOfImpossibleKey(KeyedOperation operation) => operation switch
    {
        KeyedOperation.PutStart or KeyedOperation.UpsertStart => ErrorCode.InvalidParams,
        KeyedOperation.Exist or KeyedOperation.ReplicaClear => ErrorCode.Ok, // it does not, and nothing of it is cleared
        _ => ErrorCode.ObjectNotFound,
    };

    // A counting sort: how many items go to each shard, then each item to its place. What shards keep (their item lists) is
    // allocated, at its exact size; the rest is borrowed.
    private static void RouteMany<TMailboxes>(KeyedCall call, TMailboxes shards)
        where TMailboxes : IShardMailboxes
    {
        var keys = call.Keys;
        var shardOf = ArrayPool<int>.Shared.Rent(keys.Length);
        var counts = ArrayPool<int>.Shared.Rent(shards.Count);
        var lists = ArrayPool<int[]?>.Shared.Rent(shards.Count);
        counts.AsSpan(0, shards.Count).Clear();
        var impossible = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            if (IsPossible(keys[i]))
            {
                shardOf[i] = Partition.ShardOf(keys[i].Hash, shards.Count);
                counts[shardOf[i]]++;
                continue;
            }

            shardOf[i] = -1;
            call.Results[i].Error = ErrorOfImpossibleKey(call.Operation);
            impossible++;
        }

        for (var shard = 0; shard < shards.Count; shard++)
            lists[shard] = counts[shard] == 0 ? null : new int[counts[shard]];
        for (var i = keys.Length - 1; i >= 0; i--)
        {
            if (shardOf[i] >= 0)
                lists[shardOf[i]]![--counts[shardOf[i]]] = i;
        }

        for (var shard = 0; shard < shards.Count; shard++)
        {
            if (lists[shard] is { } items)
                shards.Send(shard, new KeyedItems(call, items));
        }

        lists.AsSpan(0, shards.Count).Clear();
        ArrayPool<int[]?>.Shared.Return(lists);
        ArrayPool<int>.Shared.Return(counts);
        ArrayPool<int>.Shared.Return(shardOf);
        if (impossible > 0 || keys.Length == 0)
            call.Settle(impossible);
    }
}
