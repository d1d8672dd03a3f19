// What the reading benchmarks read: objects that were put before, and callers' own ways through them.
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench.Load;

/// <summary>Keys of objects that are there.</summary>
internal static class StoredObjects
{
    /// <summary>Many more than fit into a processor's caches on the way, few enough to be put in a moment.</summary>
    private const int Batches = 400;

    /// <summary>Puts objects and returns their keys.</summary>
    public static async Task<ByteString[]> PutAsync(LoadCluster cluster, CancellationToken stop)
    {
        var caller = new BatchPutBench.Caller(cluster.Connections[0], cluster.Client, 0);
        var keys = new List<ByteString>(Batches * LoadSettings.BatchObjects);
        for (var i = 0; i < Batches; i++)
        {
            stop.ThrowIfCancellationRequested();
            await caller.OperateAsync();
            keys.AddRange(caller.Keys.Select(key => key.Detach()));
        }

        return [.. keys];
    }
}

/// <summary>One caller's way through the keys: every one of them, from a place of its own on.</summary>
internal sealed class KeyWalk(ByteString[] keys, int caller)
{
    private const int Stride = 7919; // a prime, so that neighbours on the way were not put in one batch
    private int _next = caller * Stride % keys.Length;

    /// <summary>The next key.</summary>
    public ByteString Next() => keys[_next = (_next + Stride) % keys.Length];

    /// <summary>The next keys.</summary>
    public void Next(Span<ByteString> into)
    {
        foreach (ref var key in into)
            key = Next();
    }
}
