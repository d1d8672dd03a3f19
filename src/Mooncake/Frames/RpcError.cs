// The two bodies that a refused call can have: a text (codes 1 to 254), or a code of the application and a text (255).
using System.Text;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Frames;

/// <summary>Why a call was refused by the RPC layer.</summary>
/// <param name="Code">From the response's header; never <see cref="RpcErrorCode.Ok"/>.</param>
/// <param name="ExtendedCode">The application's code, when <paramref name="Code"/> is <see cref="RpcErrorCode.Extended"/>; else 0.</param>
/// <param name="Text">What the server says; empty when it cannot be read.</param>
public readonly record struct RpcError(RpcErrorCode Code, ushort ExtendedCode, string Text)
{
    /// <summary>The text Mooncake's servers send with <see cref="RpcErrorCode.InvalidArguments"/>.</summary>
    public const string InvalidArgumentsText = "invalid rpc arg";

    /// <summary>The text Mooncake's servers send with <see cref="RpcErrorCode.FunctionNotRegistered"/>.</summary>
    public const string FunctionNotRegisteredText = "the rpc function not registered";

    /// <summary>Reads the body of a response whose header carries an error. A body that does not decode costs only the text.</summary>
    public static RpcError Read(RpcErrorCode code, ReadOnlyMemory<byte> body)
    {
        if (code == RpcErrorCode.Extended)
            return StructPackMessage.TryRead<RpcExtendedError>(body, RpcExtendedError.Type, out var extended)
                ? new(code, extended.Code, extended.Text)
                : new(code, 0, "");
        return StructPackMessage.TryRead<RpcErrorText>(body, RpcErrorText.Type, out var error)
            ? new(code, 0, error.Text) : new(code, 0, "");
    }
}

/// <summary>The body of an error 1 to 254: a string.</summary>
internal readonly record struct RpcErrorText(string Text) : IWireValue<RpcErrorText>
{
    public static readonly MessageType Type = new([0x80, 0x0c]);

    public static int MinimumBytes => 1;

    public static RpcErrorText Read(ref StructPackReader reader) => new(Encoding.UTF8.GetString(reader.ReadBytes().Span));

    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct => sink.WriteText(Text);
}

/// <summary>The body of an error 255: a code and a string.</summary>
internal readonly record struct RpcExtendedError(ushort Code, string Text) : IWireValue<RpcExtendedError>
{
    public static readonly MessageType Type = new([0xfd, 0x08, 0x80, 0x0c, 0xff]);

    public static int MinimumBytes => 3;

    public static RpcExtendedError Read(ref StructPackReader reader) =>
        new(reader.ReadUInt16(), Encoding.UTF8.GetString(reader.ReadBytes().Span));

    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUInt16(Code);
        sink.WriteText(Text);
    }
}
