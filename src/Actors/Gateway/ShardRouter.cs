// Splits a call by shard. Used by the gateway (on connection threads) and by the segment table (PutStart, after placing).
// It keeps no state of a call and never looks at what the call does.
using System.Buffers;
using Akka.Actor;
using HotStandby.Actors.Protocol;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Gateway;

/// <summary>Sends each item of a <see cref="KeyedCall"/> to the shard of its key. Thread-safe.</summary>
/// <param name="shards">By shard index. The array may be filled in until the first call comes.</param>
public sealed class ShardRouter(IActorRef[] shards)
{
    /// <summary>Number of shards.</summary>
    public int ShardCount => shards.Length;

    /// <summary>Tells every shard the same.</summary>
    public void TellAll(object message, IActorRef sender)
    {
        foreach (var shard in shards)
            shard.Tell(message, sender);
    }

    /// <summary>Tells one shard.</summary>
    /// <param name="shard">Its index, from 0 to <see cref="ShardCount"/> - 1.</param>
    /// <param name="message">What.</param>
    /// <param name="sender">Who gets the answer.</param>
    public void Tell(int shard, object message, IActorRef sender) => shards[shard].Tell(message, sender);

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
    public void Route(KeyedCall call)
    {
        if (call.Keys.Length == 1 && IsPossible(call.Keys[0]))
            shards[ShardOf(call.Keys[0])].Tell(new KeyedItems(call, null), ActorRefs.NoSender);
        else
            RouteMany(call);
    }

    /// <summary>Sends a call that creates a task to the shard of its key. No object has an impossible key.</summary>
    public void Locate(CreateTaskCall call)
    {
        if (IsPossible(call.Key))
            shards[ShardOf(call.Key)].Tell(new LocateObject(call), ActorRefs.NoSender);
        else
            call.Finish(ErrorCode.ObjectNotFound);
    }

    private static ErrorCode ErrorOfImpossibleKey(KeyedOperation operation) => operation switch
    {
        KeyedOperation.PutStart or KeyedOperation.UpsertStart => ErrorCode.InvalidParams,
        KeyedOperation.Exist or KeyedOperation.ReplicaClear => ErrorCode.Ok, // it does not, and nothing of it is cleared
        _ => ErrorCode.ObjectNotFound,
    };

    private int ShardOf(in ObjectKey key) => Partition.ShardOf(key.Hash, shards.Length);

    // A counting sort: how many items go to each shard, then each item to its place. What shards keep (their item lists) is
    // allocated, at its exact size; the rest is borrowed.
    private void RouteMany(KeyedCall call)
    {
        var keys = call.Keys;
        var shardOf = ArrayPool<int>.Shared.Rent(keys.Length);
        var counts = ArrayPool<int>.Shared.Rent(shards.Length);
        var lists = ArrayPool<int[]?>.Shared.Rent(shards.Length);
        counts.AsSpan(0, shards.Length).Clear();
        var impossible = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            if (IsPossible(keys[i]))
            {
                shardOf[i] = ShardOf(keys[i]);
                counts[shardOf[i]]++;
                continue;
            }

            shardOf[i] = -1;
            call.Results[i].Error = ErrorOfImpossibleKey(call.Operation);
            impossible++;
        }

        for (var shard = 0; shard < shards.Length; shard++)
            lists[shard] = counts[shard] == 0 ? null : new int[counts[shard]];
        for (var i = keys.Length - 1; i >= 0; i--)
        {
            if (shardOf[i] >= 0)
                lists[shardOf[i]]![--counts[shardOf[i]]] = i;
        }

        for (var shard = 0; shard < shards.Length; shard++)
        {
            if (lists[shard] is { } items)
                shards[shard].Tell(new KeyedItems(call, items), ActorRefs.NoSender);
        }

        lists.AsSpan(0, shards.Length).Clear();
        ArrayPool<int[]?>.Shared.Return(lists);
        ArrayPool<int>.Shared.Return(counts);
        ArrayPool<int>.Shared.Return(shardOf);
        if (impossible > 0 || keys.Length == 0)
            call.Settle(impossible);
    }
}
