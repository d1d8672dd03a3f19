// Partition 0 of a node: the segment table, and what it does while it follows. It tells the door what is mounted, on every node.
using HotStandby.Core.Cells;
using HotStandby.Core.Segments;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>What makes a partition the segment table.</summary>
/// <param name="shardCount">Of the cluster.</param>
/// <param name="settings">Its settings.</param>
/// <param name="outbox">Takes what follows.</param>
public sealed class SegmentPartition(int shardCount, SegmentSettings settings, Outbox outbox) : IPartition
{
    private readonly ExtentRounds _extents = new(shardCount);
    private SegmentTable _table = new();
    private SegmentDirectory? _shown;
    private VerifierIs? _verifier;

    /// <inheritdoc/>
    public ulong AppliedSequence => _table.AppliedSequence;

    /// <inheritdoc/>
    public PartitionDigest Digest => _table.Digest;

    /// <summary>The mind of the segment table.</summary>
    public static PartitionCell NewCell(int shardCount, SegmentSettings settings, Outbox outbox) =>
        new(Partition.SegmentTable, new SegmentPartition(shardCount, settings, outbox), outbox);

    /// <inheritdoc/>
    public void Apply(in OpLogEntry entry)
    {
        _table.Apply(entry);
        // A table that came with an image of a later seq passes entries over, and must not be compared with what they say.
        if (entry.Type == OpType.VerificationMarker && entry.Sequence == _table.AppliedSequence && _verifier is { Settings: not null })
            outbox.Send(CellAddress.Verifier, new PartitionCompared(
                Partition.SegmentTable, entry.Sequence, VerificationMarker.Compare(_table, entry), _table.Digest.Count));
    }

    /// <inheritdoc/>
    public void Applied() => ShowTable();

    /// <inheritdoc/>
    public void Clear() => Hold(new SegmentTable());

    /// <inheritdoc/>
    public void Restore(ReadOnlySpan<byte> image, ulong sequence) => Hold(SegmentTable.FromImage(image, shardCount, sequence));

    /// <inheritdoc/>
    public void WriteImage(Checkpoints.ImageWriter to) => _table.WriteImage(to, shardCount);

    /// <inheritdoc/>
    public void Use(VerifierIs verifier) => _verifier = verifier;

    /// <inheritdoc/>
    public IReign Lead(BeginLeading begin, Moment now)
    {
        var leading = new SegmentReign(begin, _table, _extents, shardCount, settings, Show, outbox);
        leading.BeginWhenComplete(now);
        return leading;
    }

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case SegmentRequest request:
                request.Call.Refuse(ErrorCode.UnavailableInCurrentMode);
                return true;
            case LiveExtents report:
                var fitted = _extents.Occupancy.IsSound;
                _extents.Add(report);
                if (fitted && !_extents.Occupancy.IsSound)
                    outbox.Send(CellAddress.Replica, ExtentsDoNotFit.Instance);
                return true;
            case ReleaseExtents or UnfinishedOnSegment or SegmentDroppedByShard or EvictionDone or ObjectsListed:
            case ClientTick or EvictionTick or DrainTick or ProposeVerificationMarker:
                return true; // of a reign that is over
            default:
                return false;
        }
    }

    private void Hold(SegmentTable table)
    {
        _table = table;
        ShowTable();
    }

    private void ShowTable()
    {
        if (_table.Directory != _shown)
            _extents.Occupancy.Forget(_table.Directory, _table.NextHandle);
        Show(_table.Directory);
    }

    private void Show(SegmentDirectory directory)
    {
        if (directory == _shown)
            return;
        _shown = directory;
        outbox.Send(CellAddress.Door, new MountedChanged(directory));
    }
}
