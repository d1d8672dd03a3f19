// The segment table as an image and back: segments in the order of their mounts, then tasks and drain jobs, then what
// clients that are gone have left behind.
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Segments;

public sealed partial class SegmentTable
{
    /// <summary>Writes everything that is replicated, drafts included: what comes of those is the caller's to wait for.</summary>
    /// <param name="to">Takes the image.</param>
    /// <param name="shards">Metadata shards of the cluster.</param>
    public void WriteImage(ImageWriter to, int shards)
    {
        ArgumentNullException.ThrowIfNull(to);
        PartitionImage.Begin(to, new ImageHead(Partition.SegmentTable, shards, Digest));
        to.UInt32(NextHandle);
        to.UInt32((uint)_byHandle.Count);
        // In the order of the mounts: the lists by client, endpoint and name are in that order, too.
        foreach (var segment in _byHandle.Values.OrderBy(segment => segment.Handle))
            Write(to, segment);
        Tasks.WriteTo(to);
        // Rare, and not known to earlier versions: where there is nothing of it, the image ends here.
        if (Replaced.Count > 0 || StrayWrites.Count > 0)
        {
            Replaced.WriteTo(to);
            StrayWrites.WriteTo(to);
        }

        PartitionImage.End(to);
    }

    /// <summary>The table that wrote an image.</summary>
    /// <param name="image">All of it.</param>
    /// <param name="shards">Metadata shards of the cluster.</param>
    /// <param name="appliedSequence">The seq that the image stands for.</param>
    /// <exception cref="ImageDamagedException">Other bytes than were written, or of a cluster with another number of shards.</exception>
    public static SegmentTable FromImage(ReadOnlySpan<byte> image, int shards, ulong appliedSequence)
    {
        var head = PartitionImage.Open(image, out var content);
        if (head.Partition != Partition.SegmentTable || head.Shards != shards)
            throw new ImageDamagedException($"an image of {head.Partition} of {head.Shards} shards, not of the segment table of {shards}");
        var from = new ImageReader(content);
        var table = new SegmentTable { NextHandle = from.UInt32() };
        for (var segments = from.Count(SegmentStatusPayload.EncodedBytes); segments > 0; segments--)
            table.Restore(ReadSegment(ref from));
        table.Tasks.ReadFrom(ref from);
        if (from.Remaining > 0)
        {
            table.Replaced.ReadFrom(ref from);
            table.StrayWrites.ReadFrom(ref from);
            if (table.Replaced.Count == 0 && table.StrayWrites.Count == 0)
                throw new ImageDamagedException("a part of the image that is written only where it is not empty");
        }

        from.End();
        if (table.Digest != head.Digest)
            throw new ImageDamagedException($"the digest is {table.Digest}, and was {head.Digest} when the image was written");
        table.AppliedSequence = appliedSequence;
        return table;
    }

    private void Restore(MountedSegment segment)
    {
        if (_byHandle.ContainsKey(segment.Handle) || _byId.ContainsKey(segment.Segment.Id))
            throw new ImageDamagedException("one segment twice");
        Enter(segment);
    }

    private static void Write(ImageWriter to, MountedSegment segment)
    {
        var mount = new MountSegmentPayload(segment.Handle, segment.Client, segment.Segment);
        to.UInt32((uint)mount.EncodedBytes);
        mount.Write(to.Take(mount.EncodedBytes));
        to.Byte((byte)segment.Status);
        to.Byte(segment.IsSuspect ? (byte)1 : (byte)0);
        to.UInt64(segment.GraceMilliseconds);
    }

    private static MountedSegment ReadSegment(ref ImageReader from) => MountSegmentPayload.TryRead(from.Bytes(), out var mount)
        ? new MountedSegment(mount.SegmentHandle, mount.Client, mount.Segment, (SegmentStatus)from.Byte(), from.Byte() != 0, from.UInt64())
        : throw new ImageDamagedException("a segment that cannot be read");
}
