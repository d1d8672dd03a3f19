// One metadata shard: its state, and what it does while it follows. The rules are ShardLeader's, the state is ShardState's.
using HotStandby.Core.Cells;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Core.Partitions.Shards;

/// <summary>What makes a partition a shard.</summary>
/// <param name="partition">Which shard.</param>
/// <param name="shardCount">Of the cluster.</param>
/// <param name="settings">Lease, timeouts, sweep.</param>
/// <param name="replyAfter">When replies may leave, but for those that give buffers away, which always wait for commit.</param>
/// <param name="outbox">Takes what follows.</param>
public sealed class ShardPartition(
    Partition partition, int shardCount, ShardSettings settings, ReplyAfter replyAfter, Outbox outbox) : IPartition
{
    private readonly ShardVerifier _verifier = new(partition, shardCount, outbox);
    private readonly ExtentChanges _changes = new();
    private ShardState _state = new(partition, shardCount);

    /// <inheritdoc/>
    public ulong AppliedSequence => _state.AppliedSequence;

    /// <inheritdoc/>
    public PartitionDigest Digest => _state.Digest;

    /// <summary>What it holds.</summary>
    internal ShardState State => _state;

    /// <summary>The mind of a shard.</summary>
    public static PartitionCell NewCell(Partition partition, int shardCount, ShardSettings settings, ReplyAfter replyAfter, Outbox outbox)
    {
        settings.Check();
        return new PartitionCell(partition, new ShardPartition(partition, shardCount, settings, replyAfter, outbox), outbox);
    }

    /// <inheritdoc/>
    public void Apply(in OpLogEntry entry)
    {
        _state.Apply(entry);
        _verifier.Applied(_state, entry);
    }

    /// <inheritdoc/>
    public void Applied() => _verifier.Proceed();

    /// <inheritdoc/>
    public void Clear() => Hold(new ShardState(partition, shardCount));

    /// <inheritdoc/>
    public void Restore(ReadOnlySpan<byte> image, ulong sequence) => Hold(ShardState.FromImage(image, partition, shardCount, sequence));

    /// <inheritdoc/>
    public void WriteImage(Checkpoints.ImageWriter to) => _state.WriteImage(to);

    /// <inheritdoc/>
    public void Use(VerifierIs verifier) => _verifier.Use(verifier);

    /// <inheritdoc/>
    public IReign Lead(BeginLeading begin, Moment now)
    {
        ArgumentNullException.ThrowIfNull(begin);
        _verifier.Stop();
        return new ShardReign(begin.Reign, _state, settings, replyAfter, _verifier, outbox, now);
    }

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case ReportExtents report:
                Report(report);
                return true;
            case KeyedItems items:
                items.Refuse();
                return true;
            case LocateObject locate:
                locate.Call.Finish(ErrorCode.UnavailableInCurrentMode);
                return true;
            case ListKeys:
                outbox.Send(from, new KeysListed(partition, null));
                return true;
            case VerificationResponse answer:
                _verifier.Answered(answer);
                return true;
            case AbandonDrillDown:
                _verifier.Stop();
                return true;
            case InjectFault inject:
                outbox.Send(from, _verifier.Inject(_state, inject));
                return true;
            case ProposeVerificationMarker or VerificationRequest:
                return true; // its Primary is asked, and this is none (any more)
            case SegmentsChanged or DropSegment
                or ClientGone or ListObjectsOn or OfferVictims or DescribeGroups or EvictVictims or SweepNow:
                return true; // left over from an ended reign: the next Primary does what is due then
            default:
                return false;
        }
    }

    // After another state was restored, and after a reign, everything is asked for.
    private void Report(ReportExtents report)
    {
        var (taken, freed) = (_changes.TakeTaken(), _changes.TakeFreed());
        if (report.IsWhole)
        {
            (taken, freed) = ([.. _state.EnumerateLiveExtents()], []);
            _state.Extents = _changes;
        }

        outbox.Send(CellAddress.SegmentTable, new LiveExtents(partition, report.Round, report.IsWhole, taken, freed));
    }

    private void Hold(ShardState state)
    {
        _verifier.Stop();
        _state = state;
    }
}

/// <summary>A shard's timer: puts and pins that are over.</summary>
public sealed record SweepNow : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly SweepNow Instance = new();
}
