// The verifier of a node. On a Standby it walks the partitions in rounds: asks the Primary for verification points, carries drill-downs
// to the Primary and back, counts. On the Primary it hands what the others ask to its partitions. It compares nothing itself and
// decides on nothing: what it finds is reported, and a partition that is beyond repair is the node's business.
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Verification;

namespace HotStandby.Core.Node;

/// <summary>The verifier of a node; lives as long as the node.</summary>
public sealed class VerifierCell : ICell
{
    // While an operator waits: points are asked for again so often, since an answer may have been lost.
    private static readonly TimeSpan RunInterval = TimeSpan.FromMilliseconds(500);

    // A point that is asked for out of turn, after a drill-down; so many in a row, then the next cycle must do.
    private const int MostPointsOutOfTurn = 3;

    // Rounds without an answer after which a drill-down is forgotten.
    private const int MostSilentRounds = 2;

    private sealed class Asking(VerificationRequest request)
    {
        public VerificationRequest Request => request;

        public int SilentRounds { get; set; }
    }

    private readonly VerifierSettings _settings;
    private readonly int _partitions;
    private readonly Outbox _outbox;
    private readonly VerificationLedger _ledger;
    private readonly Dictionary<Partition, Asking> _asking = [];
    private readonly int[] _outOfTurn;
    private readonly LineLimit _strangerLines = new();
    private NodeId _primary = NodeId.None;
    private (VerifyNow Wanted, CellAddress Asker)? _wanted;
    private VerifyRun? _run;

