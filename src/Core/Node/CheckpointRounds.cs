// When a round of checkpoints is due, and what the log need not hold any more when it has ended.
using HotStandby.Core.Cells;
using HotStandby.Core.Replication;

namespace HotStandby.Core.Node;

/// <summary>The rounds of one node. Used by <see cref="StateKeeper"/> only.</summary>
internal sealed class CheckpointRounds(
    ReplicaCellSettings settings, PartitionFeed feed, Replica replica, ImageRequests requests, Outbox outbox, long now)
{
    // A Standby that was not heard for so long is not waited for.
    private static readonly long StandbyPatienceTicks = TimeSpan.FromSeconds(10).Ticks;

    // A round writes every object, however few have changed. So it waits for at least a byte of log for so many bytes of images: what
    // checkpoints write grows with what clients write, and not with the number of objects.
    private const int MostImageBytesPerLogByte = 2;

    private bool _runs;
    private long _dueBytes = settings.CheckpointBytes;
    private ulong _stateNumber;
    private long _beganAtTicks = now;
    private long _bytes;
    private ulong _sequence;

    /// <summary>Two checkpoints of every partition cover everything up to here; 0: not since the last restore.</summary>
    public ulong CheckpointedSequence { get; private set; }

    /// <summary>Begins a round when one is due.</summary>
    public void Tick(bool mayGiveImages, long now)
    {
        var log = replica.State.Log;
        if (WhyNot(mayGiveImages) is null
            && (log.TotalBytes - _bytes >= _dueBytes
                || (now - _beganAtTicks >= settings.CheckpointIntervalTicks && log.LastSequence != _sequence)))
            Begin(now);
    }

    /// <summary>Begins one now; else says why not.</summary>
    public string? TryBegin(bool mayGiveImages, long now)
    {
        var refusal = WhyNot(mayGiveImages);
        if (refusal is null)
            Begin(now);
        return refusal;
    }

    /// <summary>A round has ended.</summary>
    public void Ended(RoundEnded ended, ulong reign, long now)
    {
        _runs = false;
        if (!ended.IsComplete || _stateNumber != feed.StateNumber)
            return; // the images of an earlier state are gone, or not what this one rests on
        CheckpointedSequence = ended.OlderSequence;
        _dueBytes = Math.Max(settings.CheckpointBytes, ended.ImageBytes / MostImageBytesPerLogByte);
        var kept = Math.Max(SlowestStandby(reign, now), replica.State.Log.KeepingBytes(settings.RetainBytes));
        var target = requests.Limit(Math.Min(ended.OlderSequence, kept), now);
        if (target > replica.State.Log.BaseSequence)
            replica.Truncate(target);
    }

    private string? WhyNot(bool mayGiveImages) => _runs ? "a round of checkpoints is under way"
        : !mayGiveImages || feed.FedSequence == 0 ? "this node has nothing to keep: it has not caught up yet, or is being synced" : null;

    private void Begin(long now)
    {
        (_runs, _beganAtTicks, _stateNumber) = (true, now, feed.StateNumber);
        (_bytes, _sequence) = (replica.State.Log.TotalBytes, replica.State.Log.LastSequence);
        outbox.Send(CellAddress.Checkpoints, BeginRound.Instance);
    }

    // What every node has that is there to ask for it; 0 on a Standby, which does not know.
    private ulong SlowestStandby(ulong reign, long now)
    {
        if (reign == 0)
            return 0;
        var slowest = ulong.MaxValue;
        foreach (var standby in replica.Standbys)
            if (standby.HeardAtTicks != long.MinValue && now - standby.HeardAtTicks < StandbyPatienceTicks)
                slowest = Math.Min(slowest, standby.MatchSequence);
        return slowest;
    }
}
