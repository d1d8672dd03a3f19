// How one function is served: its arguments become a call, and the settled call becomes the function's result. Made once at
// start-up by the families of functions beside this file; a connection finds it in FunctionTable and knows no function itself.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>A call, and why the door refuses it before anyone has seen it; Ok when it does not.</summary>
internal readonly record struct DecodedCall(MasterCall Call, ErrorCode Refusal)
{
    public static implicit operator DecodedCall(MasterCall call) => new(call, ErrorCode.Ok);
}

/// <summary>Makes the call of decoded arguments. The arguments point into the receive buffer: what the call keeps is copied.</summary>
internal delegate DecodedCall CallMaker<TRequest>(in TRequest request, IReplySink sink) where TRequest : struct;

/// <summary>Writes the result of a settled call.</summary>
internal delegate void AnswerWriter<TCall>(in AnswerFrame frame, TCall call) where TCall : MasterCall;

/// <summary>One function, whatever its types are.</summary>
internal abstract class ServedFunction
{
    /// <summary>Decodes a request's body.</summary>
    /// <returns>False when the arguments do not decode.</returns>
    public abstract bool TryDecode(RpcFunction function, ReadOnlyMemory<byte> body, IReplySink sink, out DecodedCall decoded);

    /// <summary>Writes the response to a settled call.</summary>
    public abstract void Write(in AnswerFrame frame, MasterCall call);
}

/// <summary>One function.</summary>
/// <typeparam name="TRequest">Its arguments.</typeparam>
/// <typeparam name="TCall">The call that they make.</typeparam>
internal sealed class ServedFunction<TRequest, TCall>(CallMaker<TRequest> make, AnswerWriter<TCall> write) : ServedFunction
    where TRequest : struct, IWireValue<TRequest>
    where TCall : MasterCall
{
    public override bool TryDecode(RpcFunction function, ReadOnlyMemory<byte> body, IReplySink sink, out DecodedCall decoded)
    {
        TRequest request = default;
        if (function.Arguments is { } type && !StructPackMessage.TryRead(body, type, out request))
        {
            decoded = default;
            return false;
        }

        decoded = make(request, sink);
        return true;
    }

    public override void Write(in AnswerFrame frame, MasterCall call) => write(frame, (TCall)call);
}
