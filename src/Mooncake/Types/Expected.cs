// What Mooncake's functions answer: a value or an error code. The three smallest value types stand beside it.
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Types;

/// <summary>A value, or why there is none.</summary>
/// <typeparam name="T">The value's type.</typeparam>
public readonly record struct Expected<T> : IWireValue<Expected<T>> where T : struct, IWireValue<T>
{
    private readonly T _value;

    private Expected(bool isOk, T value, ErrorCode error) => (IsOk, _value, Error) = (isOk, value, error);

    /// <inheritdoc/>
    static int IWireValue<Expected<T>>.MinimumBytes => 1 + Math.Min(T.MinimumBytes, sizeof(int));

    /// <summary>True when there is a value.</summary>
    public bool IsOk { get; }

    /// <summary>Why there is no value; <see cref="ErrorCode.Ok"/> when there is one. May be a code this project has no name for.</summary>
    public ErrorCode Error { get; }

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public T Value => IsOk ? _value : throw new InvalidOperationException($"the call answered {Error}");

    /// <summary>A value.</summary>
    public static implicit operator Expected<T>(T value) => new(true, value, ErrorCode.Ok);

    /// <summary>An error.</summary>
    public static implicit operator Expected<T>(ErrorCode error) => new(false, default, error);

    /// <inheritdoc/>
    static Expected<T> IWireValue<Expected<T>>.Read(ref StructPackReader reader) =>
        reader.ReadBool() ? T.Read(ref reader) : (ErrorCode)reader.ReadInt32();

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBool(IsOk);
        if (IsOk)
            _value.Write(ref sink);
        else
            sink.WriteInt32((int)Error);
    }

    /// <inheritdoc/>
    public override string ToString() => IsOk ? $"{_value}" : $"{Error}";
}

/// <summary>The value of a call that answers nothing but success.</summary>
public readonly record struct Nothing : IWireValue<Nothing>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 0;

    /// <inheritdoc/>
    public static Nothing Read(ref StructPackReader reader) => default;

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
    }
}

/// <summary>A yes or no.</summary>
/// <param name="Value">Yes?</param>
public readonly record struct WireBool(bool Value) : IWireValue<WireBool>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 1;

    /// <inheritdoc/>
    public static WireBool Read(ref StructPackReader reader) => new(reader.ReadBool());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct => sink.WriteBool(Value);
}
