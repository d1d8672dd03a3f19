// The body of a large frame, copied out of the transport's buffer as it arrives, so that the transport never holds more than a
// small piece of it. Unmanaged: the memory goes back at once when the frame is done, and not when a collection comes by.
using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;

namespace HotStandby.Mooncake.Server;

/// <summary>One body. Whoever made it disposes it; its memory is not looked at afterwards.</summary>
internal sealed class LargeBody(int bytes) : MemoryManager<byte>
{
    private unsafe byte* _start = (byte*)NativeMemory.Alloc((nuint)bytes);

    /// <summary>Fills it.</summary>
    /// <returns>False when the stream ends before, or the read is cancelled.</returns>
    public Task<bool> FillAsync(PipeReader input)
    {
        var filled = 0;
        return ConsumeAsync(input, bytes, piece =>
        {
            piece.CopyTo(GetSpan()[filled..]);
            filled += (int)piece.Length;
        });
    }

    /// <summary>Reads bytes that nobody looks at, and keeps none of them.</summary>
    /// <inheritdoc cref="FillAsync"/>
    public static Task<bool> SkipAsync(PipeReader input, uint count) => ConsumeAsync(input, count, static _ => { });

    /// <inheritdoc/>
    public override unsafe Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        return new Span<byte>(_start, bytes);
    }

    /// <inheritdoc/>
    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)bytes, nameof(elementIndex));
        ObjectDisposedException.ThrowIf(_start is null, this);
        return new MemoryHandle(_start + elementIndex);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // It never moves.
    }

    /// <inheritdoc/>
    protected override unsafe void Dispose(bool disposing)
    {
        NativeMemory.Free(_start);
        _start = null;
    }

    private static async Task<bool> ConsumeAsync(PipeReader input, long count, Action<ReadOnlySequence<byte>> take)
    {
        while (count > 0)
        {
            var read = await input.ReadAsync();
            if (read.IsCanceled)
                return false;
            var piece = read.Buffer.Slice(0, Math.Min(count, read.Buffer.Length));
            take(piece);
            count -= piece.Length;
            input.AdvanceTo(piece.End);
            if (read.IsCompleted && count > 0 && piece.IsEmpty)
                return false;
        }

        return true;
    }
}
