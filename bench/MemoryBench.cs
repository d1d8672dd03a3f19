// memory: bytes per object on a node, at a million objects of 24-byte keys with one replica. Of the index itself in this process,
// where the garbage can be collected first; of node processes, by what is resident before and after they were filled, which has
// in it whatever garbage the collector has not been in need of.
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Lab.Load;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Bench;

internal static class MemoryBench
{
    public static readonly Benchmark Benchmark = new(
        "memory", "bytes an object on a node, 1 M objects of 24-byte keys with one replica", RunAsync);

    private const int Objects = 1_000_000;
    private const string Unit = "bytes/object";

    // Longer than any answer or buffer of the load lives.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var figure in MeasureIndex(stop))
            yield return figure;
        await using var cluster = await LoadCluster.StartAsync(settings, LoadSettings.MaximumConnections, stop);
        await Task.Delay(Settling, stop);
        var nodes = cluster.Standbys.Prepend(cluster.Primary).ToArray();
        var before = nodes.Select(node => node.ResidentBytes).ToArray();
        await NumberedWriter.FillAsync(cluster, Objects, stop);
        await Task.Delay(Settling, stop);
        for (var i = 0; i < nodes.Length; i++)
            yield return PerObject(
                $"memory, {(i == 0 ? "Primary" : "Standby")}: resident, garbage included", nodes[i].ResidentBytes - before[i]);
    }

    private static IEnumerable<Figure> MeasureIndex(CancellationToken stop)
    {
        var empty = GC.GetTotalMemory(forceFullCollection: true);
        var standby = new ShardState[MicroSamples.ShardCount];
        var both = Fill(standby, stop) - empty;
        // The Primary's side is out of reach now.
        var alone = GC.GetTotalMemory(forceFullCollection: true) - empty;
        if (standby.Sum(state => state.ObjectCount) != Objects)
            throw new LoadFailedException("the Standby lacks objects");
        yield return PerObject("memory, Primary: index and free space, managed", both - alone);
        yield return PerObject("memory, Standby: index, managed", alone);
    }

    // In a method of its own, so that nothing of the Primary is on the stack of its caller.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Fill(ShardState[] standby, CancellationToken stop)
    {
        var directory = new SegmentDirectory([MicroSamples.Mounted]);
        var allocator = new ExtentAllocator(MicroSamples.Mounted.Segment.SizeBytes);
        var leaders = new ShardLeader[standby.Length];
        for (var i = 0; i < standby.Length; i++)
        {
            standby[i] = new ShardState(Partition.OfShard(i), standby.Length);
            leaders[i] = new ShardLeader(
                new ShardState(Partition.OfShard(i), standby.Length), ShardSettings.Default, directory, nowTicks: 0);
        }

        var sequences = new ulong[standby.Length];
        var writer = new BatchWriter();
        for (var number = 0; number < Objects; number++)
        {
            stop.ThrowIfCancellationRequested();
            var key = ObjectKey.FromScoped(NumberedKey.Of(NumberedKey.Stored, number));
            var shard = Partition.ShardOf(key.Hash, standby.Length);
            foreach (var operation in (ReadOnlySpan<KeyedOperation>)[KeyedOperation.PutStart, KeyedOperation.PutEnd])
            {
                var call = MicroSamples.Call(operation, key, number);
                if (operation == KeyedOperation.PutStart)
                {
                    if (!allocator.TryAllocate(LoadSettings.ObjectBytes, out var offset))
                        throw new LoadFailedException("the segment is full");
                    call.Placements[0] = new Extent(MicroSamples.Mounted.Handle, offset, LoadSettings.ObjectBytes);
                }

                var drafts = new DraftBuffer(Partition.OfShard(shard));
                leaders[shard].Execute(call, 0, drafts, nowTicks: number);
                if (call.Results[0].Error != ErrorCode.Ok)
                    throw new InvalidOperationException($"the shard answered {call.Results[0].Error}");
                writer.Add(drafts.Bytes, ++sequences[shard], 1, 0);
                drafts.Release();
                leaders[shard].Committed(1, sequences[shard]);
                foreach (var entry in writer.Close(0))
                    standby[shard].Apply(entry);
            }
        }

        var bytes = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(allocator);
        GC.KeepAlive(leaders);
        return bytes;
    }

    private static Figure PerObject(string name, long bytes) =>
        new(name, Math.Round((double)bytes / Objects, 1), Unit, null, null, null, null, null);
}
