// The way of a reading caller through keys that are there.
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Load;

/// <summary>One caller's way through the keys: every one of them, from a place of its own on.</summary>
/// <param name="keys">One or more.</param>
/// <param name="caller">The caller's number, from 0.</param>
public sealed class KeyWalk(ByteString[] keys, int caller)
{
    private const int Stride = 7919; // a prime, so that neighbours on the way were not put in one batch
    private int _next = (int)((long)caller * Stride % keys.Length);

    /// <summary>The next key.</summary>
    public ByteString Next() => keys[_next = (_next + Stride) % keys.Length];

    /// <summary>The next keys.</summary>
    public void Next(Span<ByteString> into)
    {
        foreach (ref var key in into)
            key = Next();
    }
}
