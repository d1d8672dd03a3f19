// Calls on many keys, and what their answers must say. A client knows which writes were acknowledged when it asked. Those that the Primary
// still holds when it answers were there all the time: a write is never the same as an earlier one.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Tests.Simulation.Nodes;

namespace HotStandby.Tests.Simulation.Index;

/// <summary>The scans of all clients.</summary>
/// <param name="world">The world.</param>
/// <param name="keys">All keys that there are.</param>
public sealed class SimulatedScans(Simulation world, ObjectKey[] keys)
{
    private readonly record struct Acknowledged(ulong Write, long SinceTicks, ulong[] Addresses);

    private readonly Dictionary<ObjectKey, Acknowledged> _acknowledged = [];
    private readonly Dictionary<ObjectKey, long> _ends = [];
    private readonly Dictionary<ulong, long> _gone = [];

    /// <summary>How many were answered.</summary>
    public int Answered { get; private set; }

    /// <summary>A client asks to end a write: from now on its object may be there.</summary>
    public void Ends(in ObjectKey key) => _ends[key] = world.NowTicks;

    /// <summary>It hears that the object is there.</summary>
    public void Ended(in ObjectKey key, SharedMemory.Holder held, long sinceTicks) => _acknowledged[key] = new Acknowledged(
        held.Write, sinceTicks, [.. held.Buffers.Select(static buffer => SegmentOf(buffer.Address))]);

    /// <summary>The memory at this address goes, at once or later: what lies there need not be found any more.</summary>
    public void Goes(ulong baseAddress) => _gone[SegmentOf(baseAddress)] = long.MaxValue;

    /// <summary>It is mounted again: what is written from now on must be found.</summary>
    public void Comes(ulong baseAddress) => _gone[SegmentOf(baseAddress)] = world.NowTicks;

    /// <summary>A client asks a node.</summary>
    /// <returns>The call, and what looks at its answer.</returns>
    public (Func<IReplySink, ScanCall> NewCall, Action<ScanCall> Answered) Ask(SimulatedNode node)
    {
        var process = (CellProcess)node.Process!;
        var pattern = world.Random.Pick(null, "024", "13", "5", "012345");
        var operation = world.Random.Pick(ScanOperation.ListKeys, ScanOperation.GetReplicaLists, ScanOperation.Remove);
        var before = new Dictionary<ObjectKey, Acknowledged>(_acknowledged);
        HashSet<ObjectKey> possible = [.. keys.Where(key => IsThere(process, key))];
        var asked = world.NowTicks;
        if (world.IsVerbose)
            world.Trace(node, $"is asked to {operation} {pattern ?? "everything"}");
        return (sink => new ScanCall(sink, operation, null, pattern), Look);

        void Look(ScanCall call)
        {
            if (world.IsVerbose)
                world.Trace(node, $"answers {call.Error} to {operation} {pattern ?? "everything"}: {call.Found.Count} found");
            if (call.Error != ErrorCode.Ok)
                return;
            Answered++;
            // What was asked for shortly before may have been done since, and what was asked for later as well.
            var since = asked - world.Scenario.LeaseTicks;
            possible.UnionWith(keys.Where(key => IsThere(process, key) || _ends.GetValueOrDefault(key, long.MinValue) > since));
            HashSet<ObjectKey> found = [.. call.Found.Select(static each => each.Key)];
            foreach (var key in found)
                if (!possible.Contains(key) || !Matches(pattern, key))
                    throw new InvariantViolation(4, $"{node.Id} finds {key} for {pattern}, which was not there");
            foreach (var (key, write) in before)
                if (operation != ScanOperation.Remove && Matches(pattern, key) && !found.Contains(key) && StillHolds(process, key, write))
                    throw new InvariantViolation(8, $"{node.Id} does not find {key} for {pattern}, with write {write.Write} all the time");
        }
    }

    private static ulong SegmentOf(ulong address) => address >> 32;

    private static bool Matches(string? pattern, in ObjectKey key) =>
        pattern is null || pattern.Contains((char)key.UserKey[^1], StringComparison.Ordinal);

    private static bool IsThere(CellProcess process, in ObjectKey key) => process.Find(key) is { IsBeingWritten: false };

    private bool StillHolds(CellProcess process, in ObjectKey key, in Acknowledged write)
    {
        if (process.Find(key) is not { IsBeingWritten: false } record || record.ObjectChecksum != write.Write)
            return false;
        foreach (var segment in write.Addresses)
            if (_gone.GetValueOrDefault(segment, -1) >= write.SinceTicks)
                return false;
        return true;
    }
}
