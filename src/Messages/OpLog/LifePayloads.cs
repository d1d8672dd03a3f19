// Payloads of what a client that starts again leaves behind: its earlier life, and writes that are still under way to its memory.
using HotStandby.Messages.Identity;

namespace HotStandby.Messages.OpLog;

/// <summary>CLIENT_REPLACED: the earlier client 16, its successor 16, the endpoint.</summary>
public sealed record ClientReplacedPayload(Uuid Client, Uuid Successor, string Endpoint)
{
    /// <summary>The encoded form.</summary>
    public byte[] Encode()
    {
        var to = new PayloadWriter();
        to.Id(Client);
        to.Id(Successor);
        to.Text(Endpoint);
        return to.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ClientReplacedPayload payload)
    {
        var from = new PayloadReader(bytes);
        payload = new(from.Id(), from.Id(), from.Text());
        return from.IsWhole;
    }
}

/// <summary>A range of a client's memory.</summary>
/// <param name="Start">Address of its first byte.</param>
/// <param name="Length">In bytes.</param>
public readonly record struct MemoryRange(ulong Start, ulong Length)
{
    /// <summary>The first address behind it.</summary>
    public ulong End => Start + Length;
}

/// <summary>STRAY_WRITES: the segment's handle 4, then a list of ranges (address 8, length 8), ascending and apart.</summary>
public sealed record StrayWritesPayload(uint SegmentHandle, IReadOnlyList<MemoryRange> Ranges)
{
    /// <summary>Most ranges of one entry.</summary>
    public const int MaximumRanges = 4096;

    private const int RangeBytes = 16;

    /// <summary>The encoded form.</summary>
    public byte[] Encode()
    {
        var to = new PayloadWriter();
        to.UInt32(SegmentHandle);
        to.Count(Ranges.Count);
        foreach (var range in Ranges)
        {
            to.UInt64(range.Start);
            to.UInt64(range.Length);
        }

        return to.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible, or its ranges empty, out of order or beyond the last address.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out StrayWritesPayload payload)
    {
        var from = new PayloadReader(bytes);
        var handle = from.UInt32();
        var ranges = new MemoryRange[from.Count(RangeBytes)];
        var (end, isGood) = (0UL, ranges.Length is > 0 and <= MaximumRanges);
        for (var i = 0; i < ranges.Length; i++)
        {
            ranges[i] = new(from.UInt64(), from.UInt64());
            isGood &= ranges[i].Length > 0 && ranges[i].Length <= ulong.MaxValue - ranges[i].Start && (i == 0 || ranges[i].Start > end);
            end = unchecked(ranges[i].Start + ranges[i].Length);
        }

        payload = new(handle, ranges);
        return from.IsWhole && isGood;
    }
}
