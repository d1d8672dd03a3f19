// The 20 bytes before a request's body. Pure layout; what is done about a bad one is decided in FrameReader.
using System.Buffers.Binary;

namespace HotStandby.Mooncake.Frames;

/// <summary>A request's header.</summary>
/// <param name="CallNumber">Chosen by the client, echoed in the response (seq_num on the wire).</param>
/// <param name="FunctionId">Which function: <see cref="Generations.RpcFunction.Id"/>.</param>
/// <param name="BodyBytes">Bytes of the body that follows.</param>
/// <param name="AttachmentBytes">Bytes after the body that nobody reads; 0 for every call of Mooncake's.</param>
public readonly record struct RequestHeader(uint CallNumber, uint FunctionId, uint BodyBytes, uint AttachmentBytes = 0)
{
    /// <summary>Bytes of the header.</summary>
    public const int Bytes = 20;

    /// <summary>The first byte of every frame.</summary>
    public const byte Magic = 21;

    /// <summary>The only protocol version.</summary>
    public const byte Version = 0;

    private const byte StructPack = 0;

    /// <summary>Reads a header.</summary>
    /// <param name="source">At least <see cref="Bytes"/> bytes.</param>
    /// <param name="header">The header, or nothing of meaning.</param>
    /// <returns>False when it is of another protocol, version or serialization: such a connection is closed without an answer.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out RequestHeader header)
    {
        header = new(
            BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[16..]));
        return source[0] == Magic && source[1] == Version && source[2] == StructPack;
    }

    /// <summary>Writes the header into the first <see cref="Bytes"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[0] = Magic;
        destination[1] = Version;
        destination[2] = StructPack;
        destination[3] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], CallNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], FunctionId);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], BodyBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], AttachmentBytes);
    }
}
