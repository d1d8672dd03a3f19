using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

/// <summary>
/// The buffers of a put that was discarded: no object has them any more, but its writer may still write into them, so they
/// stay allocated until RELEASE_PARKED names this number.
/// </summary>
/// <param name="Number">The shard's own count of discarded puts, from 0; never reused.</param>
/// <param name="Extents">What stays allocated; never empty.</param>
internal readonly record struct ParkedPut(ulong Number, Extent[] Extents);
