// CopyStart, CopyEnd, CopyRevoke and the same of a move: a client that owns bytes makes another replica of an object. The object stays
// readable; its source replica is neither evicted nor removed meanwhile.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>How a shard decides copies and moves. Used by <see cref="ShardLeader"/> only.</summary>
internal sealed class TransferRules(ShardBook book)
{
    /// <summary>
    /// Decides a CopyStart or MoveStart. True when it is decided; false when the call must visit the segment table for its buffers
    /// first, since only the shard knows their size: then <see cref="KeyedCall.Sizes"/> says it.
    /// </summary>
    public bool TryStart(KeyedCall call, ref ItemResult result)
    {
        var places = ShardBook.PlacesOf(call, 0);
        ref readonly var key = ref call.Keys[0];
        var error = Check(call, key, out var record, out var source);
        if (error == ErrorCode.Ok && (call.Sizes.Length == 0 || call.Sizes[0] != record!.SizeBytes))
        {
            book.GiveBack(places);
            (call.Sizes, call.Placements, call.PlacementStride) = ([record!.SizeBytes], [], 0);
            return false;
        }

        Span<PlacedReplica> targets = stackalloc PlacedReplica[Math.Min(call.TargetSegments.Count, byte.MaxValue)];
        var taken = 0;
        if (error == ErrorCode.Ok)
            error = TakeTargets(call, record!, places, targets, out taken);
        if (error != ErrorCode.Ok)
        {
            book.GiveBack(places);
            result.Error = error;
            return true;
        }

        Start(call, record!, source, targets[..taken]);
        result.Error = ErrorCode.Ok;
        result.Replicas = new ReplicaList(
            [book.Describe(record!, source), .. TargetsOf(record!).Select(target => book.Describe(record!, target))]);
        return true;
    }

    public ErrorCode End(KeyedCall call, in ObjectKey key, bool isMove)
    {
        var error = Find(call, key, isMove, out var record, out var transfer);
        if (error != ErrorCode.Ok)
            return error;
        if (!IsComplete(record!, transfer!))
        {
            book.RevokeTransfer(key, sinceTicks: null);
            return ErrorCode.ReplicaIsGone;
        }

        Touch(record!);
        book.Draft(OpType.TransferEnd, key);
        book.Apply(key);
        return ErrorCode.Ok;
    }

    public ErrorCode Revoke(KeyedCall call, in ObjectKey key, bool isMove)
    {
        var error = Find(call, key, isMove, out var record, out _);
        if (error != ErrorCode.Ok)
            return error;
        Touch(record!);
        book.RevokeTransfer(key, sinceTicks: null);
        return ErrorCode.Ok;
    }

    // The object returns to the cold order. A leased one gets a full lease, and so a place at the end of those that are leased.
    private void Touch(ObjectRecord record)
    {
        if (book.IsLeased(record))
            book.GrantLease(record);
        else
            book.GrantNothing(record);
    }

    private ErrorCode Check(KeyedCall call, in ObjectKey key, out ObjectRecord? record, out StoredReplica source)
    {
        (record, source) = (null, default);
        var targets = call.TargetSegments;
        if (targets.Count > byte.MaxValue
            || (call.Operation == KeyedOperation.MoveStart && (targets.Count != 1 || targets[0] == call.SegmentName)))
            return ErrorCode.InvalidParams;
        var error = CheckSource(call, key, out record, out source);
        // Upstream looks at the targets first. Whether they have room is the segment table's to say, and it sees what was just mounted.
        return error == ErrorCode.Ok ? ErrorCode.Ok : targets.Select(ErrorOf).FirstOrDefault(wrong => wrong != ErrorCode.Ok, error);
    }

    private ErrorCode CheckSource(KeyedCall call, in ObjectKey key, out ObjectRecord? record, out StoredReplica source)
    {
        source = default;
        record = book.FindAlive(key);
        if (record is null)
            return ErrorCode.ObjectNotFound;
        if (record.HasTransfer || book.State.Parked.GivenUp.Contains(call.Client, key.Hash))
            return ErrorCode.ObjectHasReplicationTask;
        if (record.IsBeingWritten || record.ReplicaCount + call.TargetSegments.Count > byte.MaxValue)
            return ErrorCode.ReplicaNotFound;
        var isFound = false;
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            var replica = record.Replica(i);
            if (!book.IsReadable(replica) || NameOf(replica) != call.SegmentName || (isFound && book.IsSuspect(replica)))
                continue;
            (isFound, source) = (true, replica);
            if (!book.IsSuspect(source))
                break;
        }

