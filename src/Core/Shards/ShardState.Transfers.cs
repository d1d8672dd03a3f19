// The entries of upserts in place, soft pins, copies, moves and cleared replicas. The rest is in ShardState.cs.
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

public sealed partial class ShardState
{
    /// <summary>The transfer of an object, or null.</summary>
    public Transfer? TransferOf(ObjectRecord record) => record.HasTransfer ? _transfers[record.Key] : null;

    private void Reuse(in OpLogEntry entry)
    {
        var record = Existing(entry);
        if (!UpsertReusePayload.TryRead(entry.Payload, out var payload))
            throw Impossible(entry, "has an impossible payload");
        if (record.IsBeingWritten || record.HasTransfer)
            throw Impossible(entry, "rewrites an object that is being written or copied");
        TakeOut(record);
        record.Rewrite(payload);
        PutBack(record);
    }

    private void EndSoftPin(in OpLogEntry entry)
    {
        var record = Existing(entry);
        if (!record.IsSoftPinned)
            throw Impossible(entry, "ends a soft pin that is not there");
        TakeOut(record);
        record.EndSoftPin();
        PutBack(record);
    }

    private void StartTransfer(in OpLogEntry entry)
    {
        var record = Existing(entry);
        if (!TransferStartPayload.TryRead(entry.Payload, out var payload) || record.ReplicaCount + payload.TargetCount > byte.MaxValue)
            throw Impossible(entry, "has an impossible payload");
        if (record.IsBeingWritten || record.HasTransfer || record.IndexOf(payload.SourceReplica) < 0)
            throw Impossible(entry, "copies an object that is being written or copied, or a replica that is not there");
        var targets = new ulong[payload.TargetCount];
        for (var i = 0; i < targets.Length; i++)
        {
            targets[i] = payload.Target(i).Id;
            TakeReplicaId(entry, targets[i]);
        }

        var transfer = new Transfer(payload.Client, payload.IsMove, payload.SourceReplica, targets);
        _transfers.Add(record.Key, transfer);
        TakeOut(record);
        Digest = Digest.Plus(transfer.Hash(record.Key.Hash));
        record.AddTargets(payload);
        record.HasTransfer = true;
        PutBack(record);
    }

    private void EndTransfer(in OpLogEntry entry, Queue<Extent>? freed)
    {
        var (record, transfer) = Transferring(entry);
        TakeOut(record);
        foreach (var target in transfer.TargetReplicas)
        {
            if (record.IndexOf(target) is >= 0 and var at)
                record.CompleteTarget(at);
        }

        if (transfer.IsMove && record.IndexOf(transfer.SourceReplica) is >= 0 and var source)
        {
            freed?.Enqueue(record.ExtentOf(source));
            record.RemoveReplica(source);
        }

        ForgetTransfer(record);
        KeepOrLeave(record);
    }

    private void RevokeTransfer(in OpLogEntry entry, Queue<Extent>? freed)
    {
        var (record, transfer) = Transferring(entry);
        if (!TransferRevokePayload.TryRead(entry.Payload, out var payload))
            throw Impossible(entry, "has an impossible payload");
        TakeOut(record);
        var buffers = new List<Extent>(transfer.TargetReplicas.Length);
        foreach (var target in transfer.TargetReplicas)
        {
            if (record.IndexOf(target) is not (>= 0 and var at))
                continue;
            buffers.Add(record.ExtentOf(at));
            record.RemoveReplica(at);
        }

        if (payload.IsParked && buffers.Count > 0)
        {
            Park([.. buffers]);
        }
        else
        {
            foreach (var buffer in buffers)
                freed?.Enqueue(buffer);
        }

        ForgetTransfer(record);
        KeepOrLeave(record);
    }

    private void ClearReplicas(in OpLogEntry entry, Queue<Extent>? freed)
    {
        var record = Existing(entry);
        if (!SegmentHandlePayload.TryRead(entry.Payload, out var payload))
            throw Impossible(entry, "has an impossible payload");
        if (record.IsBeingWritten || record.HasTransfer)
            throw Impossible(entry, "clears replicas of an object that is being written or copied");
        var before = record.ReplicaCount;
        TakeOut(record);
        for (var i = record.ReplicaCount - 1; i >= 0; i--)
        {
            if (record.Replica(i).SegmentHandle != payload.SegmentHandle)
                continue;
            freed?.Enqueue(record.ExtentOf(i));
            record.RemoveReplica(i);
        }

        if (record.ReplicaCount == before)
            throw Impossible(entry, "clears replicas of which there are none");
        KeepOrLeave(record);
    }

    private (ObjectRecord Record, Transfer Transfer) Transferring(in OpLogEntry entry)
    {
        var record = Existing(entry);
        return TransferOf(record) is { } transfer ? (record, transfer) : throw Impossible(entry, "is about a transfer that is not running");
    }

    private void ForgetTransfer(ObjectRecord record)
    {
        if (_transfers.Remove(record.Key, out var transfer))
        {
            Digest = Digest.Minus(transfer.Hash(record.Key.Hash));
            transfer.IsOver = true;
        }

        record.HasTransfer = false;
    }
}
