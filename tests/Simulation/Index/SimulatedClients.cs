// Clients that put, read and remove a few objects in little memory. They are slow: a writer may take longer than anybody has patience, or
// vanish while its bytes are still on their way; a reader may read until its lease ends. They ask whoever serves, and never trust a guess.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Simulation.Index;

/// <summary>All clients of a run.</summary>
public sealed class SimulatedClients(Simulation world) : IReplySink
{
    private const int Keys = 6;
    private const ulong SegmentBytes = 64;

    private readonly ShardSettings _times = world.Scenario.Times;
    private readonly List<(Uuid Owner, Segment Segment)> _segments = [];
    private readonly List<Segment> _restarted = [];
    private ulong _writes;
    private ulong _mounts;
    private ulong _lives = 1;

    /// <summary>What they write into.</summary>
    public SharedMemory Memory { get; } = new();

    /// <summary>Some clients do something.</summary>
    public void Act(SimulatedNode node)
    {
        for (var i = world.Random.Between(1, 4); i > 0 && node.Serves; i--)
            ActOnce(node);
        if (world.Random.Chance(0.7))
            node.Do(static (replica, now) => replica.Flush(now));
    }

    private void ActOnce(SimulatedNode node)
    {
        var reign = node.Partitions!.Reign!;
        foreach (var segment in _restarted.Where(reign.Knows).ToArray())
        {
            _restarted.Remove(segment);
            Memory.Restart(segment.BaseAddress, segment.SizeBytes);
        }

        var key = ObjectKey.From($"k{world.Random.Below(Keys)}");
        switch (world.Random.Below(20))
        {
            case 0:
                Mount(reign);
                break;
            case < 9:
                Put(node, key);
                break;
            case < 16:
                Get(node, key);
                break;
            default:
                Call(node, new KeyedCall(this, KeyedOperation.Remove, [key]), "remove", static _ => { });
                break;
        }

        if (_segments.Count < 2)
            Mount(reign);
    }

    /// <inheritdoc/>
    public void Answer(MasterCall call) => throw new InvalidOperationException("the reign answers");

    /// <inheritdoc/>
    public void Abandon(MasterCall call) => throw new InvalidOperationException("the reign answers");

    // A segment of few bytes: memory is used again soon. Now and then one goes, for good, or its client dies and starts again at its
    // address, in the same memory.
    private void Mount(SimulatedReign reign)
    {
        if (_segments.Count >= 3 && world.Random.Chance(0.5))
        {
            var gone = world.Random.Pick<(Uuid Owner, Segment Segment)>([.. _segments]);
            _segments.Remove(gone);
            if (world.Random.Chance(0.5))
            {
                reign.Change(gone.Owner, gone.Segment, isMount: false);
                return;
            }

            var again = gone.Segment with { Id = new Uuid(7, ++_mounts) };
            _restarted.Add(again);
            _segments.Add((new Uuid(1, ++_lives), again));
        }

        if (_segments.Count < 3)
        {
            var number = ++_mounts;
            _segments.Add((new Uuid(1, ++_lives), new Segment(new Uuid(7, number), $"s{number}", number << 32, SegmentBytes, $"e{number}", "tcp", "h")));
        }

        foreach (var (owner, segment) in _segments)
            reign.Change(owner, segment, isMount: true);
    }

    private void Call(SimulatedNode node, KeyedCall call, string what, Action<ItemResult> answered)
    {
        if (!node.Serves || node.Partitions!.Reign is not { } reign)
            return;
        if (world.IsVerbose)
            world.Trace(node, $"is asked to {what}");
        reign.Execute(call, result =>
        {
            if (world.IsVerbose)
                world.Trace(node, $"answers {result.Error} to {what}");
            answered(result);
        });
    }

    private void Put(SimulatedNode node, ObjectKey key)
    {
        var write = ++_writes;
        var writer = new Uuid(9, write); // no two writes are of one client: a retry is another story
        var until = world.NowTicks + (long)(_times.PutStartReleaseTimeout.Ticks * 0.9);
        var call = new KeyedCall(this, KeyedOperation.PutStart, [key])
        {
            Client = writer,
            Sizes = [(ulong)world.Random.Between(4, 30)],
            Config = new ReplicateConfig { ReplicaCount = (ulong)world.Random.Between(1, 2) },
        };
        Call(node, call, $"start write {write} of {Name(key)}", result =>
        {
            if (result.Error != ErrorCode.Ok)
                return;
            world.Checker.Answers(node, write, isEnd: false);
            Write(Memory.Hold(true, write, result.Replicas), key, writer, until);
        });
    }

    // Half of the bytes at once, the other half when the writer gets to it. One in five vanishes, and its bytes arrive all the same.
    private void Write(SharedMemory.Holder held, ObjectKey key, Uuid writer, long until)
    {
        var middle = held.Buffers[0].Bytes / 2;
        Memory.Write(held, 0, middle);
        var vanishes = world.Random.Chance(0.2);
        var ready = vanishes ? until : Math.Min(until, world.NowTicks + world.Random.Exponential(
            _times.PutStartDiscardTimeout.Ticks / world.Random.Pick(1, 10, 100)));
        world.After(ready - world.NowTicks, () =>
        {
            Memory.Write(held, middle, held.Buffers[0].Bytes);
            Memory.GiveBack(held);
            if (vanishes || ready == until)
                return;
            var isEnd = world.Random.Chance(0.85);
            var call = new KeyedCall(this, isEnd ? KeyedOperation.PutEnd : KeyedOperation.PutRevoke, [key]) { Client = writer, Checksums = [held.Write] };
            if (Array.Find(world.Nodes, static node => node.Serves && !node.Paused) is { } node)
                Call(node, call, $"{(isEnd ? "end" : "revoke")} write {held.Write} of {Name(key)}", result =>
                {
                    if (isEnd && result.Error == ErrorCode.Ok)
                        world.Checker.Answers(node, held.Write, isEnd: true);
                });
        });
    }

    private void Get(SimulatedNode node, ObjectKey key)
    {
        var until = world.NowTicks + (long)(_times.LeaseTtl.Ticks * 0.9);
        Call(node, new KeyedCall(this, KeyedOperation.GetReplicaList, [key]), $"read {Name(key)}", result =>
        {
            if (result.Error != ErrorCode.Ok || result.ObjectChecksum is not { } write)
                return;
            world.Checker.Answers(node, write, isEnd: true);
            if (world.NowTicks >= until)
                return; // the answer came too late to be of use
            var held = Memory.Hold(false, write, result.Replicas);
            Memory.Read(held);
            world.After(world.Random.Chance(0.3) ? until - world.NowTicks : world.Random.Below((int)Math.Min(int.MaxValue, until - world.NowTicks)), () =>
            {
                Memory.Read(held);
                Memory.GiveBack(held);
            });
        });
    }

    private static string Name(in ObjectKey key) => System.Text.Encoding.UTF8.GetString(key.UserKey);
}
