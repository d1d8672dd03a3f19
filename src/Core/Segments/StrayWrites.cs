// Writes that may still be under way to a segment that was dropped: puts and transfers that had not ended, and what is parked. Their
// writers know an endpoint and an address, and a later segment may be mounted there. So these ranges are not given out in it before the
// writers have had their time. Replicated: part of the segment table, changed by its entries only.
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Segments;

/// <summary>What may still be written to one segment that was dropped.</summary>
/// <param name="Handle">The segment's.</param>
/// <param name="Endpoint">Where it was.</param>
/// <param name="Ranges">Addresses, ascending and apart.</param>
public sealed record StrayWrites(uint Handle, string Endpoint, IReadOnlyList<MemoryRange> Ranges)
{
    /// <summary>Its part of the table's digest.</summary>
    internal ulong Hash()
    {
        var hash = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(Endpoint), Handle);
        foreach (var range in Ranges)
            hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes<ulong>([range.Start, range.Length]), (long)hash);
        return hash;
    }
}

/// <summary>All of them, by the handles of their segments. Used by <see cref="SegmentTable"/>.</summary>
public sealed class StrayWritesTable
{
    private const int RangeBytes = 16;
    private const int LeastBytes = 12 + RangeBytes;

    private readonly SortedDictionary<uint, StrayWrites> _byHandle = [];

    /// <summary>Of how many segments.</summary>
    public int Count => _byHandle.Count;

    /// <summary>All of them, in the order of the mounts.</summary>
    public IReadOnlyCollection<StrayWrites> All => _byHandle.Values;

    /// <summary>Of everything in it.</summary>
    internal PartitionDigest Digest { get; private set; }

    /// <summary>The writes to that segment, or null.</summary>
    public StrayWrites? Of(uint handle) => _byHandle.GetValueOrDefault(handle);

    /// <summary>The parts of a segment that writes to earlier ones at its endpoint may reach, as buffers of the segment.</summary>
    internal static IEnumerable<Extent> Over(
        MountedSegment segment, IEnumerable<StrayWrites> writes, IReadOnlyList<MemoryRange>? without = null)
    {
        var offered = segment.Segment;
        var earlier = writes.Where(write => write.Handle != segment.Handle && write.Endpoint == offered.TransportEndpoint);
        var reached = MemoryRanges.Union(
            MemoryRanges.Clip(earlier.SelectMany(write => write.Ranges), new(offered.BaseAddress, offered.SizeBytes)));
        foreach (var range in without is null ? reached : MemoryRanges.Without(reached, without))
            yield return new Extent(segment.Handle, range.Start - offered.BaseAddress, range.Length);
    }

    internal void Add(StrayWrites writes)
    {
        _byHandle.Add(writes.Handle, writes);
        Digest = Digest.Plus(writes.Hash());
    }

    internal bool Remove(uint handle)
    {
        if (!_byHandle.Remove(handle, out var writes))
            return false;
        Digest = Digest.Minus(writes.Hash());
        return true;
    }

    internal void WriteTo(ImageWriter to)
    {
        to.UInt32((uint)_byHandle.Count);
        foreach (var writes in _byHandle.Values)
        {
            to.UInt32(writes.Handle);
            to.Bytes(Encoding.UTF8.GetBytes(writes.Endpoint));
            to.UInt32((uint)writes.Ranges.Count);
            foreach (var range in writes.Ranges)
            {
                to.UInt64(range.Start);
                to.UInt64(range.Length);
            }
        }
    }

    internal void ReadFrom(ref ImageReader from)
    {
        var last = 0U;
        for (var left = from.Count(LeastBytes); left > 0; left--)
        {
            var (handle, endpoint) = (from.UInt32(), Encoding.UTF8.GetString(from.Bytes()));
            var ranges = new MemoryRange[from.Count(RangeBytes)];
            for (var i = 0; i < ranges.Length; i++)
                ranges[i] = new(from.UInt64(), from.UInt64());
            if (ranges.Length == 0 || handle <= last)
                throw new ImageDamagedException("the stray writes of a segment are none, or out of order");
            last = handle;
            Add(new(handle, endpoint, ranges));
        }
    }
}
