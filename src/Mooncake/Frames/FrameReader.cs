// Cuts frames out of what a connection has received. Called in a loop by the server's and the client's receive loops;
// copies nothing, decodes no body, closes nothing: it says what it saw.
using System.Buffers;

namespace HotStandby.Mooncake.Frames;

/// <summary>What was found at the start of a receive buffer.</summary>
public enum FrameStatus
{
    /// <summary>A whole frame; the buffer now starts after it.</summary>
    Complete,
    /// <summary>The beginning of a frame: receive more.</summary>
    Incomplete,
    /// <summary>Not this protocol. The stream cannot be followed any further; close it without an answer.</summary>
    Malformed,
    /// <summary>A frame beyond the limit; the header is valid. The stream cannot be followed any further.</summary>
    TooLarge,
}

/// <summary>Finds frames in a receive buffer.</summary>
public static class FrameReader
{
    /// <summary>Looks for one request.</summary>
    /// <param name="buffer">What was received; on <see cref="FrameStatus.Complete"/> the frame is cut off, else it is left alone.</param>
    /// <param name="limits">What is accepted.</param>
    /// <param name="header">The request's header as soon as all of it is there, else nothing.</param>
    /// <param name="body">The body, when complete: valid as long as the buffer is.</param>
    public static FrameStatus ReadRequest(
        ref ReadOnlySequence<byte> buffer, FrameLimits limits, out RequestHeader header, out ReadOnlySequence<byte> body)
    {
        header = default;
        body = default;
        Span<byte> bytes = stackalloc byte[RequestHeader.Bytes];
        if (!TryCopyStart(buffer, bytes))
            return FrameStatus.Incomplete;
        if (!RequestHeader.TryRead(bytes, out header))
            return FrameStatus.Malformed;
        return CutBody(ref buffer, RequestHeader.Bytes, header.BodyBytes, header.AttachmentBytes, limits, out body);
    }

    /// <summary>Looks for one response.</summary>
    /// <inheritdoc cref="ReadRequest"/>
    public static FrameStatus ReadResponse(
        ref ReadOnlySequence<byte> buffer, FrameLimits limits, out ResponseHeader header, out ReadOnlySequence<byte> body)
    {
        header = default;
        body = default;
        Span<byte> bytes = stackalloc byte[ResponseHeader.Bytes];
        if (!TryCopyStart(buffer, bytes))
            return FrameStatus.Incomplete;
        if (!ResponseHeader.TryRead(bytes, out header))
            return FrameStatus.Malformed;
        return CutBody(ref buffer, ResponseHeader.Bytes, header.BodyBytes, header.AttachmentBytes, limits, out body);
    }

    private static bool TryCopyStart(in ReadOnlySequence<byte> buffer, Span<byte> destination)
    {
        var first = buffer.FirstSpan;
        if (first.Length >= destination.Length)
        {
            first[..destination.Length].CopyTo(destination);
            return true;
        }
        if (buffer.Length < destination.Length)
            return false;
        buffer.Slice(0, destination.Length).CopyTo(destination);
        return true;
    }

    private static FrameStatus CutBody(
        ref ReadOnlySequence<byte> buffer, int headerBytes, uint bodyBytes, uint attachmentBytes, FrameLimits limits,
        out ReadOnlySequence<byte> body)
    {
        body = default;
        if (!limits.Allows(bodyBytes, attachmentBytes))
            return FrameStatus.TooLarge;
        var frameBytes = headerBytes + (long)bodyBytes + attachmentBytes;
        if (buffer.Length < frameBytes)
            return FrameStatus.Incomplete;
        body = buffer.Slice(headerBytes, bodyBytes);
        buffer = buffer.Slice(frameBytes);
        return FrameStatus.Complete;
    }
}
