// Remove and BatchReplicaClear.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>How a shard decides removals. Used by <see cref="ShardLeader"/> only.</summary>
internal sealed class RemoveRules(ShardBook book)
{
    public ErrorCode Remove(in ObjectKey key, bool force, ref ItemResult result)
    {
        if (book.FindAlive(key) is not { } record)
            return ErrorCode.ObjectNotFound;
        if (book.IsLeased(record) && !force)
        {
            result.LeaseTtlMilliseconds = (ulong)(((book.Cold.LeaseOf(record) - book.NowTicks - 1) / TimeSpan.TicksPerMillisecond) + 1);
            return ErrorCode.ObjectHasLease;
        }

        if (record.IsBeingWritten || record.HasIncompleteReplica)
            return ErrorCode.ReplicaIsNotReady; // a copy's target too
        if (record.HasTransfer)
            return ErrorCode.ObjectHasReplicationTask;
        book.Remove(key);
        return ErrorCode.Ok;
    }

    /// <summary>Drops the caller's own object, or its replicas on one name. True when something was dropped; never an error.</summary>
    public bool Clear(KeyedCall call, in ObjectKey key)
    {
        if (book.FindAlive(key) is not { IsBeingWritten: false, HasTransfer: false } record
            || record.Client != call.Client || book.IsLeased(record))
            return false;
        if (call.SegmentName.Length == 0)
        {
            book.Remove(key);
            return true;
        }

        var cleared = false;
        while (NextOn(record, call.SegmentName) is { } handle)
        {
            new SegmentHandlePayload(handle).Write(book.Draft(OpType.ReplicaCleared, key, SegmentHandlePayload.EncodedBytes));
            book.Apply(key);
            cleared = true;
        }

        return cleared;
    }

    private uint? NextOn(ObjectRecord record, string name)
    {
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            var handle = record.Replica(i).SegmentHandle;
            if (book.Directory.Readable(handle) is { } segment && segment.Segment.Name == name)
                return handle;
        }

        return null;
    }
}
