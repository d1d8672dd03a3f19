// The 16 bytes before a response's body.
using System.Buffers.Binary;

namespace HotStandby.Mooncake.Frames;

/// <summary>A response's header.</summary>
/// <param name="CallNumber">The request's.</param>
/// <param name="Error">Whether the body is a result, an error's text, or an extended error.</param>
/// <param name="BodyBytes">Bytes of the body that follows.</param>
/// <param name="AttachmentBytes">Bytes after the body that nobody reads; 0 here.</param>
public readonly record struct ResponseHeader(uint CallNumber, RpcErrorCode Error, uint BodyBytes, uint AttachmentBytes = 0)
{
    /// <summary>Bytes of the header.</summary>
    public const int Bytes = 16;

    /// <summary>Reads a header.</summary>
    /// <param name="source">At least <see cref="Bytes"/> bytes.</param>
    /// <param name="header">The header, or nothing of meaning.</param>
    /// <returns>False when it is of another protocol or version.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out ResponseHeader header)
    {
        header = new(
            BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
            (RpcErrorCode)source[2],
            BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[12..]));
        return source[0] == RequestHeader.Magic && source[1] == RequestHeader.Version;
    }

    /// <summary>Writes the header into the first <see cref="Bytes"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[0] = RequestHeader.Magic;
        destination[1] = RequestHeader.Version;
        destination[2] = (byte)Error;
        destination[3] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], CallNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], BodyBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], AttachmentBytes);
    }
}
