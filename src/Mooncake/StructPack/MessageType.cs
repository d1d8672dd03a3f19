// The identity of a message's type: its literal and the hash of it. Built at start-up by RpcTable, compared for every message.
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace HotStandby.Mooncake.StructPack;

/// <summary>A struct_pack type as it is named on the wire.</summary>
public sealed class MessageType
{
    private readonly byte[] _literal;

    /// <summary>Takes ownership of a type literal (without its closing NUL).</summary>
    public MessageType(byte[] literal, Generation generation = Generation.Newest)
    {
        ArgumentNullException.ThrowIfNull(literal);
        _literal = literal;
        Hash = Digest(literal) & ~1u;
        Generation = generation;
    }

    /// <summary>The literal's bytes, without the NUL that ends it on the wire.</summary>
    public ReadOnlySpan<byte> Literal => _literal;

    /// <summary>The type's hash with bit 0 cleared; on the wire bit 0 says that a meta byte follows.</summary>
    public uint Hash { get; }

    /// <summary>Whose members a message of this type has.</summary>
    public Generation Generation { get; }

    /// <summary>The first four bytes of the MD5 of something, read big-endian: the rule for type hashes and function ids.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "The protocol names types by their MD5; it protects nothing.")]
    public static uint Digest(ReadOnlySpan<byte> content)
    {
        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
        MD5.HashData(content, digest);
        return BinaryPrimitives.ReadUInt32BigEndian(digest);
    }
}
