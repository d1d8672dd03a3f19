// What segment table, evictor and shards say to each other about eviction. None of these leaves the process.
//
//   segments ──EvictionNeeded──► evictor ──OfferVictims──► shards ──VictimsOffered──► evictor
//                                        [──DescribeGroups──► shards ──GroupsDescribed──►]
//                                        ──EvictVictims──► shards (propose, commit) ──VictimsEvicted──► evictor ──EvictionDone──► segments
using HotStandby.Core.Cells;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Partitions;

/// <summary>
/// Segment table to evictor: make room. Answered with one <see cref="EvictionDone"/>, unless it comes while a cycle of its reign is
/// running.
/// </summary>
/// <param name="Reign">The reign; an older one than the evictor has seen is ignored, a newer one ends the cycle that is running.</param>
/// <param name="UsedRatio">Used bytes of all segments by their capacity, 0 to 1.</param>
/// <param name="Forced">A PutStart has found no room.</param>
public sealed record EvictionNeeded(ulong Reign, double UsedRatio, bool Forced) : ICellMessage;

/// <summary>Evictor to segment table: the cycle has ended.</summary>
/// <param name="Reign">As given.</param>
/// <param name="Evicted">Objects that went; may be 0.</param>
/// <param name="Bytes">Bytes that became free. They are released by the shards, not by this.</param>
public sealed record EvictionDone(ulong Reign, int Evicted, ulong Bytes) : ICellMessage;

/// <summary>Evictor to shards: what could go? A shard that does not lead in this reign is silent.</summary>
/// <param name="Reign">The reign.</param>
/// <param name="CycleId">Comes back in the answer.</param>
/// <param name="Limit">Most objects in each list of the answer, at least 1.</param>
public sealed record OfferVictims(ulong Reign, ulong CycleId, int Limit) : ICellMessage;

/// <summary>Shard to evictor.</summary>
/// <param name="Partition">Which shard.</param>
/// <param name="Reign">As given.</param>
/// <param name="CycleId">As given.</param>
/// <param name="Offer">Its coldest objects.</param>
public sealed record VictimsOffered(Partition Partition, ulong Reign, ulong CycleId, VictimOffer Offer) : ICellMessage;

/// <summary>Evictor to shards: what do you hold of these groups? A shard that does not lead in this reign is silent.</summary>
/// <param name="Reign">The reign.</param>
/// <param name="CycleId">Comes back in the answer.</param>
/// <param name="Groups">Hashes of the groups' names; not changed by any cell.</param>
public sealed record DescribeGroups(ulong Reign, ulong CycleId, IReadOnlyList<ulong> Groups) : ICellMessage;

/// <summary>Shard to evictor.</summary>
/// <param name="Partition">Which shard.</param>
/// <param name="Reign">As given.</param>
/// <param name="CycleId">As given.</param>
/// <param name="Groups">As given.</param>
/// <param name="States">One for each group, in that order.</param>
public sealed record GroupsDescribed(
    Partition Partition, ulong Reign, ulong CycleId, IReadOnlyList<ulong> Groups, IReadOnlyList<GroupState> States)
    : ICellMessage;

/// <summary>
/// Evictor to a shard: propose that these go, but for those that are leased or hard-pinned by now, or gone. A shard that does not
/// lead in this reign is silent.
/// </summary>
/// <param name="Reign">The reign.</param>
/// <param name="CycleId">Comes back in the answer.</param>
/// <param name="Keys">Keys of this shard, coldest first.</param>
public sealed record EvictVictims(ulong Reign, ulong CycleId, ObjectKey[] Keys) : ICellMessage;

/// <summary>Shard to evictor, one for each <see cref="EvictVictims"/>: they are gone, and that is committed.</summary>
/// <param name="Reign">As given.</param>
/// <param name="CycleId">As given.</param>
/// <param name="Count">How many went; the others were refused.</param>
/// <param name="Bytes">What that freed.</param>
public sealed record VictimsEvicted(ulong Reign, ulong CycleId, int Count, ulong Bytes) : ICellMessage;
