// Carries one cycle of eviction at a time: asks all shards, lets EvictionCycle choose, tells each shard its victims, reports to the
// segment table. Holds nothing that matters: a cycle that is lost is begun again. Never touches an object itself.
using HotStandby.Core.Cells;
using HotStandby.Core.Eviction;
using HotStandby.Core.Partitions;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>The evictor of a node. It works while a segment table asks it to, that is: on the Primary.</summary>
public sealed class EvictorCell : ICell
{
    // Most keys in one message, so that one shard is never held up by more than so many evictions at a stretch.
    private const int KeysPerMessage = 1024;

    // Questions about groups within one choice, and choices within one cycle. What is left open goes in the next cycle.
    private const int MostGroupQuestions = 4;
    private const int MostChoices = 3;

    // A shard's offer is widened by so much after a cycle that it cut short, up to so many objects. Otherwise the cold members of a
    // group that is read all the time, which stay at the head of their shard's list, would hide everything behind them.
    private const int Widening = 4;
    private const int WidestOffer = 65_536;

    private readonly int _shards;
    private readonly EvictionPolicy _policy;
    private readonly TimeSpan _cycleTimeout;
    private readonly Outbox _outbox;
    private readonly LinePace _inVain = new();

    private ulong _reign;
    private ulong _cycleId;
    private long _evictableBefore; // of the last cycle of this reign with all offers
    private bool _isEvictableKnown;
    private int _widening = 1;
    private EvictionCycle? _cycle;
    private int _waitingFor; // answers to the last question
    private int _groupQuestions;
    private int _choices;

