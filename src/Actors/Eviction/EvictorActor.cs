// Carries one cycle of eviction at a time: asks all shards, lets EvictionCycle choose, tells each shard its victims, reports to the
// segment table. Holds nothing that matters: a cycle that is lost is begun again. Never touches an object itself.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Protocol;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Eviction;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Eviction;

/// <summary>The evictor of a node. It works while a segment table asks it to, that is: on the Primary.</summary>
public sealed class EvictorActor : UntypedActor, IWithTimers
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

    private const string DeadlineTimer = "cycle-deadline";

    private readonly IReadOnlyList<IActorRef> _shards;
    private readonly EvictionPolicy _policy;
    private readonly TimeProvider _time;
    private readonly TimeSpan _cycleTimeout;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    private ulong _reign;
    private ulong _cycleId;
    private long _evictableBefore; // of the last cycle of this reign with all offers
    private bool _isEvictableKnown;
    private int _widening = 1;
    private IActorRef _segments = ActorRefs.Nobody;
    private EvictionCycle? _cycle;
    private int _waitingFor; // answers to the last question
    private int _groupQuestions;
    private int _choices;

    /// <summary>Use <see cref="Props"/>.</summary>
    public EvictorActor(IReadOnlyList<IActorRef> shards, EvictionSettings settings, TimeSpan cycleTimeout, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(cycleTimeout, TimeSpan.Zero);
        (_shards, _policy, _cycleTimeout, _time) = (shards, new EvictionPolicy(settings), cycleTimeout, time);
    }

    /// <summary>How long a cycle may take when shards are silent. Default of the node.</summary>
    public static TimeSpan DefaultCycleTimeout => TimeSpan.FromSeconds(5);

    private long NowTicks => _time.NowTicks();

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to start one.</summary>
    /// <param name="shards">By shard index; may be filled in until the first message comes.</param>
    /// <param name="settings">When and how much.</param>
    /// <param name="cycleTimeout">After this a cycle ends with what it has; positive.</param>
    /// <param name="time">The monotonic clock of the shards' leases.</param>
    public static Props Props(IReadOnlyList<IActorRef> shards, EvictionSettings settings, TimeSpan cycleTimeout, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new EvictorActor(shards, settings, cycleTimeout, time));

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case EvictionNeeded needed:
                OnNeeded(needed);
                break;
            case VictimsOffered offered when _cycle is not null && offered.CycleId == _cycleId && offered.Reign == _reign:
                _cycle.Add(offered.Partition.ShardIndex, offered.Offer);
                Answered(ChooseOrAsk);
                break;
            case GroupsDescribed described when _cycle is not null && described.CycleId == _cycleId && described.Reign == _reign:
                _cycle.AddGroups(described.Groups, described.States);
                Answered(ChooseOrAsk);
                break;
            case VictimsEvicted evicted when _cycle is not null && evicted.CycleId == _cycleId && evicted.Reign == _reign:
                _cycle.Evicted(evicted.Count, evicted.Bytes);
                Answered(Evicted);
                break;
            case VictimsOffered or GroupsDescribed or VictimsEvicted:
                break; // of a cycle that has ended
            case DeadlinePassed passed when passed.CycleId == _cycleId:
                OnDeadline();
                break;
            case DeadlinePassed:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnNeeded(EvictionNeeded needed)
    {
        if (needed.Reign < _reign || (needed.Reign == _reign && _cycle is not null))
            return;
        if (needed.Reign > _reign)
            (_reign, _cycle, _isEvictableKnown, _widening) = (needed.Reign, null, false, 1);
        _segments = Sender;
        var goal = _policy.Goal(needed.UsedRatio, needed.Forced);
        if (goal.Target <= 0)
        {
            _segments.Tell(new EvictionDone(_reign, 0, 0), Self);
            return;
        }

        // Objects may have been added since they were last counted; half as many again is plenty for one pause.
        var expected = _isEvictableKnown ? _policy.CountOf(1.5 * goal.Target, _evictableBefore) : _policy.Settings.MaximumVictims;
        var limit = _policy.OfferLimit(_shards.Count, expected);
        limit = Math.Max(limit, (int)Math.Min((long)limit * _widening, WidestOffer));
        _cycle = new EvictionCycle(_policy, goal, _shards.Count, limit);
        (_cycleId, _groupQuestions, _choices) = (_cycleId + 1, 0, 0);
        Timers.StartSingleTimer(DeadlineTimer, new DeadlinePassed(_cycleId), _cycleTimeout);
        AskAll(new OfferVictims(_reign, _cycleId, limit));
    }

    private void AskAll(object question)
    {
        _waitingFor = _shards.Count;
        foreach (var shard in _shards)
            shard.Tell(question, Self);
    }

    private void Answered(Action next)
    {
        if (--_waitingFor == 0)
            next();
    }

    private void ChooseOrAsk()
    {
        var groups = _cycle!.Choose(NowTicks, mayAsk: _groupQuestions < MostGroupQuestions);
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
            End();
    }

    private void SendChosen(IReadOnlyList<ObjectKey[]> byShard)
    {
        for (var shard = 0; shard < byShard.Count; shard++)
        {
            foreach (var keys in byShard[shard].Chunk(KeysPerMessage))
            {
                _waitingFor++;
                _shards[shard].Tell(new EvictVictims(_reign, _cycleId, keys), Self);
            }
        }
    }

    private void Evicted()
    {
        if (_cycle!.EvictedCount < _cycle.Asked && _choices < MostChoices)
            ChooseOrAsk();
        else
            End();
    }

    private void OnDeadline()
    {
        if (_cycle is null)
            return;
        _log.Warning(
            "An eviction cycle of epoch {Epoch} ends after {Timeout} with {Waiting} answers of shards missing", _reign, _cycleTimeout, _waitingFor);
        End();
    }

    private void End()
    {
        var cycle = _cycle!;
        _cycle = null;
        Timers.Cancel(DeadlineTimer);
        if (cycle.Offers == _shards.Count)
        {
            (_evictableBefore, _isEvictableKnown) = (cycle.Evictable, true);
            _widening = cycle.FellShort ? Math.Min(_widening * Widening, WidestOffer) : 1;
        }

        if (cycle.EvictedCount == 0 && cycle.Offers == _shards.Count)
            SayWhy(cycle);
        _segments.Tell(new EvictionDone(_reign, cycle.EvictedCount, cycle.EvictedBytes), Self);
    }

    // The other half of "no memory": what is full cannot always be emptied. Said as often as cycles come, which back off.
    private void SayWhy(EvictionCycle cycle)
    {
        var cause = cycle.Evictable > 0 ? NodeMetrics.Leased : NodeMetrics.Pinned;
        NodeMetrics.EvictedNothing(cause);
        _log.Warning(
            "Nothing could be evicted in epoch {Epoch}: {Cause} ({Evictable} objects wait for the end of a lease or a soft pin, the others are hard-pinned, being written or being copied)",
            _reign, cause, cycle.Evictable);
    }

    private sealed record DeadlinePassed(ulong CycleId) : INoSerializationVerificationNeeded;
}
