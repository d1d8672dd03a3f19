// PutStart, PutEnd and PutRevoke by upstream's rules, in upstream's order of checks. UpsertStart is in UpsertRules, and ends like a put.
using System.Text;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>What a new object takes over from the one in whose place it comes.</summary>
/// <param name="HardPin">Never evict.</param>
/// <param name="SoftPinUntilTicks">Its soft pin lasts until then; null: it has none.</param>
/// <param name="SoftPinTtlMilliseconds">For how long that was asked for, which a new reign counts anew.</param>
/// <param name="Group">Its group, where the writer names none.</param>
internal readonly record struct Heritage(bool HardPin, long? SoftPinUntilTicks, ulong? SoftPinTtlMilliseconds, byte[]? Group);

/// <summary>How a shard decides puts. Used by <see cref="ShardLeader"/> only.</summary>
internal sealed class PutRules(ShardBook book)
{
    private const int SmallGroupBytes = 256;

    public ErrorCode Start(KeyedCall call, int index, ref ItemResult result)
    {
        var places = ShardBook.PlacesOf(call, index);
        ref readonly var key = ref call.Keys[index];
        var error = PutStartRules.Check(call, index, book.Settings);
        var existing = error == ErrorCode.Ok ? book.State.Find(key) : null;
        if (existing is not null && book.IsAlive(existing) && !MayBeTakenOver(existing))
        {
            if (IsRepeated(call, index, existing))
            {
                existing.IsFromEarlierReign = false;
                book.GiveBack(places);
                result.Replicas = book.Describe(existing, ReplicaStatus.Processing);
                return ErrorCode.Ok;
            }

            error = ErrorCode.ObjectAlreadyExists;
        }

        if (error == ErrorCode.Ok && !HasUsable(places))
            error = ErrorCode.NoAvailableHandle;
        if (error != ErrorCode.Ok)
        {
            book.GiveBack(places);
            return error;
        }

        if (existing is not null)
            MakeWay(key, existing);
        return Create(call, index, places, default, ref result);
    }

    /// <summary>Creates an object where none is (any more).</summary>
    public ErrorCode Create(KeyedCall call, int index, Span<Extent> places, in Heritage heritage, ref ItemResult result)
    {
        Span<PlacedReplica> replicas = stackalloc PlacedReplica[Math.Min(places.Length, byte.MaxValue)];
        replicas = replicas[..TakePlaces(places, call.Sizes[index], replicas)];
        if (replicas.IsEmpty)
            return ErrorCode.NoAvailableHandle;
        var record = Write(call, index, replicas, heritage);
        if (heritage.SoftPinUntilTicks is { } until)
        {
            record.SoftPinUntilTicks = until;
            book.Timers.Pin(record);
        }

        book.Timers.Start(record.Key, record, book.NowTicks);
        result.Replicas = book.Describe(record, ReplicaStatus.Processing);
        return ErrorCode.Ok;
    }

    public ErrorCode End(KeyedCall call, int index)
    {
        ref readonly var key = ref call.Keys[index];
        if (book.FindAlive(key) is not { } record)
            return ErrorCode.ObjectNotFound;
        if (record.Client != call.Client)
            return ErrorCode.IllegalClient;
        if (!ObjectRecord.Selects(call.Selector))
            return record.IsBeingWritten ? ErrorCode.Ok : ErrorCode.InvalidWrite; // no replica is of that kind: nothing ends
        if (!record.IsBeingWritten)
            return ErrorCode.Ok;
        var wasPinned = record.IsSoftPinned;
        book.GrantNothing(record);
        var checksum = index < call.Checksums.Length ? call.Checksums[index] : null;
        new PutEndPayload(call.Selector, checksum).Write(book.Draft(OpType.PutEnd, key, PutEndPayload.EncodedBytes));
        book.Apply(key);
        if (record.IsSoftPinned && (!wasPinned || record.SoftPinAction == SoftPinAction.Enable))
            book.StartSoftPin(record);
        return ErrorCode.Ok;
    }

