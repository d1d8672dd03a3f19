// Which objects of one shard belong to which group, by the hash of the group's name. For eviction; two groups
// with one hash would be evicted together, which harms nobody.
using System.IO.Hashing;

namespace HotStandby.Core.Shards;

/// <summary>Members of groups. Used by <see cref="ShardState"/> and its leader.</summary>
internal sealed class GroupIndex
{
    private readonly Dictionary<ulong, HashSet<ObjectRecord>> _members = [];

    /// <summary>The hash of an object's group; 0: none.</summary>
    public static ulong HashOf(ObjectRecord record) => record.Group.IsEmpty ? 0 : Math.Max(1, XxHash3.HashToUInt64(record.Group));

    /// <summary>Adds an object that has come, or takes out one that is gone.</summary>
    public void Changed(ObjectRecord record)
    {
        if (record.Group.IsEmpty)
            return;
        var group = HashOf(record);
        if (!_members.TryGetValue(group, out var members))
        {
            if (record.IsGone)
                return;
            _members.Add(group, members = []);
        }

        if (!record.IsGone)
        {
            members.Add(record);
            return;
        }

        members.Remove(record);
        if (members.Count == 0)
            _members.Remove(group);
    }

    /// <summary>The latest lease of a group's members here, and those of them that may go.</summary>
    public GroupState Describe(ulong group, ColdOrder leases)
    {
        if (!_members.TryGetValue(group, out var members))
            return new GroupState(long.MinValue, []);
        var (lease, victims) = (long.MinValue, new List<Victim>(members.Count));
        foreach (var member in members)
        {
            lease = Math.Max(lease, leases.LeaseOf(member));
            if (ColdOrder.MayBeEvicted(member) && !member.IsSoftPinned)
                victims.Add(ColdOrder.VictimOf(member));
        }

        return new GroupState(lease, victims);
    }
}
