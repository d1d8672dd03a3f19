// The entries of copies and moves, and what is running. Replicated: part of ShardState, which applies the other entries. A running
// transfer is kept beside the objects, since few objects have one.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>Used by <see cref="ShardState"/> only.</summary>
internal sealed class TransferEntries(ShardState state)
{
    private readonly Dictionary<ObjectKey, Transfer> _running = new(KeyComparer.Instance);

    /// <summary>By key, in no order.</summary>
    public IReadOnlyDictionary<ObjectKey, Transfer> Running => _running;

    /// <summary>The transfer of an object, or null.</summary>
    public Transfer? Of(ObjectRecord record) => record.HasTransfer ? _running[record.Key] : null;

    /// <summary>What an image holds; its object is there already.</summary>
    public void Restore(ObjectRecord record, Transfer transfer)
    {
        if (!_running.TryAdd(record.Key, transfer))
            throw new Checkpoints.ImageDamagedException("two transfers of one object");
        state.CountTransfer(transfer, record.Key.Hash, isOver: false);
        record.HasTransfer = true;
        state.Cold.Changed(record);
    }

    public void Start(in OpLogEntry entry)
    {
        var record = state.Existing(entry);
        if (!TransferStartPayload.TryRead(entry.Payload, out var payload) || record.ReplicaCount + payload.TargetCount > byte.MaxValue)
            throw state.Impossible(entry, "has an impossible payload");
        if (record.IsBeingWritten || record.HasTransfer || record.IndexOf(payload.SourceReplica) < 0)
            throw state.Impossible(entry, "copies an object that is being written or copied, or a replica that is not there");
        var targets = new ulong[payload.TargetCount];
        for (var i = 0; i < targets.Length; i++)
        {
            targets[i] = payload.Target(i).Id;
            state.TakeReplicaId(entry, targets[i]);
        }

        var transfer = new Transfer(payload.Client, payload.IsMove, payload.SourceReplica, targets);
        _running.Add(record.Key, transfer);
        state.TakeOut(record);
        state.CountTransfer(transfer, record.Key.Hash, isOver: false);
        var before = record.ReplicaCount;
        record.AddTargets(payload);
        state.Take(record, from: before);
        record.HasTransfer = true;
        state.PutBack(record);
    }

    public void End(in OpLogEntry entry)
    {
        var (record, transfer) = Transferring(entry);
        state.TakeOut(record);
        foreach (var target in transfer.TargetReplicas)
        {
            if (record.IndexOf(target) is >= 0 and var at)
                record.CompleteTarget(at);
        }

        if (transfer.IsMove && record.IndexOf(transfer.SourceReplica) is >= 0 and var source)
        {
            state.Extents?.Freed(record.ExtentOf(source));
            record.RemoveReplica(source);
        }

        Forget(record);
        state.KeepOrLeave(record);
    }

    public void Revoke(in OpLogEntry entry)
    {
        var (record, transfer) = Transferring(entry);
        if (!TransferRevokePayload.TryRead(entry.Payload, out var payload))
            throw state.Impossible(entry, "has an impossible payload");
        state.TakeOut(record);
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
            state.ParkTransfer([.. buffers], transfer.Client, record.Key.Hash);
        }
        else
        {
            foreach (var buffer in buffers)
                state.Extents?.Freed(buffer);
        }

        Forget(record);
        state.KeepOrLeave(record);
    }

    private (ObjectRecord Record, Transfer Transfer) Transferring(in OpLogEntry entry)
    {
        var record = state.Existing(entry);
        return Of(record) is { } transfer ? (record, transfer) : throw state.Impossible(entry, "is about a transfer that is not running");
    }

    public void Forget(ObjectRecord record)
    {
        if (_running.Remove(record.Key, out var transfer))
        {
            state.CountTransfer(transfer, record.Key.Hash, isOver: true);
            transfer.IsOver = true;
        }

        record.HasTransfer = false;
    }
}