    public ErrorCode Revoke(KeyedCall call, in ObjectKey key)
    {
        if (book.FindAlive(key) is not { } record)
            return ErrorCode.ObjectNotFound;
        if (record.Client != call.Client)
            return ErrorCode.IllegalClient;
        if (!record.IsBeingWritten)
            return ErrorCode.InvalidWrite;
        if (!ObjectRecord.Selects(call.Selector))
            return ErrorCode.Ok; // no replica is of that kind: nothing is given up
        new PutRevokePayload(call.Selector).Write(book.Draft(OpType.PutRevoke, key, PutRevokePayload.EncodedBytes));
        book.Apply(key);
        return ErrorCode.Ok;
    }

    /// <summary>
    /// An object that died with its segments is erased; an abandoned put leaves its buffers parked, also on a segment that is
    /// being dropped: its writer may write to where that was.
    /// </summary>
    public void MakeWay(in ObjectKey key, ObjectRecord existing)
    {
        if (existing.IsBeingWritten)
            book.Discard(key, existing.PutStartTicks);
        else
            book.Remove(key);
    }

    /// <summary>True when at least one buffer was found, on a segment that has not died meanwhile.</summary>
    public bool HasUsable(Span<Extent> places)
    {
        foreach (var place in places)
        {
            if (place.LengthBytes != 0 && book.Directory.Readable(place.SegmentHandle) is not null)
                return true;
        }

        return false;
    }

    private bool MayBeTakenOver(ObjectRecord record) =>
        record.IsBeingWritten && record.PutStartTicks + book.Settings.PutStartDiscardTimeout.Ticks < book.NowTicks;

    // The reply to the first one may have been lost with the Primary that gave it. Once: a second repetition is a second writer.
    private static bool IsRepeated(KeyedCall call, int index, ObjectRecord existing) =>
        existing is { IsBeingWritten: true, IsFromEarlierReign: true }
            && existing.Client == call.Client && existing.SizeBytes == call.Sizes[index];

    private int TakePlaces(Span<Extent> places, ulong size, Span<PlacedReplica> replicas)
    {
        var taken = 0;
        foreach (var place in places)
        {
            if (place.LengthBytes == 0)
                continue;
            if (place.LengthBytes != size)
                throw new InvariantViolation(5, $"a buffer of {place.LengthBytes} bytes was placed for an object of {size}");
            if (taken == replicas.Length || book.Directory.Readable(place.SegmentHandle) is null)
                book.Released.Add(place);
            else
                replicas[taken] = new PlacedReplica(book.State.NextReplicaId(taken++), place.SegmentHandle, place.Offset);
        }

        return taken;
    }

    private ObjectRecord Write(KeyedCall call, int index, Span<PlacedReplica> replicas, in Heritage heritage)
    {
        ref readonly var key = ref call.Keys[index];
        var config = call.Config;
        var groupName = config.GroupIds is { } groups ? groups[index] : "";
        var groupBytes = heritage.Group?.Length ?? Encoding.UTF8.GetByteCount(groupName);
        Span<byte> group = groupBytes <= SmallGroupBytes ? stackalloc byte[groupBytes] : new byte[groupBytes];
        if (heritage.Group is { } inherited)
            inherited.CopyTo(group);
        else
            Encoding.UTF8.GetBytes(groupName, group);
        PutStartPayload.Write(
            book.Draft(OpType.PutStart, key, PutStartPayload.SizeOf(groupBytes, replicas.Length)), call.Client, call.Sizes[index],
            config.SoftPinTtlMilliseconds ?? heritage.SoftPinTtlMilliseconds, config.HardPin || heritage.HardPin, config.SoftPinAction,
            config.DataType, group, replicas, heritage.SoftPinUntilTicks.HasValue);
        book.Apply(key);
        return book.State.Find(key)!;
    }
}
