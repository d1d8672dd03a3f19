// The keys of one caller: written in place into one block of bytes, so that new keys cost the load generator nothing.
using System.Buffers.Text;
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Load;

/// <summary>A row of keys that no other caller has, of 32 bytes each, as long as a digest in Mooncake's keys.</summary>
public sealed class KeyBlock
{
    private const int KeyBytes = 32;
    private const int NumberBytes = 16;

    private readonly byte[] _bytes;
    private ulong _next;

    /// <summary>The first keys of a caller.</summary>
    /// <param name="caller">Its number; no other caller may have it.</param>
    /// <param name="count">Keys in the row.</param>
    public KeyBlock(ulong caller, int count)
    {
        _bytes = new byte[count * KeyBytes];
        Keys = new ByteString[count];
        for (var i = 0; i < count; i++)
        {
            Keys[i] = new ByteString(_bytes.AsMemory(i * KeyBytes, KeyBytes));
            Write(_bytes.AsSpan(i * KeyBytes, KeyBytes - NumberBytes), caller);
        }

        Renew();
    }

    /// <summary>The keys of the row. Their bytes change with <see cref="Renew"/>.</summary>
    public ByteString[] Keys { get; }

    /// <summary>Replaces every key by one that was never there. No call that was made with the old ones may still need them.</summary>
    public void Renew()
    {
        for (var i = 0; i < Keys.Length; i++)
            Write(_bytes.AsSpan((i * KeyBytes) + KeyBytes - NumberBytes, NumberBytes), _next++);
    }

    private static void Write(Span<byte> digits, ulong number)
    {
        if (!Utf8Formatter.TryFormat(number, digits, out var written, new System.Buffers.StandardFormat('x', (byte)digits.Length))
            || written != digits.Length)
            throw new InvalidOperationException($"{number} does not fill {digits.Length} digits");
    }
}
