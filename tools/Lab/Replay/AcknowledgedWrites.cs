// Every key whose PutEnd was acknowledged: what must survive any failover. Filled by the replay, read back by the demo and
// by tests once the cluster serves again.
using System.Collections.Concurrent;
using HotStandby.Messages;

namespace HotStandby.Lab.Replay;

/// <summary>The acknowledged writes of a replay. Safe for use by many callers at once.</summary>
internal sealed class AcknowledgedWrites
{
    private readonly ConcurrentDictionary<string, byte> _keys = new(StringComparer.Ordinal);

    /// <summary>How many keys.</summary>
    public int Count => _keys.Count;

    /// <summary>The keys, in no order.</summary>
    public IReadOnlyCollection<string> Keys => (IReadOnlyCollection<string>)_keys.Keys;

    /// <summary>True when a PutEnd of the key was acknowledged.</summary>
    public bool Contains(string key) => _keys.ContainsKey(key);

    /// <summary>Notes an acknowledgement; false when there was one before.</summary>
    public bool Add(string key) => _keys.TryAdd(key, 0);

    /// <summary>Asks for every key and returns those that are gone. Nothing may have been removed or evicted since.</summary>
    /// <exception cref="IOException">A call was not answered, so nothing can be said.</exception>
    public async Task<IReadOnlyList<string>> FindLostAsync(IMasterClient client, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(client);
        var lost = new List<string>();
        foreach (var keys in Keys.Chunk(ReplayOptions.MaximumBatch))
        {
            var answer = await client.BatchExistAsync(keys, cancellation).ConfigureAwait(false);
            if (answer.Call != ErrorCode.Ok)
                throw new IOException($"The acknowledged writes could not be looked up: {answer.Call}.");
            for (var i = 0; i < keys.Length; i++)
            {
                if (answer.Items[i] == ErrorCode.ObjectNotFound)
                    lost.Add(keys[i]);
                else if (answer.Items[i] != ErrorCode.Ok)
                    throw new IOException($"The acknowledged write '{keys[i]}' could not be looked up: {answer.Items[i]}.");
            }
        }
        return lost;
    }
}
