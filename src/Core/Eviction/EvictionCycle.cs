// One cycle of eviction: gathers the shards' offers and chooses the coldest objects of all, in passes. Pure; driven by EvictorActor.
//
//   Add (one offer a shard) -> Choose -> [Ask, AddGroups -> Choose ...] -> TakeChosen -> shards evict -> Evicted
//                                 ^------------- while shards refused some: others take their place ------'
//
// What is chosen is always the coldest of what may go, in exact order. Only the count can fall short: when a shard had more of the
// coldest objects than it was asked for, the choice ends there (FellShort), and the next cycle goes on.
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Eviction;

/// <summary>The choice of victims among the offers of all shards.</summary>
/// <param name="policy">Counts and bounds.</param>
/// <param name="goal">What is to be achieved.</param>
/// <param name="shardCount">How many shards are asked.</param>
/// <param name="limit">How many objects of each kind each shard is asked for.</param>
public sealed class EvictionCycle(EvictionPolicy policy, EvictionGoal goal, int shardCount, int limit)
{
    private readonly OfferMerge _plain = new(shardCount, limit);
    private readonly OfferMerge _softPinned = new(shardCount, limit);
    private readonly GroupCensus _groups = new(shardCount);
    private readonly List<Victim> _softPinnedInGroups = [];
    private readonly List<Victim> _chosen = [];
    private readonly HashSet<ulong> _unknownGroups = [];

    // Groups that are done with, one set a pass: what was chosen before, and with it what this choice has added.
    private readonly (HashSet<ulong> Plain, HashSet<ulong> SoftPinned) _groupsBefore = ([], []);
    private readonly (HashSet<ulong> Plain, HashSet<ulong> SoftPinned) _groupsNow = ([], []);
    private ILookup<ulong, Victim>? _softPinnedByGroup;

    /// <summary>Shards that have made their offer.</summary>
    public int Offers { get; private set; }

    /// <summary>All objects that are not hard-pinned and could be evicted but for their leases, of the shards that have spoken.</summary>
    public long Evictable { get; private set; }

    /// <summary>Objects that the shards were told to evict.</summary>
    public int Asked { get; private set; }

    /// <summary>Objects that have gone.</summary>
    public int EvictedCount { get; private set; }

    /// <summary>Bytes that have become free with them.</summary>
    public ulong EvictedBytes { get; private set; }

    /// <summary>True when a shard's offer did not reach as far as the choice had to go.</summary>
    public bool FellShort => (_plain.IsCut && EvictedCount < Wanted) || (_softPinned.IsCut && EvictedCount < LeastWanted);

    private int Wanted => policy.CountOf(goal.Target, Evictable);

    private int LeastWanted => policy.CountOf(goal.LowerBound, Evictable);

    /// <summary>Takes a shard's offer, once.</summary>
    public void Add(int shard, VictimOffer offer)
    {
        ArgumentNullException.ThrowIfNull(offer);
        Offers++;
        Evictable += offer.EvictableCount;
        _plain.Add(shard, offer.Plain);
        _softPinned.Add(shard, offer.SoftPinned);
        foreach (var victim in offer.SoftPinned)
        {
            if (victim.Group != 0)
                _softPinnedInGroups.Add(victim);
        }
    }

    /// <summary>Chooses, on top of what has gone already. What an earlier choice left out is not looked at again.</summary>
    /// <param name="nowTicks">Now (monotonic, 100 ns).</param>
    /// <param name="mayAsk">False: a group that nothing is known of is passed over.</param>
    /// <returns>Groups that all shards must be asked about before the choice counts; empty when it is made.</returns>
    public IReadOnlyCollection<ulong> Choose(long nowTicks, bool mayAsk)
    {
        _chosen.Clear();
        _unknownGroups.Clear();
        Copy(_groupsBefore, _groupsNow);
        _plain.Rewind();
        _softPinned.Rewind();
        var count = ChooseFrom(_plain, EvictedCount, Wanted, nowTicks, mayAsk, softPinned: false);
        if (policy.Settings.AllowSoftPinned && _plain.IsExhausted)
            ChooseFrom(_softPinned, count, LeastWanted, nowTicks, mayAsk, softPinned: true);
        return _unknownGroups;
    }

