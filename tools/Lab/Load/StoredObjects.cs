// What reading callers read: objects that were put before.
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Load;

/// <summary>Objects that are there.</summary>
public static class StoredObjects
{
    /// <summary>Many more than fit into a processor's caches on the way, few enough to be put in a moment.</summary>
    public const int Count = 51_200;

    /// <summary>Puts <see cref="Count"/> objects, or a little more, and returns their keys.</summary>
    /// <param name="caller">Puts them, a batch after the other.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="LoadFailedException">An answer was an error.</exception>
    public static async Task<ByteString[]> PutAsync(BatchPutCaller caller, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var keys = new List<ByteString>(Count + caller.Keys.Count);
        while (keys.Count < Count)
        {
            stop.ThrowIfCancellationRequested();
            await caller.OperateAsync().ConfigureAwait(false);
            keys.AddRange(caller.Keys.Select(key => key.Detach()));
        }

        return [.. keys];
    }
}
