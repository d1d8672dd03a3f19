// The part of a shard that verifies: compares markers while the shard follows, and runs one drill-down at a time. It is told of every entry
// that was applied. Holds no state of the shard itself.
using HotStandby.Core.Cells;
using HotStandby.Core.Shards;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Core.Partitions.Shards;

/// <summary>Verification of one shard of a Standby.</summary>
internal sealed class ShardVerifier(Partition partition, int shardCount, Outbox outbox)
{
    private VerifierIs? _verifier;
    private DrillDown? _drill;

    /// <summary>This node; none before <see cref="Use"/>.</summary>
    public NodeId Node => _verifier?.Node ?? NodeId.None;

    /// <summary>Who hears of it.</summary>
    public void Use(VerifierIs verifier) => _verifier = verifier;

    /// <summary>The shard leads, or is restored, or gets no answer: what was found so far is void.</summary>
    public void Stop() => _drill = null;

    /// <summary>An entry was applied, and nothing behind it; or it was skipped, since the shard's image had it already.</summary>
    public void Applied(ShardState state, in OpLogEntry entry)
    {
        if (state.AppliedSequence != entry.Sequence)
            return; // The image is of a later seq than a marker like this: the two must not be compared.
        _drill?.Applied(entry);
        if (entry.Type == OpType.VerificationMarker && _verifier?.Settings is { } bounds)
            Compare(state, entry, bounds);
    }

    /// <summary>Some entries were applied: an answer may have waited for them.</summary>
    public void Proceed()
    {
        if (_drill is not { } drill)
            return;
        var (mismatched, asked) = (drill.Mismatched, drill.Request);
        var repaired = drill.Proceed();
        foreach (var key in repaired)
            outbox.Report(new KeyRepaired(partition, key));
        if (repaired.Count > 0)
            outbox.Send(CellAddress.Replica, ExtentsDoNotFit.Instance);
        if (drill.Mismatched > mismatched)
            Tell(new MismatchesFound(partition, drill.Mismatched - mismatched, repaired.Count));
        if (drill.State != DrillDownState.Running)
            End(drill);
        else if (drill.Request is { } request && request != asked)
            Tell(new DrillDownAsks(request));
    }

    /// <summary>The Primary's answer.</summary>
    public void Answered(VerificationResponse answer)
    {
        _drill?.Answered(answer);
        Proceed();
    }

    /// <summary>Puts a fault in, as the verifier has permitted.</summary>
    public FaultInjected Inject(ShardState state, InjectFault inject)
    {
        var affected = FaultInjection.Inject(state, inject.Fault, shardCount);
        outbox.Report(new FaultPutIn(partition, inject.Fault, affected));
        return new FaultInjected(affected, null);
    }

    private void Compare(ShardState state, in OpLogEntry marker, DrillDownSettings bounds)
    {
        var verdict = VerificationMarker.Compare(state, marker);
        Tell(new PartitionCompared(partition, marker.Sequence, verdict, state.Digest.Count));
        if (!verdict.IsComparable)
            return;
        if (verdict.IsClean)
            _drill = null;
        else
            Differs(state, marker, verdict, bounds);
    }

    // What a wrong object covered was reported to the segment table by what the shard took it for.
    private void Differs(ShardState state, in OpLogEntry marker, in MarkerVerdict verdict, DrillDownSettings bounds)
    {
        outbox.Send(CellAddress.Replica, ExtentsDoNotFit.Instance);
        if (verdict.IsRestDifferent)
            BeyondKeys(marker.Sequence);
        else if (_drill is null)
            Begin(state, marker, verdict.DifferingBuckets, bounds);
    }

    private void BeyondKeys(ulong markerSequence)
    {
        _drill = null;
        Tell(new DrillDownEnded(partition, DrillDownState.NeedsFullSync, $"parked puts or counters differ at seq {markerSequence}"));
    }

    private void Begin(ShardState state, in OpLogEntry marker, ulong buckets, DrillDownSettings bounds)
    {
        var drill = DrillDown.Begin(state, marker, buckets, bounds, Node);
        _drill = drill;
        outbox.Report(new PartitionDiffers(partition, marker.Sequence, ulong.PopCount(buckets), drill.WrongDigests));
        if (drill.WrongDigests > 0)
            Tell(new MismatchesFound(partition, drill.WrongDigests, drill.WrongDigests));
        if (drill.State != DrillDownState.Running)
            End(drill);
        else if (drill.Request is { } request)
            Tell(new DrillDownAsks(request));
    }

    private void End(DrillDown drill)
    {
        _drill = null;
        Tell(new DrillDownEnded(partition, drill.State, drill.Reason));
    }

    private void Tell(ICellMessage message)
    {
        if (_verifier is not null)
            outbox.Send(CellAddress.Verifier, message);
    }
}

/// <summary>A key of a Standby was wrong, and is right again.</summary>
public sealed record KeyRepaired(Partition Partition, RepairedKey Key) : Fact;

/// <summary>A fault was put into a shard, as an operator has asked.</summary>
public sealed record FaultPutIn(Partition Partition, VerifyFault Fault, int Affected) : Fact;

/// <summary>A partition was compared, and differs.</summary>
public sealed record PartitionDiffers(Partition Partition, ulong Sequence, ulong Buckets, int WrongDigests) : Fact;