    /// <summary>An evictor.</summary>
    /// <param name="shards">How many there are.</param>
    /// <param name="settings">When and how much.</param>
    /// <param name="cycleTimeout">After this a cycle ends with what it has; positive.</param>
    /// <param name="outbox">Takes what follows.</param>
    public EvictorCell(int shards, EvictionSettings settings, TimeSpan cycleTimeout, Outbox outbox)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(cycleTimeout, TimeSpan.Zero);
        (_shards, _policy, _cycleTimeout, _outbox) = (shards, new EvictionPolicy(settings), cycleTimeout, outbox);
    }

    /// <summary>How long a cycle may take when shards are silent. Default of the node.</summary>
    public static TimeSpan DefaultCycleTimeout => TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case EvictionNeeded needed:
                OnNeeded(needed);
                return true;
            case VictimsOffered offered when _cycle is not null && offered.CycleId == _cycleId && offered.Reign == _reign:
                _cycle.Add(offered.Partition.ShardIndex, offered.Offer);
                if (--_waitingFor == 0)
                    ChooseOrAsk(now);
                return true;
            case GroupsDescribed described when _cycle is not null && described.CycleId == _cycleId && described.Reign == _reign:
                _cycle.AddGroups(described.Groups, described.States);
                if (--_waitingFor == 0)
                    ChooseOrAsk(now);
                return true;
            case VictimsEvicted evicted when _cycle is not null && evicted.CycleId == _cycleId && evicted.Reign == _reign:
                _cycle.Evicted(evicted.Count, evicted.Bytes);
                if (--_waitingFor == 0)
                    Evicted(now);
                return true;
            case VictimsOffered or GroupsDescribed or VictimsEvicted:
                return true; // of a cycle that has ended
            case DeadlinePassed passed:
                OnDeadline(passed, now);
                return true;
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
    }

    private void OnNeeded(EvictionNeeded needed)
    {
        if (needed.Reign < _reign || (needed.Reign == _reign && _cycle is not null))
            return;
        if (needed.Reign > _reign)
            (_reign, _cycle, _isEvictableKnown, _widening) = (needed.Reign, null, false, 1);
        var goal = _policy.Goal(needed.UsedRatio, needed.Forced);
        if (goal.Target <= 0)
        {
            _outbox.Send(CellAddress.SegmentTable, new EvictionDone(_reign, 0, 0));
            return;
        }

        // Objects may have been added since they were last counted; half as many again is plenty for one pause.
        var expected = _isEvictableKnown ? _policy.CountOf(1.5 * goal.Target, _evictableBefore) : _policy.Settings.MaximumVictims;
        var limit = _policy.OfferLimit(_shards, expected);
        limit = Math.Max(limit, (int)Math.Min((long)limit * _widening, WidestOffer));
        _cycle = new EvictionCycle(_policy, goal, _shards, limit);
        (_cycleId, _groupQuestions, _choices) = (_cycleId + 1, 0, 0);
        _outbox.Later(new DeadlinePassed(_cycleId), _cycleTimeout);
        AskAll(new OfferVictims(_reign, _cycleId, limit));
    }

    private void AskAll(object question)
    {
        _waitingFor = _shards;
        _outbox.Send(CellAddress.AllShards, question);
    }

    private void ChooseOrAsk(Moment now)
    {
        var groups = _cycle!.Choose(now.Ticks, mayAsk: _groupQuestions < MostGroupQuestions);
        if (groups.Count > 0)
        {
            _groupQuestions++;
            var asked = groups.ToArray();
            _cycle.Ask(asked);
            AskAll(new DescribeGroups(_reign, _cycleId, asked));
            return;
        }

        _choices++;
        SendChosen(_cycle.TakeChosen());
        if (_waitingFor == 0)
            End(now);
    }

    private void SendChosen(IReadOnlyList<ObjectKey[]> byShard)
    {
        for (var shard = 0; shard < byShard.Count; shard++)
        {
            foreach (var keys in byShard[shard].Chunk(KeysPerMessage))
            {
                _waitingFor++;
                _outbox.Send(CellAddress.Of(Partition.OfShard(shard)), new EvictVictims(_reign, _cycleId, keys));
            }
        }
    }

    private void Evicted(Moment now)
    {
        if (_cycle!.EvictedCount < _cycle.Asked && _choices < MostChoices)
            ChooseOrAsk(now);
        else
            End(now);
    }

    private void OnDeadline(DeadlinePassed passed, Moment now)
    {
        if (_cycle is null || passed.CycleId != _cycleId)
            return;
        _outbox.Report(new EvictionCutShort(_reign, _cycleTimeout, _waitingFor));
        End(now);
    }

    private void End(Moment now)
    {
        var cycle = _cycle!;
        _cycle = null;
        _outbox.StopTimer(new DeadlinePassed(_cycleId));
        if (cycle.Offers == _shards)
        {
            (_evictableBefore, _isEvictableKnown) = (cycle.Evictable, true);
            _widening = cycle.FellShort ? Math.Min(_widening * Widening, WidestOffer) : 1;
        }

        if (cycle.EvictedCount == 0 && cycle.Offers == _shards)
            _outbox.Report(new NothingEvicted(_reign, cycle.Evictable, _inVain.Count(now.Ticks)));
        _outbox.Send(CellAddress.SegmentTable, new EvictionDone(_reign, cycle.EvictedCount, cycle.EvictedBytes));
    }
}

/// <summary>The evictor's timer: a cycle may take no longer.</summary>
public sealed record DeadlinePassed(ulong CycleId) : ICellMessage;

/// <summary>A cycle of eviction has ended before all shards had answered.</summary>
public sealed record EvictionCutShort(ulong Epoch, TimeSpan Timeout, int Missing) : Fact;

/// <summary>A cycle of eviction found nothing: what is full cannot always be emptied.</summary>
/// <param name="Epoch">Of the reign.</param>
/// <param name="Evictable">Objects that wait for the end of a lease or a soft pin; 0: all are pinned, being written or being
/// copied.</param>
/// <param name="Cycles">So many have found nothing since the last line in the log; 0: too soon for another line.</param>
public sealed record NothingEvicted(ulong Epoch, long Evictable, long Cycles) : Fact;
