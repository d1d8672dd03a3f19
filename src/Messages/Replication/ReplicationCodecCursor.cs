// The two ends of ReplicationCodec: a cursor that reads and one that writes, little-endian. The reading one looks at the
// bounds before every read and never throws: after the first fault it yields zeros, and the fault is its Problem.
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Messages.Replication;

internal ref struct ReplicationReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;

    /// <summary>The first fault; empty while there is none.</summary>
    public string Problem { get; set; } = "";

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    public readonly int Remaining => _source.Length - Position;

    public byte ReadByte() => TryTake(1, out var bytes) ? bytes[0] : default;

    public ushort ReadUInt16() => TryTake(2, out var bytes) ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : default;

    public uint ReadUInt32() => TryTake(4, out var bytes) ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : default;

    public ulong ReadUInt64() => TryTake(8, out var bytes) ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : default;

    public long ReadInt64() => TryTake(8, out var bytes) ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : default;

    public bool ReadBoolean() => ReadEnumeration(0, 1, "a truth value") == 1;

    /// <summary>One byte that must lie within the given values, so that nobody meets an enum value that has no name.</summary>
    public byte ReadEnumeration(byte smallest, byte largest, string what)
    {
        var value = ReadByte();
        if (value < smallest || value > largest)
            Fail($"{value} is not {what}");
        return value;
    }

    public NodeId ReadNode()
    {
        if (!TryTake(ReadByte(), out var name))
            return NodeId.None;
        if (Utf8.IsValid(name))
            return new NodeId(Encoding.UTF8.GetString(name));
        Fail("the sender's name is not UTF-8");
        return NodeId.None;
    }

    public Life ReadLife() => new(Memory: ReadUInt64(), Incarnation: ReadUInt64());

    public VoterRoll ReadRoll()
    {
        if (Problem.Length == 0 && VoterRoll.TryRead(_source[Position..], out var roll, out var length))
        {
            Position += length;
            return roll;
        }

        Fail("the list of voters is damaged");
        return VoterRoll.Empty;
    }

    /// <summary>Allocates only after the announced number of places has been found in the bytes.</summary>
    public EpochEnd[] ReadEpochEnds()
    {
        var count = ReadUInt16();
        if (!TryTake(count * ReplicationCodec.EpochEndBytes, out var bytes) || count == 0)
            return [];
        var ends = new EpochEnd[count];
        for (var i = 0; i < count; i++, bytes = bytes[ReplicationCodec.EpochEndBytes..])
            ends[i] = new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
        return ends;
    }

    /// <summary>Passes over bytes that are read in place.</summary>
    public bool TrySkip(uint count) => TryTake(count, out _);

    public void Fail(string problem)
    {
        if (Problem.Length == 0)
            Problem = problem;
    }

    private bool TryTake(long count, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (Problem.Length > 0)
            return false;
        if (Remaining < count)
        {
            Fail($"the message ends at byte {_source.Length}, where {count} bytes from byte {Position} on are needed");
            return false;
        }

        bytes = _source.Slice(Position, (int)count);
        Position += (int)count;
        return true;
    }
}

/// <summary>Writes into an array that was measured before; so it checks nothing.</summary>
internal ref struct ReplicationWriter(Span<byte> to)
{
    private Span<byte> _rest = to;

    public void Write(byte value)
    {
        _rest[0] = value;
        _rest = _rest[1..];
    }

    public void Write(bool value) => Write(value ? (byte)1 : (byte)0);

    public void Write(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_rest, value);
        _rest = _rest[2..];
    }

    public void Write(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_rest, value);
        _rest = _rest[4..];
    }

    public void Write(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_rest, value);
        _rest = _rest[8..];
    }

    public void Write(long value) => Write((ulong)value);

    public void Write(NodeId node)
    {
        var length = Encoding.UTF8.GetBytes(node.Name ?? "", _rest[1..]);
        _rest[0] = (byte)length;
        _rest = _rest[(1 + length)..];
    }

    public void Write(Life life)
    {
        Write(life.Memory);
        Write(life.Incarnation);
    }

    public void Write(VoterRoll roll)
    {
        roll.WriteTo(_rest);
        _rest = _rest[roll.EncodedBytes..];
    }

    public void Write(ReadOnlySpan<EpochEnd> ends)
    {
        Write((ushort)ends.Length);
        foreach (var end in ends)
        {
            Write(end.Epoch);
            Write(end.LastSequence);
        }
    }

    /// <summary>Length, then the bytes: the only copy of a batch on its way out.</summary>
    public void WriteBatch(ReadOnlySpan<byte> encodedBatch)
    {
        Write((uint)encodedBatch.Length);
        encodedBatch.CopyTo(_rest);
        _rest = _rest[encodedBatch.Length..];
    }
}
