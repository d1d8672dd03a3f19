// One call on many objects, from its first list of keys to its answer. Takes a list of keys from every shard, keeps those that the pattern
// occurs in, and sends them back as ordinary keyed calls in lots. Its actor runs on the scans' own dispatcher: a bad pattern costs a thread
// of it, never a shard's. Decides nothing about an object.
using System.Buffers;
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>The cell of one <see cref="ScanCall"/>. Settles or abandons it exactly once, whatever happens.</summary>
public sealed class ScanCell : ICell
{
    private const int MostTries = 3;

    private readonly ScanCall _call;
    private readonly long _deadlineTicks;
    private readonly int _shards;
    private readonly ScanSettings _settings;
    private readonly IKeyMatcher _matcher;
    private readonly IReplySink _lotSink;
    private readonly Outbox _outbox;
    private readonly List<ObjectKey> _matched = [];
    private readonly List<(ObjectKey Key, ReplicaList Replicas)> _found = [];

    private long _matchingTicks;
    private int _shardsToAnswer;
    private int _nextShard;
    private int _sent;
    private int _lots;
    private long _removed;
    private bool _isOver;

    /// <summary>A scan, which begins with <see cref="Begin"/> and ends with <see cref="ScanEnded"/>.</summary>
    /// <param name="call">The call.</param>
    /// <param name="deadlineTicks">When it is abandoned, on the clock of <see cref="Moment.Ticks"/>.</param>
    /// <param name="shards">How many there are.</param>
    /// <param name="settings">Bounds.</param>
    /// <param name="matcher">Reads and searches the call's pattern.</param>
    /// <param name="lotSink">Where the lots are answered; sends <see cref="LotAnswered"/> and <see cref="LotAbandoned"/>.</param>
    /// <param name="outbox">Takes what follows.</param>
    public ScanCell(
        ScanCall call, long deadlineTicks, int shards, ScanSettings settings, IKeyMatcher matcher, IReplySink lotSink, Outbox outbox)
    {
        (_call, _deadlineTicks, _shards, _settings) = (call, deadlineTicks, shards, settings);
        (_matcher, _lotSink, _outbox) = (matcher, lotSink, outbox);
    }

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        if (_isOver)
            return true;
        switch (message)
        {
            case Begin:
                OnBegin(now);
                return true;
            case KeysListed { Keys: { } keys }:
                // Matched in a turn of its own: the next shard lists meanwhile.
                AskNextShard();
                _outbox.Send(CellAddress.Self, new KeysToMatch(keys));
                return true;
            case KeysListed:
                Fail(ErrorCode.UnavailableInCurrentMode);
                return true;
            case KeysToMatch { Keys: var keys }:
                OnKeys(keys, now);
                return true;
            case LotAnswered answered:
                OnAnswered(answered.Call);
                return true;
            case LotAbandoned:
                Abandon("a part of it was abandoned");
                return true;
            case ScanTimedOut:
                Abandon("its time is over");
                return true;
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
        if (!_isOver)
            _call.Abandon(); // the node stops, or this scan has failed
    }

    private void OnBegin(Moment now)
    {
        var left = TimeSpan.FromTicks(_deadlineTicks - now.Ticks);
        if (left <= TimeSpan.Zero)
        {
            Abandon("it has waited too long");
            return;
        }

        if (_call.Pattern is { } pattern && (pattern.Length > _settings.MaximumPatternLength || !_matcher.TryRead(pattern)))
        {
            Fail(ErrorCode.InvalidParams);
            return;
        }

        _outbox.Later(ScanTimedOut.Instance, left);
        _shardsToAnswer = _shards;
        AskNextShard();
    }

    // One after the other: all at once would keep every thread of the shards' dispatcher busy with lists, and a writer would wait for
    // the sum of them. What cannot be read now can be removed all the same: the shard decides.
    private void AskNextShard()
    {
        if (_nextShard >= _shards)
            return;
        var list = new ListKeys(_call.Tenant, ReadableOnly: _call.Operation != ScanOperation.Remove);
        _outbox.Send(CellAddress.Of(Partition.OfShard(_nextShard++)), list);
    }

    private void OnKeys(ArraySegment<ObjectKey>[] pieces, Moment now)
    {
        var beganTicks = now.Ticks - _matchingTicks; // as if all searches so far had ended just now
        foreach (var keys in pieces)
        {
            if (!TryMatch(keys, beganTicks))
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

    // False: the pattern is too slow, in one key or in all of them together.
    private bool TryMatch(ArraySegment<ObjectKey> keys, long beganTicks)
    {
        if (_call.Pattern is null)
        {
            _matched.AddRange(keys);
            return true;
        }

        foreach (ref readonly var key in keys.AsSpan())
        {
            if (!TryMatch(key, out var endedTicks))
                return false;
            _matchingTicks = endedTicks - beganTicks;
            if (_matchingTicks > _settings.TotalMatchTimeout.Ticks)
                return false;
        }

        return true;
    }

    // A search is timed by the clock, so that a pause of the process (the collector's, the machine's) looks like a slow pattern. A
    // pattern that is really slow is so each time.
    private bool TryMatch(in ObjectKey key, out long endedTicks)
    {
        var match = _matcher.Search(key, out endedTicks);
        for (var tries = 1; match == KeyMatch.TooSlow; tries++)
        {
            _outbox.Report(new PatternSlow(_call.Operation, _settings.MatchTimeout, tries));
            if (tries == MostTries)
                return false;
            match = _matcher.Search(key, out endedTicks);
        }

        if (match == KeyMatch.Yes)
            _matched.Add(key);
        return true;
    }

    private void SendLots()
    {
        while (_lots < _settings.MaximumLots && _sent < _matched.Count)
        {
            var keys = _matched.GetRange(_sent, Math.Min(_settings.KeysPerLot, _matched.Count - _sent)).ToArray();
            var operation = _call.Operation == ScanOperation.Remove ? KeyedOperation.Remove : KeyedOperation.GetReplicaList;
            _sent += keys.Length;
            _lots++;
            CallRouter.Route(new KeyedCall(_lotSink, operation, keys) { Force = _call.Force }, new OutboxShards(_shards, _outbox));
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
        _outbox.Report(new ScanAbandoned(_call.Operation, why, _shardsToAnswer, _sent, _matched.Count, _lots));
        _call.Abandon();
    }

    private void End()
    {
        _isOver = true;
        _outbox.Send(CellAddress.Scans, ScanEnded.Instance);
    }
}
