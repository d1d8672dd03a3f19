// What a Primary does of its own accord with a shard: it ends what nobody will finish and what is over, in bounded lots.
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>Unfinished puts and transfers, parked buffers, soft pins. Used by <see cref="ShardLeader"/> only.</summary>
internal sealed class SweepRules(ShardBook book)
{
    // A discard is followed by a release.
    private const int EntriesOfOne = 2;

    public void Sweep(int maximumEntries)
    {
        var before = book.NowTicks - book.Settings.PutStartReleaseTimeout.Ticks;
        while (maximumEntries >= 1 && book.Timers.TryTakeParked(before, out var parkedPut))
            maximumEntries -= book.Release(parkedPut) ? 1 : 0;
        for (; maximumEntries >= EntriesOfOne && book.Timers.TryTakeStarted(before, out var key, out _); maximumEntries -= EntriesOfOne)
            book.DiscardAndRelease(key);
        // Its object is free for others now. Its mover may go on writing: the buffers are parked for the whole release time, from now.
        var transfersBefore = book.NowTicks - book.Settings.TransferTimeout.Ticks;
        for (; maximumEntries >= 1 && book.Timers.TryTakeTransfer(transfersBefore, out var key); maximumEntries--)
            book.RevokeTransfer(key, book.NowTicks);
        for (; maximumEntries >= 1 && book.Timers.TryTakePin(book.NowTicks, out var record); maximumEntries--)
        {
            book.Draft(OpType.SoftPinEnded, record.Key);
            book.Apply(record.Key);
        }
    }

    /// <summary>What a dead client was writing or copying is parked. True when there is more than the bound.</summary>
    public bool ClientGone(Uuid client, int maximumEntries)
    {
        var puts = book.Timers.StartedBy(client, maximumEntries);
        foreach (var record in puts)
        {
            if (record.IsBeingWritten)
                book.Discard(record.Key, record.PutStartTicks);
        }

        var left = maximumEntries - puts.Count;
        var transfers = book.State.Transfers.Where(each => each.Value.Client == client).Take(left + 1).Select(each => each.Key).ToArray();
        foreach (var key in transfers.Take(left))
            book.RevokeTransfer(key, book.NowTicks);
        return puts.Count == maximumEntries || transfers.Length > left;
    }
}
