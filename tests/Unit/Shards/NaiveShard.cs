// What a shard does, said as plainly as possible: a dictionary and the rules, no entries, no reuse, no concern for speed.
// The property test holds the real one against it.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Unit.Shards;

internal sealed class NaiveShard(ShardSettings settings)
{
    internal sealed class Thing
    {
        public required Uuid Client;
        public required List<uint> On;
        public bool Complete;
        public long Start;
        public long Lease;
        public ulong Size;
        public bool FromEarlierReign;
        public SoftPinAction Action;
        public bool Soft;
        public long SoftUntil;
        public Copying? Copy;

        public IEnumerable<uint> Targets => Copy?.Targets ?? [];
        public ulong? Checksum;
    }

    internal sealed record Copying(Uuid Client, bool Move, uint Source, List<uint> Targets)
    {
        public bool HadTargets { get; } = Targets.Count > 0;
        public bool HasLost { get; set; }
        public long Start { get; set; }
    }

    private readonly Dictionary<string, Thing> _things = [];
    private readonly List<(long Start, List<uint> On, (Uuid Client, string Key)? Transfer)> _parked = [];
    private readonly List<string?> _uncommitted = [];
    private readonly HashSet<uint> _living = [1, 2];

    public int Objects => _things.Count;
    public int Parked => _parked.Count(parked => parked.On.Count > 0);
    public int Uncommitted => _uncommitted.Count;
    public int Buffers => _things.Values.Sum(thing => thing.On.Count + thing.Targets.Count()) + _parked.Sum(parked => parked.On.Count);

    public int Evictable => _things.Values.Count(IsEvictable);
    public int SoftPinned => _things.Values.Count(thing => thing.Soft);

    public bool Awaits(string key) => _uncommitted.Contains(key);

    public void Commit(int count) => _uncommitted.RemoveRange(0, count);

    public void Mount(uint handle) => _living.Add(handle);

    public void Kill(uint handle) => _living.Remove(handle);

    public (ErrorCode Error, int Replicas) PutStart(string key, Uuid client, ulong size, uint[] on, long now)
    {
        if (key.Length == 0 || size == 0)
            return (ErrorCode.InvalidParams, 0);
        var thing = _things.GetValueOrDefault(key);
        if (thing is not null && Alive(thing) && (thing.Complete || thing.Start + settings.PutStartDiscardTimeout.Ticks >= now))
        {
            if (thing is not { Complete: false, FromEarlierReign: true } || thing.Client != client || thing.Size != size)
                return (ErrorCode.ObjectAlreadyExists, 0);
            thing.FromEarlierReign = false;
            return (ErrorCode.Ok, thing.On.Count(_living.Contains));
        }

        var usable = on.Where(_living.Contains).ToList();
        if (usable.Count == 0)
            return (ErrorCode.NoAvailableHandle, 0);
        if (thing is not null)
        {
            if (!thing.Complete)
                Park(thing.Start, thing.On);
            _uncommitted.Add(key);
            _things.Remove(key);
        }

        _things[key] = new Thing { Client = client, On = usable, Start = now, Size = size };
        _uncommitted.Add(key);
        return (ErrorCode.Ok, usable.Count);
    }

    public ErrorCode PutEnd(string key, Uuid client, ulong? checksum, long now)
    {
        if (Find(key) is not { } thing)
            return ErrorCode.ObjectNotFound;
        if (thing.Client != client)
            return ErrorCode.IllegalClient;
        if (thing.Complete)
            return ErrorCode.Ok;
        (thing.Complete, thing.Checksum, thing.Lease) = (true, checksum, Math.Max(thing.Lease, now));
        if (thing.Action == SoftPinAction.Enable)
            (thing.Soft, thing.SoftUntil) = (true, now + settings.DefaultSoftPinTtl.Ticks);
        if (thing.Action == SoftPinAction.Disable)
            thing.Soft = false;
        _uncommitted.Add(key);
        return ErrorCode.Ok;
    }

