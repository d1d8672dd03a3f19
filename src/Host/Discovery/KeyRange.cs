// Which keys a request is about, as etcd has it: one key, all from a key on, or all from one key to before another.
using Google.Protobuf;

namespace HotStandby.Host.Discovery;

/// <summary>A range of keys.</summary>
/// <param name="key">The first.</param>
/// <param name="end">Behind the last; empty: <paramref name="key"/> alone; one zero byte: no end.</param>
internal readonly struct KeyRange(ByteString key, ByteString end)
{
    /// <summary>Whether a key is in it.</summary>
    public bool Contains(ByteString other)
    {
        var it = other.Span;
        return end.IsEmpty ? it.SequenceEqual(key.Span)
            : it.SequenceCompareTo(key.Span) >= 0 && (end.Span is [0] || it.SequenceCompareTo(end.Span) < 0);
    }
}