    /// <summary>The shards are asked about these groups.</summary>
    public void Ask(IEnumerable<ulong> groups) => _groups.Ask(groups);

    /// <summary>One shard's answer, in the order of the question.</summary>
    public void AddGroups(IReadOnlyList<ulong> groups, IReadOnlyList<GroupState> states) => _groups.Add(groups, states);

    /// <summary>The keys of the last choice, by shard; the next choice goes on behind them.</summary>
    public IReadOnlyList<ObjectKey[]> TakeChosen()
    {
        var byShard = new List<ObjectKey>[shardCount];
        for (var shard = 0; shard < shardCount; shard++)
            byShard[shard] = [];
        foreach (var victim in _chosen)
            byShard[Partition.ShardOf(victim.Key.Hash, shardCount)].Add(victim.Key);
        Asked += _chosen.Count;
        _chosen.Clear();
        _plain.Mark();
        _softPinned.Mark();
        Copy(_groupsNow, _groupsBefore);
        return [.. byShard.Select(keys => keys.ToArray())];
    }

    /// <summary>
    /// So much of what was asked for has gone, and that is committed. The rest was refused: leased, pinned or removed meanwhile.
    /// </summary>
    public void Evicted(int count, ulong bytes)
    {
        EvictedCount += count;
        EvictedBytes = Saturating.Add(EvictedBytes, bytes);
    }

    /// <summary>Walks on until so many are chosen, and over those that are as cold as the last one.</summary>
    private int ChooseFrom(OfferMerge offers, int count, int wanted, long nowTicks, bool mayAsk, bool softPinned)
    {
        var ties = policy.Settings.MaximumTies;
        long? coldest = null; // deadline of the last one chosen
        while (offers.TryPeek(out var victim))
        {
            if (count >= wanted && (victim.LeaseUntilTicks != coldest || ties-- == 0))
                break;
            offers.Step();
            var taken = Take(victim, nowTicks, mayAsk, softPinned);
            if (taken > 0)
                (count, coldest) = (count + taken, victim.LeaseUntilTicks);
        }

        return count;
    }

    private int Take(in Victim victim, long nowTicks, bool mayAsk, bool softPinned)
    {
        if (victim.Group != 0)
            return TakeGroup(victim.Group, nowTicks, mayAsk, softPinned);
        _chosen.Add(victim);
        return 1;
    }

    /// <summary>
    /// A group goes whole or not at all. Its soft-pinned members are passed over while soft-pinned objects stay, and go together
    /// (as far as they are on offer) when their turn comes.
    /// </summary>
    private int TakeGroup(ulong group, long nowTicks, bool mayAsk, bool softPinned)
    {
        if (!(softPinned ? _groupsNow.SoftPinned : _groupsNow.Plain).Add(group))
            return 0;
        if (!_groups.WasAskedAbout(group))
        {
            if (!mayAsk)
                return 0;
            _unknownGroups.Add(group);
            return 1; // at least this member; the choice is made anew when more is known
        }

        if (!_groups.MayGo(group, nowTicks, out var members))
            return 0;
        var before = _chosen.Count;
        if (!softPinned || _groupsNow.Plain.Add(group))
            _chosen.AddRange(members);
        if (softPinned)
        {
            _softPinnedByGroup ??= _softPinnedInGroups.ToLookup(member => member.Group);
            _chosen.AddRange(_softPinnedByGroup[group]);
        }

        return _chosen.Count - before;
    }

    private static void Copy((HashSet<ulong> Plain, HashSet<ulong> SoftPinned) from, (HashSet<ulong> Plain, HashSet<ulong> SoftPinned) to)
    {
        to.Plain.Clear();
        to.Plain.UnionWith(from.Plain);
        to.SoftPinned.Clear();
        to.SoftPinned.UnionWith(from.SoftPinned);
    }
}