    /// <summary>A verifier.</summary>
    /// <param name="settings">How it verifies.</param>
    /// <param name="partitions">How many there are, the segment table included.</param>
    /// <param name="outbox">Takes what follows.</param>
    public VerifierCell(VerifierSettings settings, int partitions, Outbox outbox)
    {
        ArgumentNullException.ThrowIfNull(settings);
        (_settings, _partitions, _outbox) = (settings, partitions, outbox);
        _ledger = new VerificationLedger(partitions, settings.Ratio);
        _outOfTurn = new int[partitions];
    }

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case Begin:
                OnBegin();
                return true;
            case RoundDue:
                _outbox.Send(CellAddress.Replica, AskLeader.Instance);
                return true;
            case LeaderIs { Primary: var primary }:
                OnRound(primary, now);
                return true;
            case VerificationMessage said:
                OnMessage(said, from, now);
                return true;
            case PartitionCompared compared:
                OnCompared(compared, now);
                return true;
            case DrillDownAsks asks:
                _asking[asks.Request.Partition] = new Asking(asks.Request);
                ToPrimary(asks.Request);
                return true;
            case MismatchesFound found:
                _run?.Found(found);
                _ledger.Repaired(found.Mismatched, found.Repaired);
                return true;
            case DrillDownEnded ended:
                OnEnded(ended, now);
                return true;
            case VerifyNow wanted:
                OnWanted(wanted, from);
                return true;
            case RunGoesOn:
                GoOn(now);
                return true;
            case ReportVerification:
                _outbox.Send(from, Report(now));
                return true;
            case InjectFault inject:
                OnFault(inject, from);
                return true;
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
    }

    private void OnBegin()
    {
        var verifier = new VerifierIs(_settings.Node, _settings.IsEnabled ? _settings.DrillDown : null);
        for (var partition = 0; partition < _partitions; partition++)
            _outbox.Send(CellAddress.Of(new Partition((ushort)partition)), verifier);
        if (_settings.IsEnabled)
            _outbox.Repeat(RoundDue.Instance, _settings.Interval);
    }

    private void OnRound(NodeId primary, Moment now)
    {
        _primary = primary;
        Array.Clear(_outOfTurn);
        BeginRun(now);
        if (_primary == NodeId.None)
            return;
        foreach (var (partition, asking) in _asking.ToArray())
            AskAgain(partition, asking);
        foreach (var partition in _ledger.NextRound())
            ToPrimary(new VerificationPointRequest(_settings.Node, partition));
    }

    private void AskAgain(Partition partition, Asking asking)
    {
        if (++asking.SilentRounds <= MostSilentRounds)
        {
            ToPrimary(asking.Request);
            return;
        }

        _asking.Remove(partition);
        _outbox.Send(CellAddress.Of(partition), AbandonDrillDown.Instance);
    }

    // The answer to a request goes from the Primary's shard straight to the verifier that asked.
    private void OnMessage(VerificationMessage message, CellAddress from, Moment now)
    {
        if (message.Partition.Value >= _partitions)
        {
            if (_strangerLines.IsDue(now.Ticks))
                _outbox.Report(new PartitionUnknown(message.From, message.Partition, _partitions));
            return;
        }

        var partition = CellAddress.Of(message.Partition);
        switch (message)
        {
            case VerificationPointRequest:
                _outbox.Send(partition, ProposeVerificationMarker.Instance);
                break;
            case VerificationRequest when message.Partition.IsShard:
                _outbox.Forward(partition, message, from);
                break;
            case VerificationResponse when message.Partition.IsShard:
                _asking.Remove(message.Partition);
                _outbox.Send(partition, message);
                break;
        }
    }

    private void OnCompared(PartitionCompared compared, Moment now)
    {
        if (!compared.Verdict.IsComparable)
        {
            _outbox.Report(new MarkerNotComparable(compared.Partition, compared.MarkerSequence));
            return;
        }

        if (compared.Verdict.IsClean && _ledger[compared.Partition] is PartitionStanding.Different or PartitionStanding.NeedsFullSync)
            _outbox.Report(new PartitionEqualAgain(compared.Partition, compared.MarkerSequence));
        _ledger.Compared(compared.Partition, compared.Verdict.IsClean, compared.Keys, now.Ticks);
        _run?.Compared(compared);
        if (compared.Verdict.IsClean)
            _asking.Remove(compared.Partition);
        else if (!compared.Partition.IsShard)
            BeyondRepair(compared.Partition, $"the segment table differs at seq {compared.MarkerSequence}", now);
        EndRun(now);
    }

    // Whatever came of it, the next point tells whether the two are equal now.
    private void OnEnded(DrillDownEnded ended, Moment now)
    {
        _asking.Remove(ended.Partition);
        if (ended.State == DrillDownState.NeedsFullSync)
        {
            BeyondRepair(ended.Partition, ended.Reason, now);
            return;
        }

        if (ended.State == DrillDownState.Superseded)
            _outbox.Report(new ComparisonBeginsAgain(ended.Partition, ended.Reason));
        if (_outOfTurn[ended.Partition.Value]++ < MostPointsOutOfTurn)
            ToPrimary(new VerificationPointRequest(_settings.Node, ended.Partition));
    }

    private void BeyondRepair(Partition partition, string reason, Moment now)
    {
        _outbox.Report(new PartitionBeyondRepair(partition, reason));
        _ledger.NeedsFullSync(partition);
        _run?.NeedsFullSync(partition);
        EndRun(now);
        _outbox.Send(CellAddress.Node, new PartitionNeedsFullSync(partition, reason));
    }

    // Which node leads is asked first: what the last round knew may be old.
    private void OnWanted(VerifyNow wanted, CellAddress asker)
    {
        var refusal = !_settings.IsEnabled ? "hotstandby.verification is off on this node"
            : _run is not null || _wanted is not null ? "another verification is under way"
            : wanted.Partitions.Any(each => each.Value >= _partitions) ? $"there are {_partitions - 1} shards, 0 to {_partitions - 2}"
            : null;
        if (refusal is not null)
        {
            _outbox.Send(asker, new VerifyNowAnswer([], refusal));
            return;
        }

        _wanted = (wanted, asker);
        _outbox.Send(CellAddress.Replica, AskLeader.Instance);
    }

    private void BeginRun(Moment now)
    {
        if (_wanted is not var (wanted, asker))
            return;
        _wanted = null;
        if (_primary == NodeId.None)
        {
            _outbox.Send(
                asker, new VerifyNowAnswer([], "this node leads, or knows nobody who does: a Standby compares itself with its Primary"));
            return;
        }

        var partitions = wanted.Partitions.Count > 0
            ? wanted.Partitions
            : Enumerable.Range(0, _partitions).Select(at => new Partition((ushort)at));
        _run = new VerifyRun(asker, partitions, now.Ticks + wanted.Patience.Ticks);
        GoOn(now);
    }

    private void GoOn(Moment now)
    {
        EndRun(now);
        if (_run is null)
            return;
        foreach (var partition in _run.Open)
            ToPrimary(new VerificationPointRequest(_settings.Node, partition));
        _outbox.Later(RunGoesOn.Instance, RunInterval);
    }

    private void EndRun(Moment now)
    {
        if (_run?.IsOver(now.Ticks) != true)
            return;
        _outbox.Send(_run.Asker, _run.Answer);
        _run = null;
        _outbox.StopTimer(RunGoesOn.Instance);
    }

    private void OnFault(InjectFault inject, CellAddress asker)
    {
        var refusal = !_settings.AreFaultsAllowed ? "hotstandby.testing.faults is off"
            : !inject.Partition.IsShard || inject.Partition.Value >= _partitions ? $"{inject.Partition} is no shard of this node"
            : null;
        if (refusal is null)
        {
            _outbox.Forward(CellAddress.Of(inject.Partition), inject, asker);
            return;
        }

        _outbox.Report(new FaultRefused(inject.Fault, inject.Partition, refusal));
        _outbox.Send(asker, new FaultInjected(0, refusal));
    }

    private VerificationReport Report(Moment now) => new(
        _settings.IsEnabled, _ledger.Counts,
        _ledger.LastCycleTicks is { } last ? (now.Ticks - last) / TimeSpan.TicksPerMillisecond : null, _ledger.IsClean, _ledger.Unclean);

    // While no Primary is known, what is asked is lost, and asked again when one is.
    private void ToPrimary(VerificationMessage message)
    {
        if (_primary != NodeId.None)
            _outbox.Send(CellAddress.PeerVerifier(_primary), message);
    }
}