    public (ErrorCode Error, int Replicas) Upsert(string key, Uuid client, ulong size, uint[] on, SoftPinAction action, long now)
    {
        if (key.Length == 0 || size == 0)
            return (ErrorCode.InvalidParams, 0);
        var old = _things.GetValueOrDefault(key);
        var alive = old is not null && Alive(old) ? old : null;
        if (alive?.Copy is not null)
            return (ErrorCode.ObjectHasReplicationTask, 0);
        if (alive is { Complete: true } && alive.Size == size)
        {
            (alive.Client, alive.Complete, alive.Start, alive.Checksum, alive.Action, alive.FromEarlierReign) =
                (client, false, now, null, action, false);
            _uncommitted.Add(key);
            return (ErrorCode.Ok, alive.On.Count(_living.Contains));
        }

        var usable = on.Where(_living.Contains).ToList();
        if (usable.Count == 0)
            return (ErrorCode.NoAvailableHandle, 0);
        if (alive is not null)
            Park(alive.Complete ? now : alive.Start, alive.On);
        else if (old is { Complete: false })
            Park(old.Start, old.On);
        if (old is not null)
            _uncommitted.Add(key);
        var keepsPin = alive is { Soft: true } && alive.SoftUntil > now;
        _things[key] = new Thing
        {
            Client = client, On = usable, Start = now, Size = size, Action = action, Soft = keepsPin,
            SoftUntil = keepsPin ? alive!.SoftUntil : 0,
        };
        _uncommitted.Add(key);
        return (ErrorCode.Ok, usable.Count);
    }

    public bool Clear(string key, Uuid client, uint? handle, long now)
    {
        if (Find(key) is not { Complete: true, Copy: null } thing || thing.Client != client || thing.Lease > now)
            return false;
        if (handle is { } from && !(_living.Contains(from) && thing.On.Remove(from)))
            return false;
        if (handle is null || thing.On.Count == 0)
            _things.Remove(key);
        _uncommitted.Add(key);
        return true;
    }

    public (ErrorCode Error, int Replicas) StartCopy(string key, Uuid client, uint source, uint[] targets, bool move, long now)
    {
        if (move && targets[0] == source)
            return (ErrorCode.InvalidParams, 0);
        var wrong = Array.TrueForAll(targets, _living.Contains) ? ErrorCode.Ok : ErrorCode.SegmentNotFound;
        if (Find(key) is not { } thing)
            return (wrong == ErrorCode.Ok ? ErrorCode.ObjectNotFound : wrong, 0);
        if (thing.Copy is not null || _parked.Exists(parked => parked.Transfer == (client, key)))
            return (wrong == ErrorCode.Ok ? ErrorCode.ObjectHasReplicationTask : wrong, 0);
        if (!thing.Complete || !thing.On.Contains(source) || !_living.Contains(source))
            return (wrong == ErrorCode.Ok ? ErrorCode.ReplicaNotFound : wrong, 0);
        var needed = targets.Distinct().Where(target => !(thing.On.Contains(target) && _living.Contains(target))).ToList();
        if (!needed.TrueForAll(_living.Contains))
            return (ErrorCode.NoAvailableHandle, 0);
        thing.Copy = new Copying(client, move, source, needed) { Start = now };
        _uncommitted.Add(key);
        return (ErrorCode.Ok, 1 + needed.Count);
    }

    public ErrorCode EndCopy(string key, Uuid client, bool move, bool revoke, long now)
    {
        if (Find(key) is not { } thing)
            return ErrorCode.ObjectNotFound;
        if (thing.Copy is not { } copy)
            return ErrorCode.ObjectNoReplicationTask;
        if (copy.Client != client)
            return ErrorCode.IllegalClient;
        if (copy.Move != move)
            return ErrorCode.InvalidParams;
        var whole = !copy.HasLost && thing.On.Contains(copy.Source) && thing.Targets.Append(copy.Source).All(_living.Contains)
            && (!move || copy.HadTargets || thing.On.Count(_living.Contains) > 1);
        if (revoke || whole)
            thing.Lease = Math.Max(thing.Lease, thing.Lease > now ? now + settings.LeaseTtl.Ticks : now);
        if (revoke || !whole)
        {
            GiveUp(key, thing, parkedSince: null);
            return revoke ? ErrorCode.Ok : ErrorCode.ReplicaIsGone;
        }

        thing.On.AddRange(copy.Targets);
        if (move)
            thing.On.Remove(copy.Source);
        thing.Copy = null;
        _uncommitted.Add(key);
        return ErrorCode.Ok;
    }

    public int Evict(string key, long now)
    {
        if (!_things.TryGetValue(key, out var thing) || !IsEvictable(thing) || thing.Lease > now)
            return 0;
        _things.Remove(key);
        _uncommitted.Add(key);
        return 1;
    }

    public void ClientGone(Uuid client, long now)
    {
        foreach (var (key, thing) in _things.Where(pair => !pair.Value.Complete && pair.Value.Client == client).ToList())
        {
            Park(thing.Start, thing.On);
            _things.Remove(key);
            _uncommitted.Add(key);
        }

        foreach (var (key, thing) in _things.Where(pair => pair.Value.Copy?.Client == client).ToList())
            GiveUp(key, thing, parkedSince: now);
    }

