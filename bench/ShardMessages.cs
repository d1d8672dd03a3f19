// How long a shard works on one message at a stretch: what every call behind it waits. In this process, without actors.
using System.Diagnostics;
using HotStandby.Bench.Load;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Eviction;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Lab.Load;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Bench;

/// <summary>The messages of eviction and of scans, one by one.</summary>
internal static class ShardMessages
{
    // As the evictor cuts what it tells a shard.
    private const int KeysPerMessage = 1024;
    private const int Rounds = 100;

    /// <summary>Fills a shard and measures its messages.</summary>
    /// <param name="name">Of the figures.</param>
    /// <param name="objects">In the shard.</param>
    /// <param name="shardCount">Of the node that is imitated; the larger, the fewer victims are asked of one.</param>
    /// <param name="stop">Gives up.</param>
    public static IEnumerable<Figure> Measure(string name, int objects, int shardCount, CancellationToken stop)
    {
        var policy = new EvictionPolicy(EvictionSettings.Default);
        var limit = policy.OfferLimit(shardCount, policy.Settings.MaximumVictims);
        var state = new ShardState(MicroSamples.Shard, shardCount);
        var leader = new ShardLeader(state, ShardSettings.Default, new SegmentDirectory([MicroSamples.Mounted]), nowTicks: 0);
        ulong sequence = 0;
        var number = 0;
        for (; leader.EvictableCount < objects; number++)
            sequence = Put(leader, sequence, number, shardCount);

        var (offers, evictions, lists) = (new Latencies(), new Latencies(), new Latencies());
        long evicted = 0;
        for (var round = 0; round < Rounds; round++)
        {
            stop.ThrowIfCancellationRequested();
            var now = (long)int.MaxValue + round;
            var began = Stopwatch.GetTimestamp();
            var offer = leader.Offer(limit, now);
            offers.Since(began);

            foreach (var keys in offer.Plain.Select(victim => victim.Key).Chunk(KeysPerMessage))
            {
                var drafts = new DraftBuffer(MicroSamples.Shard);
                began = Stopwatch.GetTimestamp();
                var (count, _) = leader.Evict(keys, now, drafts);
                evictions.Since(began);
                drafts.Release();
                sequence += (ulong)count;
                leader.Committed(count, sequence);
                evicted += count;
            }

            leader.TakeReleased();
            for (; leader.EvictableCount < objects; number++)
                sequence = Put(leader, sequence, number, shardCount);
            if (round % 10 != 0)
                continue;
            began = Stopwatch.GetTimestamp();
            GC.KeepAlive(leader.ListKeys(readableOnly: true, tenant: null));
            lists.Since(began);
        }

        if (evicted == 0)
            throw new LoadFailedException("nothing was evicted");
        yield return offers.ToFigure($"{name}: offer of {limit} among {objects}");
        yield return evictions.ToFigure($"{name}: evict at most {Math.Min(limit, KeysPerMessage)} of {objects}");
        yield return lists.ToFigure($"{name}: list {objects} keys");
    }

    /// <summary>Fills a shard and measures how long it writes its image.</summary>
    public static IEnumerable<Figure> MeasureImage(string name, int objects, int shardCount)
    {
        var state = new ShardState(MicroSamples.Shard, shardCount);
        var leader = new ShardLeader(state, ShardSettings.Default, new SegmentDirectory([MicroSamples.Mounted]), nowTicks: 0);
        ulong sequence = 0;
        for (var number = 0; state.ObjectCount < objects; number++)
            sequence = Put(leader, sequence, number, shardCount);
        var writes = new Latencies();
        var bytes = 0;
        for (var round = 0; round < Rounds; round++)
        {
            using var image = new ImageWriter(bytes + 4096);
            var began = Stopwatch.GetTimestamp();
            state.WriteImage(image);
            writes.Since(began);
            bytes = image.Length;
        }

        yield return writes.ToFigure($"{name}: write the image of {objects} objects");
        yield return new Figure(
            $"{name}: size of the image", Math.Round((double)bytes / objects, 1), "bytes/object", null, null, null, null, null);
    }

    private static ulong Put(ShardLeader leader, ulong sequence, int number, int shardCount)
    {
        var key = ObjectKey.FromScoped(NumberedKey.Of(NumberedKey.Stored, number));
        if (Partition.ShardOf(key.Hash, shardCount) != MicroSamples.Shard.ShardIndex)
            return sequence;
        foreach (var operation in (ReadOnlySpan<KeyedOperation>)[KeyedOperation.PutStart, KeyedOperation.PutEnd])
        {
            var call = MicroSamples.Call(operation, key, number);
            var drafts = new DraftBuffer(MicroSamples.Shard);
            leader.Execute(call, 0, drafts, nowTicks: number);
            drafts.Release();
            if (call.Results[0].Error != ErrorCode.Ok)
                throw new InvalidOperationException($"the shard answered {call.Results[0].Error}");
            leader.Committed(1, ++sequence);
        }

        return sequence;
    }
}
