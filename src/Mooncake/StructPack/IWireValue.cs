// What every type that travels implements. Values know their members; the head, the widths and the type's hash are
// the business of StructPackMessage.
namespace HotStandby.Mooncake.StructPack;

/// <summary>Something that can be written as a message or as a part of one.</summary>
public interface IWireWritable
{
    /// <summary>Writes the members in wire order. Called twice per message; must write the same both times.</summary>
    void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct;
}

/// <summary>A value that can be read and written.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
public interface IWireValue<TSelf> : IWireWritable where TSelf : struct, IWireValue<TSelf>
{
    /// <summary>
    /// Least bytes one value takes on the wire. Bounds the length of a list before it is allocated; at least 1 for list items.
    /// </summary>
    static abstract int MinimumBytes { get; }

    /// <summary>
    /// Reads the members in wire order. Never throws: on bad input <see cref="StructPackReader.Failed"/> is set and the
    /// returned value means nothing. Byte strings in the value point into the message that is read.
    /// </summary>
    static abstract TSelf Read(ref StructPackReader reader);
}
