// Faults that tests and operators of a test build put into a shard of a Standby, so that verification has something to find. Asked for by
// the shard's actor, and only where hotstandby.testing.faults is on.
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Verification;

/// <summary>What is to be wrong.</summary>
public enum VerifyFault
{
    /// <summary>One object has another content.</summary>
    CorruptKey,
    /// <summary>One object is gone.</summary>
    DropKey,
    /// <summary>There is an object that nobody has put.</summary>
    AddKey,
    /// <summary>Of all objects every second is gone, and the others have another content.</summary>
    DamageShard,
    /// <summary>The content is right, and the digest is not.</summary>
    WrongDigest,
}

/// <summary>Puts faults into a shard. Objects that are being written or copied are spared: their next entry would stop the node.</summary>
public static class FaultInjection
{
    private const ulong FaultyId = ulong.MaxValue;

    /// <summary>Does it. Returns how many objects are affected now; 0 when there was none to damage, 1 for a digest.</summary>
    /// <param name="state">The shard.</param>
    /// <param name="fault">What.</param>
    /// <param name="shardCount">Of the cluster.</param>
    public static int Inject(ShardState state, VerifyFault fault, int shardCount)
    {
        ArgumentNullException.ThrowIfNull(state);
        switch (fault)
        {
            case VerifyFault.CorruptKey:
                return OnFirst(state, Corrupt);
            case VerifyFault.DropKey:
                return OnFirst(state, Drop);
            case VerifyFault.AddKey:
                state.Restore(Invented(state, shardCount));
                return 1;
            case VerifyFault.DamageShard:
                var quiet = Quiet(state);
                for (var i = 0; i < quiet.Length; i++)
                    (i % 2 == 0 ? (Action<ShardState, ObjectRecord>)Drop : Corrupt)(state, quiet[i]);
                return quiet.Length;
            case VerifyFault.WrongDigest:
                state.Digests.Set(0, state.Digests[0].Plus(FaultyId));
                return 1;
            default:
                throw new ArgumentOutOfRangeException(nameof(fault), fault, "no such fault");
        }
    }

    private static int OnFirst(ShardState state, Action<ShardState, ObjectRecord> damage)
    {
        if (Quiet(state) is not [var first, ..])
            return 0;
        damage(state, first);
        return 1;
    }

    private static ObjectRecord[] Quiet(ShardState state) =>
        [.. state.Objects.Values.Where(record => record is { IsBeingWritten: false, HasTransfer: false })
            .OrderBy(record => record.Key.Hash)];

    private static void Drop(ShardState state, ObjectRecord record) => state.EraseUnlogged(record.Key);

    private static void Corrupt(ShardState state, ObjectRecord record)
    {
        var last = record.LastSequence;
        state.TakeOut(record);
        record.Complete(unchecked((record.ObjectChecksum ?? 0) + FaultyId));
        state.PutBack(record);
        record.LastSequence = last;
    }

    private static ObjectRecord Invented(ShardState state, int shardCount)
    {
        for (var number = 0; ; number++)
        {
            var key = ObjectKey.From($"invented-{number}");
            if (Partition.ShardOf(key.Hash, shardCount) != state.Partition.ShardIndex || state.Find(key) is not null)
                continue;
            return new ObjectRecord(
                key, new Uuid(FaultyId, FaultyId), sizeBytes: 1, isBeingWritten: false, isHardPinned: false, isSoftPinned: false,
                SoftPinAction.Preserve, softPinTtlMilliseconds: null, dataType: 0, objectChecksum: null, [],
                [new StoredReplica(FaultyId, FaultyId - 1, uint.MaxValue, ReplicaStatus.Complete)]);
        }
    }
}
