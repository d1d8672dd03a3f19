// Payloads of the entries that say who votes, and which life votes under a name: EPOCH_START, VOTER_RETURNED and VOTERS_CHANGED. A roll is
// also what a truncation keeps and what a full sync brings. Rare: written and read with a cursor.
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using HotStandby.Messages.Identity;

namespace HotStandby.Messages.OpLog;

/// <summary>The memory that votes under a name.</summary>
/// <param name="Node">The name.</param>
/// <param name="Memory">0: no entry names one. Only in a roll that is a list.</param>
public readonly record struct NamedVoter(NodeId Node, ulong Memory);

/// <summary>
/// EPOCH_START, VOTERS_CHANGED, and the state of a log at some seq: birth 8, count 1, then each name (length 1, UTF-8), its memory 8. The
/// highest bit of the count says that this is a list. An EPOCH_START of an earlier version is empty and names no voter.
/// </summary>
/// <param name="Birth">The identity of the cluster; 0: not born yet.</param>
/// <param name="Voters">Which memory votes under which name. A voter that is not in it is not named.</param>
/// <param name="IsList">
/// True: these nodes are the voters, and no others. False: the founding list is in force. Earlier versions cannot read a list, and stop.
/// </param>
public sealed record VoterRoll(ulong Birth, IReadOnlyList<NamedVoter> Voters, bool IsList = false)
{
    /// <summary>No voter is named.</summary>
    public static readonly VoterRoll Empty = new(0, []);

    /// <summary>Most voters of a roll.</summary>
    public const int MaximumVoters = ListBit - 1;

    private const byte ListBit = 0x80;
    private const int FixedBytes = 9;
    private const int MemoryBytes = 8;

    /// <summary>Length of the encoded form.</summary>
    public int EncodedBytes => FixedBytes + Voters.Sum(static voter => 1 + Encoding.UTF8.GetByteCount(voter.Node.Name) + MemoryBytes);

    /// <summary>Writes the encoded form.</summary>
    /// <param name="to">At least <see cref="EncodedBytes"/>.</param>
    /// <exception cref="OverflowException">More voters than <see cref="MaximumVoters"/>, or a name longer than 255 bytes.</exception>
    public void WriteTo(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, Birth);
        to[8] = (byte)(checked((byte)(sbyte)Voters.Count) | (IsList ? ListBit : 0));
        to = to[FixedBytes..];
        foreach (var voter in Voters)
        {
            var length = Encoding.UTF8.GetBytes(voter.Node.Name, to[1..]);
            to[0] = checked((byte)length);
            BinaryPrimitives.WriteUInt64LittleEndian(to[(1 + length)..], voter.Memory);
            to = to[(1 + length + MemoryBytes)..];
        }
    }

    /// <summary>The encoded form.</summary>
    public byte[] Encode()
    {
        var bytes = new byte[EncodedBytes];
        WriteTo(bytes);
        return bytes;
    }

    /// <summary>Reads it; false when its bounds or values are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out VoterRoll roll) =>
        TryRead(bytes, out roll, out var length) && length == bytes.Length;

    /// <summary>Reads the roll that bytes begin with; false when its bounds or values are impossible.</summary>
    /// <param name="bytes">A roll, and perhaps more.</param>
    /// <param name="roll">The roll.</param>
    /// <param name="length">How many bytes it takes.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out VoterRoll roll, out int length)
    {
        (roll, length) = (Empty, FixedBytes);
        if (bytes.Length < FixedBytes)
            return false;
        var isList = (bytes[8] & ListBit) != 0;
        var count = bytes[8] & MaximumVoters;
        if (bytes.Length - FixedBytes < count * (1 + MemoryBytes))
            return false;
        var voters = count == 0 ? [] : new NamedVoter[count];
        for (var i = 0; i < count; i++)
        {
            var rest = bytes[length..];
            if (rest.IsEmpty || rest.Length < 1 + rest[0] + MemoryBytes || !Utf8.IsValid(rest.Slice(1, rest[0])))
                return false;
            var name = new NodeId(Encoding.UTF8.GetString(rest.Slice(1, rest[0])));
            voters[i] = new NamedVoter(name, BinaryPrimitives.ReadUInt64LittleEndian(rest[(1 + rest[0])..]));
            if ((voters[i].Memory == 0 && !isList) || voters[i].Node == NodeId.None)
                return false;
            length += 1 + rest[0] + MemoryBytes;
        }

        roll = new VoterRoll(BinaryPrimitives.ReadUInt64LittleEndian(bytes), voters, isList);
        return true;
    }
}

/// <summary>VOTER_RETURNED: incarnation 8, memory 8. One of an earlier version has no memory and takes no vote.</summary>
/// <param name="Life">The life that was welcomed; its memory votes from now on, and no other of the entry's key.</param>
public readonly record struct VoterReturnedPayload(Life Life)
{
    /// <summary>Length of the encoded form.</summary>
    public const int EncodedBytes = 16;

    /// <summary>Writes the encoded form.</summary>
    public void WriteTo(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, Life.Incarnation);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Life.Memory);
    }

    /// <summary>Reads it; false when its bounds are impossible. One of an earlier version has memory 0.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out VoterReturnedPayload payload)
    {
        payload = default;
        if (bytes.Length is not (sizeof(ulong) or EncodedBytes))
            return false;
        var memory = bytes.Length == EncodedBytes ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) : 0;
        payload = new(new Life(memory, BinaryPrimitives.ReadUInt64LittleEndian(bytes)));
        return true;
    }
}
