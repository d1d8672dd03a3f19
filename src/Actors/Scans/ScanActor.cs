// One call on many objects, from its first list of keys to its answer; then it stops. Takes a list of keys from every shard, keeps
// those that the pattern occurs in, and sends them back as ordinary keyed calls in lots. Runs on the scans' own dispatcher: a bad
// pattern costs a thread of it, never a shard's. Decides nothing about an object.
using System.Buffers;
using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Scans;

/// <summary>The actor of one <see cref="ScanCall"/>. Settles or abandons it exactly once, whatever happens.</summary>
public sealed class ScanActor : UntypedActor, IWithTimers
{
    private const string TimeoutTimer = "timeout";

    private const int MostTries = 3;

    private readonly ScanCall _call;
    private readonly NodeRoutes _shards;
    private readonly ScanSettings _settings;
    private readonly TimeProvider _time;
    private readonly long _deadlineTicks;
    private readonly LotSink _sink;
    private readonly List<ObjectKey> _matched = [];
    private readonly List<(ObjectKey Key, ReplicaList Replicas)> _found = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();

    private KeyPattern? _pattern;
    private TimeSpan _matching;
    private int _shardsToAnswer;
    private int _nextShard;
    private int _sent;
    private int _lots;
    private long _removed;
    private bool _isOver;

    /// <summary>Use <see cref="Props"/>.</summary>
    public ScanActor(ScanCall call, long deadlineTicks, NodeRoutes shards, ScanSettings settings, TimeProvider time)
    {
        (_call, _deadlineTicks, _shards, _settings, _time) = (call, deadlineTicks, shards, settings, time);
        _sink = new LotSink(Self);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to start one.</summary>
    /// <param name="call">The call.</param>
    /// <param name="deadlineTicks">When it is abandoned, on the monotonic clock in ticks of 100 ns.</param>
    /// <param name="shards">To the shards.</param>
    /// <param name="settings">Bounds, and the dispatcher to run on.</param>
    /// <param name="time">The monotonic clock.</param>
    public static Props Props(ScanCall call, long deadlineTicks, NodeRoutes shards, ScanSettings settings, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return Akka.Actor.Props.Create(() => new ScanActor(call, deadlineTicks, shards, settings, time)).WithDispatcher(settings.Dispatcher);
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        var left = TimeSpan.FromTicks(_deadlineTicks - _time.NowTicks());
        if (left <= TimeSpan.Zero)
        {
            Abandon("it has waited too long");
            return;
        }

        if (_call.Pattern is { } pattern
            && (pattern.Length > _settings.MaximumPatternLength || !KeyPattern.TryRead(pattern, _settings.MatchTimeout, out _pattern)))
        {
            Fail(ErrorCode.InvalidParams);
            return;
        }

        Timers.StartSingleTimer(TimeoutTimer, ScanTimedOut.Instance, left);
        _shardsToAnswer = _shards.Count;
        AskNextShard();
    }

    // One after the other: all at once would keep every thread of the shards' dispatcher busy with lists, and a writer would wait for
    // the sum of them. What cannot be read now can be removed all the same: the shard decides.
    private void AskNextShard()
    {
        if (_nextShard < _shards.Count)
            _shards.Partitions[1 + _nextShard++].Tell(new ListKeys(_call.Tenant, ReadableOnly: _call.Operation != ScanOperation.Remove), Self);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        if (!_isOver)
            _call.Abandon(); // the node stops, or this actor has failed
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        if (_isOver)
            return;
        switch (message)
        {
            case KeysListed { Keys: { } keys }:
                OnListed(keys);
                break;
            case KeysListed:
                Fail(ErrorCode.UnavailableInCurrentMode);
                break;
            case LotAnswered answered:
                OnAnswered(answered.Call);
                break;
            case LotAbandoned:
                Abandon("a part of it was abandoned");
                break;
            case ScanTimedOut:
                Abandon("its time is over");
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnListed(ArraySegment<ObjectKey>[] pieces)
    {
        AskNextShard(); // it lists while this list is matched
        foreach (var keys in pieces)
        {
            if (!TryMatch(keys))
            {
                Fail(ErrorCode.InvalidParams);
                return; // what is not given back, here or when a scan ends early, is ordinary garbage
            }

            // Cleared: an array of the pool must not keep keys alive that are removed.
            ArrayPool<ObjectKey>.Shared.Return(keys.Array!, clearArray: true);
        }

        if (--_shardsToAnswer > 0)
            return;
        if (_call.Operation == ScanOperation.ListKeys)
        {
            foreach (var key in _matched)
                _found.Add((key, default));
            Finish();
            return;
        }

        SendLots();
    }

    private bool TryMatch(ArraySegment<ObjectKey> keys)
    {
        if (_pattern is null)
        {
            _matched.AddRange(keys);
            return true;
        }

        var began = _time.GetTimestamp();
        foreach (ref readonly var key in keys.AsSpan())
        {
            if (!TryMatch(key) || _matching + _time.GetElapsedTime(began) > _settings.TotalMatchTimeout)
                return false;
        }

        _matching += _time.GetElapsedTime(began);
        return true;
    }

    // A search is timed by the clock, so that a pause of the process (the collector's, the machine's) looks like a slow pattern. A
    // pattern that is really slow is so each time.
    private bool TryMatch(in ObjectKey key)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            try
            {
                if (_pattern!.Occurs(key))
                    _matched.Add(key);
                return true;
            }
            catch (RegexMatchTimeoutException slow)
            {
                _log.Warning("{Operation}: {Time} were not enough to search in one key, try {Try}", _call.Operation, slow.MatchTimeout, tries + 1);
            }
        }

        return false;
    }

    private void SendLots()
    {
        while (_lots < _settings.MaximumLots && _sent < _matched.Count)
        {
            var keys = _matched.GetRange(_sent, Math.Min(_settings.KeysPerLot, _matched.Count - _sent)).ToArray();
            var operation = _call.Operation == ScanOperation.Remove ? KeyedOperation.Remove : KeyedOperation.GetReplicaList;
            _sent += keys.Length;
            _lots++;
            CallRouter.Route(new KeyedCall(_sink, operation, keys) { Force = _call.Force }, _shards);
        }

        if (_lots == 0)
            Finish();
    }

    private void OnAnswered(KeyedCall lot)
    {
        _lots--;
        for (var i = 0; i < lot.Results.Length; i++)
        {
            ref readonly var result = ref lot.Results[i];
            if (result.Error == ErrorCode.UnavailableInCurrentMode)
            {
                Fail(ErrorCode.UnavailableInCurrentMode);
                return;
            }

            if (result.Error != ErrorCode.Ok)
                continue; // gone since it was listed, or refused
            if (_call.Operation == ScanOperation.Remove)
                _removed++;
            else
                _found.Add((lot.Keys[i], result.Replicas));
        }

        SendLots();
    }

    private void Finish()
    {
        End();
        _call.Finish(_found, _removed);
    }

    private void Fail(ErrorCode error)
    {
        End();
        _call.Refuse(error);
    }

    private void Abandon(string why)
    {
        End();
        _log.Warning(
            "{Operation} is abandoned: {Why} ({Shards} shards to list, {Sent} of {Matched} keys sent, {Lots} lots open)",
            _call.Operation, why, _shardsToAnswer, _sent, _matched.Count, _lots);
        _call.Abandon();
    }

    private void End()
    {
        _isOver = true;
        Context.Stop(Self);
    }

    private sealed record ScanTimedOut : INoSerializationVerificationNeeded
    {
        public static readonly ScanTimedOut Instance = new();
    }
}
