// Whose copies and moves were given up. An end names a client and a key, and nothing else: a late one of a transfer that was given up would
// end another that the same client has begun since, with targets that were never written. So that client begins none of that key before
// the buffers of the first are free. Replicated: changed by ShardState.Apply only, which passes its digest for them to count in.
using System.IO.Hashing;
using System.Runtime.InteropServices;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Shards;

/// <summary>By the numbers under which their buffers were parked. Used by <see cref="ShardState"/> only.</summary>
internal sealed class GivenUpTransfers
{
    private const int EachBytes = 16 + Uuid.EncodedBytes;

    private readonly SortedDictionary<ulong, (Uuid Client, ulong KeyHash)> _byNumber = [];
    private readonly HashSet<(Uuid Client, ulong KeyHash)> _movers = [];

    public int Count => _byNumber.Count;

    /// <summary>All numbers. A segment that is dropped may have taken the buffers away.</summary>
    public IEnumerable<ulong> Numbers => _byNumber.Keys;

    public bool Contains(ulong number) => _byNumber.ContainsKey(number);

    /// <summary>True while an end of that client for that key may be of a transfer that was given up.</summary>
    public bool Contains(Uuid client, ulong keyHash) => _movers.Contains((client, keyHash));

    public void Add(ulong number, Uuid client, ulong keyHash, ref PartitionDigest digest)
    {
        _byNumber.Add(number, (client, keyHash));
        _movers.Add((client, keyHash));
        digest = digest.Plus(HashOf(number, client, keyHash));
    }

    /// <summary>Its time is over; false when it is not known.</summary>
    public bool TryForget(ulong number, ref PartitionDigest digest)
    {
        if (!_byNumber.Remove(number, out var mover))
            return false;
        _movers.Remove(mover); // once at a time: it begins no other meanwhile
        digest = digest.Minus(HashOf(number, mover.Client, mover.KeyHash));
        return true;
    }

    public void WriteTo(ImageWriter to)
    {
        to.UInt32((uint)_byNumber.Count);
        foreach (var (number, (client, keyHash)) in _byNumber)
        {
            to.UInt64(number);
            to.Id(client);
            to.UInt64(keyHash);
        }
    }

    public void ReadFrom(ref ImageReader from, ref PartitionDigest digest)
    {
        ulong? last = null;
        for (var left = from.Count(EachBytes); left > 0; left--)
        {
            var number = from.UInt64();
            if (number <= last)
                throw new ImageDamagedException("transfers that were given up are out of order");
            Add(number, from.Id(), from.UInt64(), ref digest);
            last = number;
        }

        if (last is null)
            throw new ImageDamagedException("a part of the image that is written only where it is not empty");
    }

    private static ulong HashOf(ulong number, Uuid client, ulong keyHash) =>
        XxHash3.HashToUInt64(MemoryMarshal.AsBytes<ulong>([number, client.First, client.Second, keyHash]));
}
