// A body as one piece of memory. Nearly every body lies in one segment of the receive buffer and is used in place; the
// few that straddle segments are copied into a pooled array.
using System.Buffers;

namespace HotStandby.Mooncake.Frames;

/// <summary>A contiguous view of a body; dispose it when the decoded values are no longer needed.</summary>
public readonly struct FrameBody : IDisposable
{
    private readonly byte[]? _rented;

    /// <summary>Makes a body contiguous.</summary>
    public FrameBody(in ReadOnlySequence<byte> body)
    {
        if (body.IsSingleSegment)
        {
            Memory = body.First;
            return;
        }
        var length = (int)body.Length;
        _rented = ArrayPool<byte>.Shared.Rent(length);
        body.CopyTo(_rented);
        Memory = _rented.AsMemory(0, length);
    }

    /// <summary>The bytes: valid until the receive buffer is advanced or this is disposed, whichever comes first.</summary>
    public ReadOnlyMemory<byte> Memory { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
    }
}
