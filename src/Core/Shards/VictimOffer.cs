// What a shard tells the evictor: its coldest objects, and what it holds of a group. Values only; made by ShardLeader, weighed by
// EvictionCycle. A shard checks every victim again before it lets it go.
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Shards;

/// <summary>An object that could be evicted.</summary>
/// <param name="Key">Which.</param>
/// <param name="LeaseUntilTicks">When its last lease ended (monotonic, 100 ns): the older, the colder.</param>
/// <param name="SizeBytes">What its eviction frees, in bytes.</param>
/// <param name="Group">Hash of its group's name; 0: it belongs to none.</param>
public readonly record struct Victim(ObjectKey Key, long LeaseUntilTicks, ulong SizeBytes, ulong Group);

/// <summary>A shard's coldest objects without a lease, each list ascending by deadline and at most as long as was asked for.</summary>
/// <param name="EvictableCount">All objects that are not hard-pinned and have a replica that can be evicted, leased and soft-pinned ones
/// included.</param>
/// <param name="SoftPinnedCount">How many of them are soft-pinned.</param>
/// <param name="Plain">Those without any pin.</param>
/// <param name="SoftPinned">Those with a soft pin.</param>
public sealed record VictimOffer(int EvictableCount, int SoftPinnedCount, IReadOnlyList<Victim> Plain, IReadOnlyList<Victim> SoftPinned);

/// <summary>What one shard holds of a group.</summary>
/// <param name="LeaseUntilTicks">The latest lease of any member, pinned ones included; <see cref="long.MinValue"/> when the shard holds
/// none.</param>
/// <param name="Members">The members without any pin that can be evicted.</param>
public readonly record struct GroupState(long LeaseUntilTicks, IReadOnlyList<Victim> Members);