        return isFound ? ErrorCode.Ok : ErrorCode.ReplicaNotFound;
    }

    private ErrorCode ErrorOf(string target)
    {
        var error = ErrorCode.SegmentNotFound;
        foreach (var segment in book.Directory.All)
        {
            if (segment.Segment.Name != target)
                continue;
            if (segment.IsAllocatable)
                return ErrorCode.Ok;
            error = ErrorCode.UnavailableInCurrentStatus;
        }

        return error;
    }

    // A target that holds a replica already is passed over, and its place given back.
    private ErrorCode TakeTargets(KeyedCall call, ObjectRecord record, Span<Extent> places, Span<PlacedReplica> targets, out int taken)
    {
        taken = 0;
        for (var i = 0; i < call.TargetSegments.Count; i++)
        {
            if (IsOn(record, call.TargetSegments[i]) || call.TargetSegments.Take(i).Contains(call.TargetSegments[i]))
                continue;
            if (i >= places.Length || places[i].LengthBytes == 0 || book.Directory.Readable(places[i].SegmentHandle) is null)
                return ErrorCode.NoAvailableHandle;
            if (places[i].LengthBytes != record.SizeBytes)
                throw new InvariantViolation(5, $"a buffer of {places[i].LengthBytes} bytes was placed for a copy of {record.SizeBytes}");
            targets[taken] = new PlacedReplica(book.State.NextReplicaId(taken), places[i].SegmentHandle, places[i].Offset);
            taken++;
        }

        for (var i = 0; i < places.Length; i++)
        {
            if (places[i].LengthBytes != 0 && !IsTaken(targets[..taken], places[i]))
                book.Released.Add(places[i]);
        }

        return ErrorCode.Ok;
    }

    private void Start(KeyedCall call, ObjectRecord record, StoredReplica source, Span<PlacedReplica> targets)
    {
        TransferStartPayload.Write(
            book.Draft(OpType.TransferStart, record.Key, TransferStartPayload.SizeOf(targets.Length)), call.Client, source.Id,
            call.Operation == KeyedOperation.MoveStart, targets);
        book.Apply(record.Key);
        book.Timers.Transfer(record.Key, book.State.TransferOf(record)!, book.NowTicks);
    }

    private ErrorCode Find(KeyedCall call, in ObjectKey key, bool isMove, out ObjectRecord? record, out Transfer? transfer)
    {
        transfer = null;
        record = book.FindAlive(key);
        if (record is null)
            return ErrorCode.ObjectNotFound;
        transfer = book.State.TransferOf(record);
        if (transfer is null)
            return ErrorCode.ObjectNoReplicationTask;
        if (transfer.Client != call.Client)
            return ErrorCode.IllegalClient; // before the kind is looked at, as upstream has it
        return transfer.IsMove == isMove ? ErrorCode.Ok : ErrorCode.InvalidParams;
    }

    private bool IsComplete(ObjectRecord record, Transfer transfer)
    {
        if (!IsHere(record, transfer.SourceReplica))
            return false;
        foreach (var target in transfer.TargetReplicas)
        {
            if (!IsHere(record, target))
                return false;
        }

        // A move to where a replica was already: without that one the source is all there is.
        return !transfer.IsMove || transfer.TargetReplicas.Length > 0 || book.CountReadable(record) > 1;
    }

    private bool IsHere(ObjectRecord record, ulong replicaId) =>
        record.IndexOf(replicaId) is >= 0 and var at && book.Directory.Readable(record.Replica(at).SegmentHandle) is not null;

    private static IEnumerable<StoredReplica> TargetsOf(ObjectRecord record)
    {
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            if (record.Replica(i).Status == ReplicaStatus.Processing)
                yield return record.Replica(i);
        }
    }

    private static bool IsTaken(Span<PlacedReplica> targets, Extent place)
    {
        foreach (var target in targets)
        {
            if (target.SegmentHandle == place.SegmentHandle && target.Offset == place.Offset)
                return true;
        }

        return false;
    }

    private bool IsOn(ObjectRecord record, string name)
    {
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            if (NameOf(record.Replica(i)) == name)
                return true;
        }

        return false;
    }

    private string? NameOf(StoredReplica replica) => book.Directory.Readable(replica.SegmentHandle)?.Segment.Name;
}
