// Clients that put, read and remove a few objects in little memory. They are slow: a writer may take longer than anybody has patience, or
// vanish while its bytes are still on their way; a reader may read until its lease ends. They ask whoever serves, and never trust a guess.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Tests.Simulation.Nodes;

namespace HotStandby.Tests.Simulation.Index;

/// <summary>All clients of a run.</summary>
public sealed class SimulatedClients(Simulation world)
{
    private const ulong SegmentBytes = 64;

    private static readonly ObjectKey[] Keys = [.. Enumerable.Range(0, 6).Select(static i => ObjectKey.From($"k{i}"))];

    private readonly ShardSettings _times = world.Scenario.Times;
    private readonly List<(Uuid Owner, Segment Segment)> _segments = [];
    private readonly List<Segment> _restarted = [];
    private ulong _writes;
    private ulong _mounts;
    private ulong _lives = 1;

    /// <summary>What they write into.</summary>
    public SharedMemory Memory { get; } = new();

    /// <summary>Their calls on many keys.</summary>
    public SimulatedScans Scans { get; } = new(world, Keys);

    /// <summary>A mount is committed: where its client has started again, its memory is another process's now.</summary>
    public void Mounted(Uuid segment)
    {
        foreach (var again in _restarted.Where(each => each.Id == segment).ToArray())
        {
            _restarted.Remove(again);
            Memory.Restart(again.BaseAddress, again.SizeBytes);
            if (_restarted.TrueForAll(each => each.BaseAddress != again.BaseAddress))
                Scans.Comes(again.BaseAddress);
        }
    }

    /// <summary>Some clients do something.</summary>
    public void Act(SimulatedNode node)
    {
        for (var i = world.Random.Between(1, 4); i > 0 && node.Serves; i--)
            ActOnce(node);
    }

    private void ActOnce(SimulatedNode node)
    {
        var key = Keys[world.Random.Below(Keys.Length)];
        switch (world.Random.Below(22))
        {
            case 0:
                Mount(node);
                break;
            case < 9:
                Put(node, key);
                break;
            case < 16:
                Get(node, key);
                break;
            case < 20:
                Call(node, sink => new KeyedCall(sink, KeyedOperation.Remove, [key]), "remove", static _ => { });
                break;
            default:
                var (newCall, answered) = Scans.Ask(node);
                Submit(node, newCall, answer => answered((ScanCall)answer));
                break;
        }

        if (_segments.Count < 2)
            Mount(node);
    }

    // A segment of few bytes: memory is used again soon. Now and then one goes, for good, or its client dies and starts again at its
    // address, in the same memory.
    private void Mount(SimulatedNode node)
    {
        if (_segments.Count >= 3 && world.Random.Chance(0.5))
        {
            var gone = world.Random.Pick<(Uuid Owner, Segment Segment)>([.. _segments]);
            _segments.Remove(gone);
            Scans.Goes(gone.Segment.BaseAddress);
            if (world.Random.Chance(0.5))
            {
                Submit(node, sink => new UnmountSegmentCall(sink, gone.Owner, gone.Segment.Id), static _ => { });
                return;
            }

            var again = gone.Segment with { Id = new Uuid(7, ++_mounts) };
            _restarted.Add(again);
            _segments.Add((new Uuid(1, ++_lives), again));
        }

        if (_segments.Count < 3)
        {
            var number = ++_mounts;
            _segments.Add((new Uuid(1, ++_lives), new Segment(
                new Uuid(7, number), $"s{number}", number << 32, SegmentBytes, $"e{number}", "tcp", "h")));
        }

        foreach (var (owner, segment) in _segments)
            Submit(node, sink => new MountSegmentCall(sink, owner, segment), static _ => { });
    }

    private void Call(SimulatedNode node, Func<IReplySink, KeyedCall> call, string what, Action<ItemResult> answered)
    {
        if (world.IsVerbose)
            world.Trace(node, $"is asked to {what}");
        Submit(node, call, answer =>
        {
            var result = ((KeyedCall)answer).Results[0];
            if (world.IsVerbose)
                world.Trace(node, $"answers {result.Error} to {what}");
            answered(result);
        });
    }

    private void Submit(SimulatedNode node, Func<IReplySink, MasterCall> call, Action<MasterCall> answered)
    {
        if (node is { Serves: true, Process: CellProcess process })
            process.Submit(call(new Sink(world, node, process, answered)));
    }

    // An answer leaves while the lease holds, or never.
    private sealed class Sink(Simulation world, SimulatedNode node, CellProcess process, Action<MasterCall> answered) : IReplySink
    {
        public void Answer(MasterCall call)
        {
            if (node.Process != process || !node.Serves)
                return;
            process.TellCommitted();
            answered(call);
        }

        public void Abandon(MasterCall call)
        {
            if (world.Bug == PlantedBug.AnswerAbandonedCalls && call is KeyedCall)
                answered(call);
        }
    }

    private void Put(SimulatedNode node, ObjectKey key)
    {
        var (write, began) = (++_writes, world.NowTicks);
        var writer = new Uuid(9, write); // no two writes are of one client: a retry is another story
        var until = world.NowTicks + (long)(_times.PutStartReleaseTimeout.Ticks * 0.9);
        Call(node, sink => new KeyedCall(sink, KeyedOperation.PutStart, [key])
        {
            Client = writer,
            Sizes = [(ulong)world.Random.Between(4, 30)],
            Config = new ReplicateConfig { ReplicaCount = (ulong)world.Random.Between(1, 2) },
        }, $"start write {write} of {Name(key)}", result =>
        {
            if (result.Error != ErrorCode.Ok)
                return;
            world.Checker.Answers(node, write, isEnd: false);
            Write(Memory.Hold(true, write, result.Replicas), key, writer, began, until);
        });
    }

    // Half of the bytes at once, the other half when the writer gets to it. One in five vanishes, and its bytes arrive all the same.
    private void Write(SharedMemory.Holder held, ObjectKey key, Uuid writer, long began, long until)
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
            if (isEnd)
                Scans.Ends(key);
            if (Array.Find(world.Nodes, static node => node.Serves && !node.Paused) is { } node)
                Call(node, sink => new KeyedCall(sink, isEnd ? KeyedOperation.PutEnd : KeyedOperation.PutRevoke, [key])
                {
                    Client = writer, Checksums = [held.Write],
                }, $"{(isEnd ? "end" : "revoke")} write {held.Write} of {Name(key)}", result =>
                {
                    if (!isEnd || result.Error != ErrorCode.Ok)
                        return;
                    world.Checker.Answers(node, held.Write, isEnd: true);
                    Scans.Ended(key, held, began);
                });
        });
    }

    private void Get(SimulatedNode node, ObjectKey key)
    {
        var until = world.NowTicks + (long)(_times.LeaseTtl.Ticks * 0.9);
        Call(node, sink => new KeyedCall(sink, KeyedOperation.GetReplicaList, [key]), $"read {Name(key)}", result =>
        {
            if (result.Error != ErrorCode.Ok || result.ObjectChecksum is not { } write)
                return;
            world.Checker.Answers(node, write, isEnd: true);
            if (world.NowTicks >= until)
                return; // the answer came too late to be of use
            var held = Memory.Hold(false, write, result.Replicas);
            Memory.Read(held);
            world.After(world.Random.Chance(0.3)
                ? until - world.NowTicks : world.Random.Below((int)Math.Min(int.MaxValue, until - world.NowTicks)), () =>
            {
                Memory.Read(held);
                Memory.GiveBack(held);
            });
        });
    }

    private static string Name(in ObjectKey key) => System.Text.Encoding.UTF8.GetString(key.UserKey);
}
