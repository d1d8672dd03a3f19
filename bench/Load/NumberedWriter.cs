// Puts rows of objects in batches: fills a cluster, and presses on one that is full. Where memory is short it asks again, as
// Mooncake's clients do.
using HotStandby.Lab.Load;
using HotStandby.Messages;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench.Load;

/// <summary>One writer of numbered objects of one kind. Not for concurrent use.</summary>
internal sealed class NumberedWriter(LoadCluster cluster, MasterClient master, char kind, long first)
{
    private static readonly ByteString Tenant = "default";
    private static readonly ulong[] Sizes = [.. Enumerable.Repeat(LoadSettings.ObjectBytes, LoadSettings.BatchObjects)];

    private long _next = first;

    /// <summary>Objects that are complete.</summary>
    public long Put { get; private set; }

    /// <summary>Objects that found no memory.</summary>
    public long Refused { get; private set; }

    /// <summary>Puts the next objects of the row, at most a batch of them.</summary>
    /// <param name="most">At least 1; no more than <see cref="LoadSettings.BatchObjects"/> count.</param>
    public async Task PutBatchAsync(long most = LoadSettings.BatchObjects)
    {
        var keys = new ByteString[(int)Math.Min(most, LoadSettings.BatchObjects)];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = new ByteString(NumberedKey.Of(kind, _next++));
        var started = await master.BatchPutStartAsync(
            new(cluster.Client, keys, Sizes.AsMemory(0, keys.Length), new WireReplicateConfig(), Tenant));
        if (started.Count != keys.Length)
            throw new LoadFailedException($"BatchPutStart answered {started.Count} results");
        var toEnd = new List<ObjectMeta>(keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            if (started[i].IsOk)
                toEnd.Add(new ObjectMeta(keys[i], null));
            else if (started[i].Error != ErrorCode.NoAvailableHandle)
                throw new LoadFailedException($"BatchPutStart answered {started[i].Error}");
        }

        Refused += keys.Length - toEnd.Count;
        if (toEnd.Count == 0)
            return;
        var ended = await master.BatchPutEndAsync(new(cluster.Client, toEnd.ToArray(), ReplicaType.All, Tenant));
        foreach (var result in ended.ToArray())
            Results.MustBeOk(result, "BatchPutEnd");
        Put += toEnd.Count;
    }

    /// <summary>Puts the objects 0 to <paramref name="count"/> - 1 of the stored kind, over all connections.</summary>
    /// <exception cref="LoadFailedException">They do not all fit.</exception>
    public static async Task FillAsync(LoadCluster cluster, int count, CancellationToken stop)
    {
        var share = count / cluster.Connections.Count;
        await Task.WhenAll(cluster.Connections.Select((master, i) => Task.Run(async () =>
        {
            var (first, end) = (i * (long)share, i == cluster.Connections.Count - 1 ? count : (i + 1L) * share);
            var writer = new NumberedWriter(cluster, master, NumberedKey.Stored, first);
            while (writer.Put + writer.Refused < end - first)
            {
                stop.ThrowIfCancellationRequested();
                await writer.PutBatchAsync(end - first - writer.Put - writer.Refused);
            }

            if (writer.Refused > 0)
                throw new LoadFailedException($"{writer.Refused} objects found no memory while the cluster was filled");
        }, stop)));
    }
}
