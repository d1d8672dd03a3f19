// Whole messages: head and payload. The frame codec and the tests come here; values themselves never see a head.
using System.Buffers.Binary;

namespace HotStandby.Mooncake.StructPack;

/// <summary>The exact size of a message, known before its first byte is written.</summary>
/// <param name="Bytes">Head and payload.</param>
/// <param name="CountWidth">1, 2 or 4: bytes of every count in it.</param>
public readonly record struct MessageSize(int Bytes, int CountWidth);

/// <summary>Reads and writes complete struct_pack messages.</summary>
public static class StructPackMessage
{
    private const byte LiteralFlag = 0b0000_0100;

    /// <summary>First pass: how many bytes the message will take.</summary>
    /// <exception cref="OverflowException">It would not fit into 2 GiB.</exception>
    public static MessageSize Measure<T>(MessageType type, in T value, StructPackFlavour flavour) where T : struct, IWireWritable
    {
        ArgumentNullException.ThrowIfNull(type);
        var measure = new StructPackMeasure(type.Generation);
        value.Write(ref measure);
        var width = measure.CountWidth;
        return new(checked((int)(HeadBytes(type, width, flavour) + measure.PayloadBytes)), width);
    }

    /// <summary>Second pass: writes the message.</summary>
    /// <param name="destination">Exactly <see cref="MessageSize.Bytes"/> long.</param>
    /// <param name="size">What <see cref="Measure"/> said of the same value.</param>
    /// <param name="type">The message's type.</param>
    /// <param name="value">The value.</param>
    /// <param name="flavour">With or without the type's literal.</param>
    public static void Write<T>(Span<byte> destination, MessageSize size, MessageType type, in T value, StructPackFlavour flavour)
        where T : struct, IWireWritable
    {
        ArgumentNullException.ThrowIfNull(type);
        var head = WriteHead(destination, type, size.CountWidth, flavour);
        var writer = new StructPackWriter(destination[head..], size.CountWidth, type.Generation);
        value.Write(ref writer);
        if (head + writer.Written != size.Bytes)
            throw new InvalidOperationException($"a message measured as {size.Bytes} bytes took {head + writer.Written}");
    }

    /// <summary>Reads a message. Bytes after the value are ignored.</summary>
    /// <param name="message">The whole message; byte strings of the value point into it.</param>
    /// <param name="type">What it must be.</param>
    /// <param name="value">The value, or nothing of meaning.</param>
    /// <returns>False when the message is truncated, of another type or otherwise bad.</returns>
    public static bool TryRead<T>(ReadOnlyMemory<byte> message, MessageType type, out T value) where T : struct, IWireValue<T>
    {
        var reader = new StructPackReader(message);
        reader.ReadHead(type);
        value = reader.Failed ? default : T.Read(ref reader);
        return !reader.Failed;
    }

    private static int HeadBytes(MessageType type, int width, StructPackFlavour flavour)
    {
        if (flavour == StructPackFlavour.Literal)
            return sizeof(uint) + 1 + type.Literal.Length + 1;
        return width == 1 ? sizeof(uint) : sizeof(uint) + 1;
    }

    private static int WriteHead(Span<byte> destination, MessageType type, int width, StructPackFlavour flavour)
    {
        var widthBits = width switch { 1 => 0, 2 => 1, _ => 2 } << 3;
        if (flavour == StructPackFlavour.Literal)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination, type.Hash | 1);
            destination[4] = (byte)(LiteralFlag | widthBits);
            type.Literal.CopyTo(destination[5..]);
            destination[5 + type.Literal.Length] = 0;
        }
        else if (width == 1)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination, type.Hash);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination, type.Hash | 1);
            destination[4] = (byte)widthBits;
        }
        return HeadBytes(type, width, flavour);
    }
}
