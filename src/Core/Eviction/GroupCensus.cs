// What the shards have said about groups in one cycle of eviction. Used by EvictionCycle only.
using System.Runtime.InteropServices;
using HotStandby.Core.Shards;

namespace HotStandby.Core.Eviction;

/// <summary>Groups by the hash of their name. One is known when every shard has spoken, since any shard may hold a leased member.</summary>
internal sealed class GroupCensus(int shardCount)
{
    private readonly Dictionary<ulong, Entry> _groups = [];

    /// <summary>True when the shards were asked about it.</summary>
    public bool WasAskedAbout(ulong group) => _groups.ContainsKey(group);

    /// <summary>The shards are asked about these.</summary>
    public void Ask(IEnumerable<ulong> groups)
    {
        foreach (var group in groups)
            _groups.TryAdd(group, new Entry(0, long.MinValue, []));
    }

    /// <summary>One shard's answer, in the order of the question.</summary>
    public void Add(IReadOnlyList<ulong> groups, IReadOnlyList<GroupState> states)
    {
        for (var i = 0; i < groups.Count; i++)
        {
            ref var entry = ref CollectionsMarshal.GetValueRefOrNullRef(_groups, groups[i]);
            entry.Members.AddRange(states[i].Members);
            entry = entry with
            {
                Answers = entry.Answers + 1,
                LeaseUntilTicks = Math.Max(entry.LeaseUntilTicks, states[i].LeaseUntilTicks),
            };
        }
    }

    /// <summary>True when every shard has spoken and no member is leased.</summary>
    /// <param name="group">Which.</param>
    /// <param name="nowTicks">Now.</param>
    /// <param name="members">Its members without a pin.</param>
    public bool MayGo(ulong group, long nowTicks, out IReadOnlyList<Victim> members)
    {
        var entry = _groups.GetValueOrDefault(group);
        members = entry.Members ?? [];
        return entry.Answers == shardCount && entry.LeaseUntilTicks <= nowTicks;
    }

    private readonly record struct Entry(int Answers, long LeaseUntilTicks, List<Victim> Members);
}
