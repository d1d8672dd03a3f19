// Walks the sorted offers of all shards in one order, coldest first: a heap with one place a shard, so a step costs
// O(log shards) and nothing is sorted. Used by EvictionCycle only, which may go back to the last mark to choose anew.
using HotStandby.Core.Shards;

namespace HotStandby.Core.Eviction;

/// <summary>A k-way merge of one kind of offer (plain or soft-pinned).</summary>
/// <param name="shardCount">How many shards there are.</param>
/// <param name="limit">What each was asked for: an offer of that length may have been cut.</param>
internal sealed class OfferMerge(int shardCount, int limit)
{
    private readonly IReadOnlyList<Victim>?[] _offers = new IReadOnlyList<Victim>?[shardCount];
    private readonly int[] _at = new int[shardCount];
    private readonly int[] _mark = new int[shardCount];
    private readonly PriorityQueue<int, (long LeaseUntilTicks, int Shard)> _heads = new(shardCount);

    /// <summary>
    /// True when the end of a cut offer was reached: whatever follows elsewhere may be warmer than what that shard left out.
    /// </summary>
    public bool IsCut { get; private set; }

    /// <summary>True when every shard's last object has been walked over.</summary>
    public bool IsExhausted => !IsCut && _heads.Count == 0;

    /// <summary>Takes a shard's offer, once.</summary>
    public void Add(int shard, IReadOnlyList<Victim> offer) => _offers[shard] = offer;

    /// <summary>Goes back to the mark, at first the coldest object of all.</summary>
    public void Rewind()
    {
        _heads.Clear();
        IsCut = false;
        for (var shard = 0; shard < shardCount; shard++)
        {
            _at[shard] = _mark[shard];
            Queue(shard);
        }
    }

    /// <summary>From here on it goes when it is rewound.</summary>
    public void Mark() => _at.AsSpan().CopyTo(_mark);

    /// <summary>The coldest object that has not been walked over.</summary>
    public bool TryPeek(out Victim victim)
    {
        if (IsCut || !_heads.TryPeek(out var shard, out _))
        {
            victim = default;
            return false;
        }

        victim = _offers[shard]![_at[shard]];
        return true;
    }

    /// <summary>Walks over it.</summary>
    public void Step()
    {
        var shard = _heads.Dequeue();
        _at[shard]++;
        Queue(shard);
    }

    private void Queue(int shard)
    {
        if (_offers[shard] is not { } offer)
            return;
        if (_at[shard] < offer.Count)
            _heads.Enqueue(shard, (offer[_at[shard]].LeaseUntilTicks, shard));
        else if (offer.Count >= limit)
            IsCut = true;
    }
}
