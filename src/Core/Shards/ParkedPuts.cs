// The parked puts of one shard. Replicated: changed by ShardState.Apply only, which passes its digest for them to count in.
using System.Diagnostics.CodeAnalysis;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

/// <summary>Used by <see cref="ShardState"/> only.</summary>
internal sealed class ParkedPuts
{
    private readonly Dictionary<ulong, ParkedPut> _byNumber = [];

    public int Count => _byNumber.Count;

    /// <summary>The transfers among them. A segment that is dropped may have taken their buffers away.</summary>
    public GivenUpTransfers GivenUp { get; } = new();

    /// <summary>All numbers, in no order.</summary>
    public IEnumerable<ulong> Numbers => _byNumber.Keys.Union(GivenUp.Numbers);

    /// <summary>The number that the next one gets.</summary>
    public ulong Next { get; private set; }

    /// <summary>All of them, in no order.</summary>
    public IEnumerable<ParkedPut> All => _byNumber.Values;

    public bool Contains(ulong number) => _byNumber.ContainsKey(number) || GivenUp.Contains(number);

    public void Park(Extent[] extents, ref PartitionDigest digest)
    {
        var parked = new ParkedPut(Next++, extents);
        _byNumber.Add(parked.Number, parked);
        digest = digest.Plus(ContentHash.Of(parked));
    }

    public void ParkTransfer(Extent[] extents, Uuid client, ulong keyHash, ref PartitionDigest digest)
    {
        GivenUp.Add(Next, client, keyHash, ref digest);
        Park(extents, ref digest);
    }

    /// <summary>What an image holds: a parked put under its old number, and the count from which new ones go on.</summary>
    public void Restore(in ParkedPut parked, ref PartitionDigest digest)
    {
        if (!_byNumber.TryAdd(parked.Number, parked))
            throw new Checkpoints.ImageDamagedException($"the parked put {parked.Number} twice");
        digest = digest.Plus(ContentHash.Of(parked));
    }

    /// <summary>Goes on counting from here.</summary>
    public void RestoreNext(ulong next) => Next = next;

    /// <summary>Takes one out; false when it is not there.</summary>
    public bool TryRelease(ulong number, ref PartitionDigest digest, [NotNullWhen(true)] out Extent[]? extents)
    {
        var isTransfer = GivenUp.TryForget(number, ref digest);
        if (!_byNumber.Remove(number, out var parked))
        {
            extents = isTransfer ? [] : null;
            return extents is not null;
        }

        digest = digest.Minus(ContentHash.Of(parked));
        extents = parked.Extents;
        return true;
    }

    /// <summary>The buffers on a segment go, and with the last of its buffers a parked put.</summary>
    public void DropSegment(uint handle, ref PartitionDigest digest)
    {
        foreach (var parked in _byNumber.Values)
        {
            var left = Array.FindAll(parked.Extents, extent => extent.SegmentHandle != handle);
            if (left.Length == parked.Extents.Length)
                continue;
            digest = digest.Minus(ContentHash.Of(parked));
            if (left.Length == 0)
            {
                _byNumber.Remove(parked.Number);
                continue;
            }

            var shrunk = parked with { Extents = left };
            _byNumber[parked.Number] = shrunk;
            digest = digest.Plus(ContentHash.Of(shrunk));
        }
    }
}
