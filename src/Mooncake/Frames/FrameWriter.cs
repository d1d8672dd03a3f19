// Whole frames into an output buffer. Each frame is measured first, so header and body go into one span without a second
// look at the header. The server's answers and the client's requests pass here and nowhere else.
using System.Buffers;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Frames;

/// <summary>Writes frames. Not thread-safe: the caller owns the output while it writes.</summary>
public static class FrameWriter
{
    /// <summary>Writes a request.</summary>
    /// <returns>Bytes of the frame.</returns>
    /// <exception cref="OverflowException">The frame would not fit into 2 GiB.</exception>
    public static int WriteRequest<T>(
        IBufferWriter<byte> output, uint callNumber, RpcFunction function, in T arguments,
        StructPackFlavour flavour = StructPackFlavour.Plain)
        where T : struct, IWireWritable
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(function);
        var type = function.Arguments;
        var size = type is null ? default : StructPackMessage.Measure(type, arguments, flavour);
        var frameBytes = checked(RequestHeader.Bytes + size.Bytes);
        var frame = output.GetSpan(frameBytes)[..frameBytes];
        new RequestHeader(callNumber, function.Id, (uint)size.Bytes).Write(frame);
        if (type is not null)
            StructPackMessage.Write(frame[RequestHeader.Bytes..], size, type, arguments, flavour);
        output.Advance(frameBytes);
        return frameBytes;
    }

    /// <summary>Writes the response to a call that was carried out; Mooncake's own errors are part of <paramref name="result"/>.</summary>
    /// <inheritdoc cref="WriteRequest"/>
    public static int WriteResponse<T>(
        IBufferWriter<byte> output, uint callNumber, MessageType type, in T result, StructPackFlavour flavour = StructPackFlavour.Plain)
        where T : struct, IWireWritable
        => WriteResponse(output, callNumber, RpcErrorCode.Ok, type, result, flavour);

    /// <summary>Writes the response to a call that was not carried out. Mooncake's clients close the connection when they see it.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="callNumber">The request's.</param>
    /// <param name="error">1 to 254.</param>
    /// <param name="text">What to tell the caller.</param>
    /// <param name="flavour">With or without the type's literal.</param>
    /// <returns>Bytes of the frame.</returns>
    public static int WriteError(
        IBufferWriter<byte> output, uint callNumber, RpcErrorCode error, string text, StructPackFlavour flavour = StructPackFlavour.Plain)
    {
        if (error is RpcErrorCode.Ok or RpcErrorCode.Extended)
            throw new ArgumentOutOfRangeException(nameof(error), error, "has a form of its own");
        return WriteResponse(output, callNumber, error, RpcErrorText.Type, new RpcErrorText(text), flavour);
    }

    /// <summary>Writes an application's error. Mooncake's clients keep the connection.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="callNumber">The request's.</param>
    /// <param name="code">256 and up.</param>
    /// <param name="text">What to tell the caller.</param>
    /// <param name="flavour">With or without the type's literal.</param>
    /// <returns>Bytes of the frame.</returns>
    public static int WriteExtendedError(
        IBufferWriter<byte> output, uint callNumber, ushort code, string text, StructPackFlavour flavour = StructPackFlavour.Plain)
        => WriteResponse(output, callNumber, RpcErrorCode.Extended, RpcExtendedError.Type, new RpcExtendedError(code, text), flavour);

    private static int WriteResponse<T>(
        IBufferWriter<byte> output, uint callNumber, RpcErrorCode error, MessageType type, in T body, StructPackFlavour flavour)
        where T : struct, IWireWritable
    {
        ArgumentNullException.ThrowIfNull(output);
        var size = StructPackMessage.Measure(type, body, flavour);
        var frameBytes = checked(ResponseHeader.Bytes + size.Bytes);
        var frame = output.GetSpan(frameBytes)[..frameBytes];
        new ResponseHeader(callNumber, error, (uint)size.Bytes).Write(frame);
        StructPackMessage.Write(frame[ResponseHeader.Bytes..], size, type, body, flavour);
        output.Advance(frameBytes);
        return frameBytes;
    }
}