    private void GiveUp(string key, Thing thing, long? parkedSince)
    {
        if (parkedSince is { } since)
            Park(since, thing.Copy!.Targets, (thing.Copy.Client, key));
        thing.Copy = null;
        if (thing.On.Count == 0)
            _things.Remove(key);
        _uncommitted.Add(key);
    }

    public ErrorCode PutRevoke(string key, Uuid client)
    {
        if (Find(key) is not { } thing)
            return ErrorCode.ObjectNotFound;
        if (thing.Client != client)
            return ErrorCode.IllegalClient;
        if (thing.Complete)
            return ErrorCode.InvalidWrite;
        _things.Remove(key);
        _uncommitted.Add(key);
        return ErrorCode.Ok;
    }

    public ErrorCode Remove(string key, bool force, long now)
    {
        if (Find(key) is not { } thing)
            return ErrorCode.ObjectNotFound;
        if (thing.Lease > now && !force)
            return ErrorCode.ObjectHasLease;
        if (!thing.Complete || thing.Copy is { Targets.Count: > 0 })
            return ErrorCode.ReplicaIsNotReady;
        if (thing.Copy is not null)
            return ErrorCode.ObjectHasReplicationTask;
        _things.Remove(key);
        _uncommitted.Add(key);
        return ErrorCode.Ok;
    }

    public bool Exist(string key, long now)
    {
        if (Find(key) is not { Complete: true } thing || !thing.On.Any(_living.Contains))
            return false;
        Lease(thing, now);
        return true;
    }

    public (ErrorCode Error, int Replicas, ulong? Checksum) Get(string key, long now)
    {
        if (Find(key) is not { } thing)
            return (ErrorCode.ObjectNotFound, 0, null);
        if (!thing.Complete || !thing.On.Any(_living.Contains))
            return (ErrorCode.ReplicaIsNotReady, 0, null);
        Lease(thing, now);
        return (ErrorCode.Ok, thing.On.Count(_living.Contains), thing.Checksum);
    }

    public void DropSegment(uint handle)
    {
        foreach (var (key, thing) in _things.ToList())
        {
            thing.On.Remove(handle);
            if (thing.Copy is { } copy && copy.Targets.Remove(handle))
                copy.HasLost = true;
            if (thing.On.Count + thing.Targets.Count() == 0)
                _things.Remove(key);
        }

        foreach (var parked in _parked)
            parked.On.Remove(handle);
        _parked.RemoveAll(parked => parked.On.Count == 0 && parked.Transfer is null);
        _uncommitted.Add(null);
    }

    public void Sweep(long now)
    {
        var before = now - settings.PutStartReleaseTimeout.Ticks;
        for (var released = _parked.RemoveAll(parked => parked.Start < before); released > 0; released--)
            _uncommitted.Add(null);
        foreach (var (key, thing) in _things.Where(pair => !pair.Value.Complete && pair.Value.Start < before).ToList())
        {
            _things.Remove(key);
            _uncommitted.Add(key);
            _uncommitted.Add(null);
        }

        foreach (var (key, thing) in _things.Where(
            pair => pair.Value.Copy is { } copy && copy.Start < now - settings.TransferTimeout.Ticks).ToList())
            GiveUp(key, thing, parkedSince: now);
        foreach (var (key, thing) in _things.Where(pair => pair.Value.Soft && pair.Value.SoftUntil <= now))
        {
            thing.Soft = false;
            _uncommitted.Add(key);
        }
    }

    public void FailOver(long now)
    {
        foreach (var thing in _things.Values)
        {
            if (thing.Copy is { } copy)
                copy.Start = now;
            thing.SoftUntil = now + settings.DefaultSoftPinTtl.Ticks;
            (thing.Start, thing.Lease, thing.FromEarlierReign) = (now, thing.Complete ? now + settings.LeaseTtl.Ticks : 0, !thing.Complete);
        }

        for (var i = 0; i < _parked.Count; i++)
            _parked[i] = _parked[i] with { Start = now };
    }

    private Thing? Find(string key) => _things.GetValueOrDefault(key) is { } thing && Alive(thing) ? thing : null;

    private bool Alive(Thing thing) => thing.On.Concat(thing.Targets).Any(_living.Contains);

    private static bool IsEvictable(Thing thing) => thing is { Complete: true, Copy: null };

    private void Park(long since, List<uint> on, (Uuid Client, string Key)? transfer = null)
    {
        if (on.Count > 0)
            _parked.Add((since, on, transfer));
    }

    private void Lease(Thing thing, long now) => thing.Lease = Math.Max(thing.Lease, now + settings.LeaseTtl.Ticks);
}
