// What a shard does, said as plainly as possible: a dictionary and the rules, no entries, no reuse, no concern for speed.
// The property test holds the real one against it.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Identity;

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
        public ulong? Checksum;
    }

    private readonly Dictionary<string, Thing> _things = [];
    private readonly List<(long Start, List<uint> On)> _parked = [];
    private readonly List<string?> _uncommitted = [];
    private readonly HashSet<uint> _living = [1, 2];

    public int Objects => _things.Count;
    public int Parked => _parked.Count;
    public int Uncommitted => _uncommitted.Count;
    public int Buffers => _things.Values.Sum(thing => thing.On.Count) + _parked.Sum(parked => parked.On.Count);

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
            if (Alive(thing))
                _parked.Add((thing.Start, thing.On));
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
        (thing.Complete, thing.Checksum, thing.Lease) = (true, checksum, now);
        _uncommitted.Add(key);
        return ErrorCode.Ok;
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
        if (!thing.Complete)
            return ErrorCode.ReplicaIsNotReady;
        _things.Remove(key);
        _uncommitted.Add(key);
        return ErrorCode.Ok;
    }

    public bool Exist(string key, long now)
    {
        if (Find(key) is not { Complete: true } thing)
            return false;
        Lease(thing, now);
        return true;
    }

    public (ErrorCode Error, int Replicas, ulong? Checksum) Get(string key, long now)
    {
        if (Find(key) is not { } thing)
            return (ErrorCode.ObjectNotFound, 0, null);
        if (!thing.Complete)
            return (ErrorCode.ReplicaIsNotReady, 0, null);
        Lease(thing, now);
        return (ErrorCode.Ok, thing.On.Count(_living.Contains), thing.Checksum);
    }

    public void DropSegment(uint handle)
    {
        foreach (var (key, thing) in _things.ToList())
        {
            thing.On.Remove(handle);
            if (thing.On.Count == 0)
                _things.Remove(key);
        }

        foreach (var parked in _parked)
            parked.On.Remove(handle);
        _parked.RemoveAll(parked => parked.On.Count == 0);
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
    }

    public void FailOver(long now)
    {
        foreach (var thing in _things.Values)
            (thing.Start, thing.Lease, thing.FromEarlierReign) = (now, thing.Complete ? now + settings.LeaseTtl.Ticks : 0, !thing.Complete);
        for (var i = 0; i < _parked.Count; i++)
            _parked[i] = (now, _parked[i].On);
    }

    private Thing? Find(string key) => _things.GetValueOrDefault(key) is { } thing && Alive(thing) ? thing : null;

    private bool Alive(Thing thing) => thing.On.Any(_living.Contains);

    private void Lease(Thing thing, long now) => thing.Lease = Math.Max(thing.Lease, now + settings.LeaseTtl.Ticks);
}
