// Exist, GetReplicaList and what operators and other parts of the node ask of a shard. Pure reads, but for leases.
using System.Buffers;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

/// <summary>An object on a segment that is to be emptied.</summary>
/// <param name="Key">Which.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="IsBlocked">It cannot be moved now: leased, hard-pinned, being written or being copied.</param>
/// <param name="Holders">Handles of all segments with a replica of it.</param>
public readonly record struct DrainCandidate(ObjectKey Key, ulong SizeBytes, bool IsBlocked, IReadOnlyList<uint> Holders);

/// <summary>How a shard answers questions. Used by <see cref="ShardLeader"/> only.</summary>
internal sealed class ReadRules(ShardBook book)
{
    // 64 KiB: an array of 85,000 bytes is a large object to the collector, and many of those make it collect everything. From the pool,
    // because as many small ones make it collect often, and writers wait for that.
    private const int KeysPerPiece = 4096;

    public bool Exist(in ObjectKey key)
    {
        if (book.State.Find(key) is not { } record || book.CountReadable(record) == 0)
            return false;
        book.GrantLease(record);
        return true;
    }

    public ErrorCode GetReplicaList(in ObjectKey key, ref ItemResult result, bool grantLease)
    {
        if (book.State.Find(key) is not { } record)
            return ErrorCode.ObjectNotFound;
        result.Replicas = book.Describe(record, ReplicaStatus.Complete);
        if (result.Replicas.Count == 0)
            return book.IsAlive(record) ? ErrorCode.ReplicaIsNotReady : ErrorCode.ObjectNotFound;
        if (grantLease)
            book.GrantLease(record);
        result.LeaseTtlMilliseconds = grantLease ? (ulong)book.Settings.LeaseTtl.TotalMilliseconds : 0;
        result.ObjectChecksum = record.ObjectChecksum;
        return ErrorCode.Ok;
    }

    /// <summary>There are no replicas on disks to forget. In upstream's order: the object first, then what is asked for.</summary>
    public ErrorCode ForgetOnDisk(in ObjectKey key, ReplicaType type) =>
        book.FindAlive(key) is null ? ErrorCode.ObjectNotFound
        : type is ReplicaType.Disk or ReplicaType.LocalDisk ? ErrorCode.Ok
        : ErrorCode.InvalidParams;

    public ErrorCode Locate(in ObjectKey key, out uint[] handles)
    {
        handles = [];
        if (book.FindAlive(key) is not { } record)
            return ErrorCode.ObjectNotFound;
        var found = new List<uint>(record.ReplicaCount);
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            if (book.IsReadable(record.Replica(i)))
                found.Add(record.Replica(i).SegmentHandle);
        }

        handles = [.. found];
        return ErrorCode.Ok;
    }

    public ArraySegment<ObjectKey>[] ListKeys(bool readableOnly, byte[]? tenant)
    {
        var pieces = new List<ArraySegment<ObjectKey>>();
        var (piece, count) = (Array.Empty<ObjectKey>(), 0);
        foreach (var (key, record) in book.State.Objects)
        {
            if ((readableOnly && book.CountReadable(record) == 0) || (tenant is not null && !key.Tenant.SequenceEqual(tenant)))
                continue;
            if (count == piece.Length)
            {
                pieces.Add(piece = ArrayPool<ObjectKey>.Shared.Rent(KeysPerPiece));
                count = 0;
            }

            piece[count++] = key;
        }

        if (count < piece.Length)
            pieces[^1] = new ArraySegment<ObjectKey>(piece, 0, count);
        return [.. pieces];
    }

    public IReadOnlyList<DrainCandidate> ListOn(uint handle, int limit)
    {
        // What can be moved comes first: objects that are blocked for long must not hide the others behind the limit.
        var (movable, blocked) = (new List<DrainCandidate>(), new List<DrainCandidate>());
        foreach (var (key, record) in book.State.Objects)
        {
            if (movable.Count >= limit)
                break;
            if (!IsOn(record, handle))
                continue;
            var isBlocked = record.IsHardPinned || record.IsBeingWritten || record.HasTransfer || book.IsLeased(record);
            if (!isBlocked || blocked.Count < limit)
                (isBlocked ? blocked : movable).Add(new DrainCandidate(key, record.SizeBytes, isBlocked, HoldersOf(record)));
        }

        movable.AddRange(blocked.Take(limit - movable.Count));
        return movable;
    }

    public IReadOnlyList<Extent> UnfinishedOn(uint handle)
    {
        var transferring = book.State.Transfers.Keys.Select(key => book.State.Find(key)!);
        return
        [
            .. book.Timers.Writing.Concat(transferring).Distinct()
                .SelectMany(record => Enumerable.Range(0, record.ReplicaCount)
                    .Where(i => record.Replica(i).Status == ReplicaStatus.Processing).Select(record.ExtentOf))
                .Concat(book.State.Parked.All.SelectMany(parked => parked.Extents)).Where(extent => extent.SegmentHandle == handle),
        ];
    }

    private static uint[] HoldersOf(ObjectRecord record)
    {
        var holders = new uint[record.ReplicaCount];
        for (var i = 0; i < holders.Length; i++)
            holders[i] = record.Replica(i).SegmentHandle;
        return holders;
    }

    private static bool IsOn(ObjectRecord record, uint handle)
    {
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            if (record.Replica(i).SegmentHandle == handle)
                return true;
        }

        return false;
    }
}
