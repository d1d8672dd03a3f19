// What transfer engines tell each other through the metadata server: opaque JSON under a key. In memory alone and bounded;
// clients publish it again when they remount.
using System.Text;

namespace HotStandby.Host.Http;

/// <summary>What became of a write.</summary>
internal enum MetadataWrite
{
    /// <summary>Stored, or the same was stored already.</summary>
    Stored,
    /// <summary>Another client holds that endpoint.</summary>
    Conflict,
    /// <summary>A bound is reached.</summary>
    Full,
}

/// <summary>Keys and bodies. Thread-safe.</summary>
/// <param name="maximumKeys">Most keys.</param>
/// <param name="maximumBytes">Most bytes of keys and bodies together.</param>
internal sealed class MetadataStore(int maximumKeys, long maximumBytes)
{
    // The key of an endpoint belongs to one client: two that claim the same endpoint must not silently replace each other.
    private const string ExclusiveMark = "rpc_meta";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]> _bodies = [];
    private long _bytes;

    /// <summary>The body, or null.</summary>
    public byte[]? Find(string key)
    {
        lock (_lock)
            return _bodies.GetValueOrDefault(key);
    }

    /// <summary>Stores a body; takes ownership of it.</summary>
    public MetadataWrite Put(string key, byte[] body)
    {
        lock (_lock)
        {
            var old = _bodies.GetValueOrDefault(key);
            if (old is not null && key.Contains(ExclusiveMark, StringComparison.Ordinal))
                return old.AsSpan().SequenceEqual(body) ? MetadataWrite.Stored : MetadataWrite.Conflict;
            var bytes = _bytes + body.Length - (old?.Length ?? -SizeOf(key));
            if (bytes > maximumBytes || (old is null && _bodies.Count >= maximumKeys))
                return MetadataWrite.Full;
            (_bodies[key], _bytes) = (body, bytes);
            return MetadataWrite.Stored;
        }
    }

    /// <summary>Forgets a key; false when there was none.</summary>
    public bool Remove(string key)
    {
        lock (_lock)
        {
            if (!_bodies.Remove(key, out var body))
                return false;
            _bytes -= body.Length + SizeOf(key);
            return true;
        }
    }

    private static int SizeOf(string key) => Encoding.UTF8.GetByteCount(key);
}
