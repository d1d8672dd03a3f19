using System.IO.Pipelines;
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>The response that is due to one request.</summary>
/// <param name="Output">Where it goes.</param>
/// <param name="CallNumber">The request's.</param>
/// <param name="Type">The function's result, in the generation of the port.</param>
/// <param name="Gateway">For what the door answers by itself.</param>
internal readonly record struct AnswerFrame(PipeWriter Output, uint CallNumber, MessageType Type, IMasterGateway Gateway)
{
    /// <summary>Writes a result.</summary>
    public void Send<T>(in T result) where T : struct, IWireWritable => FrameWriter.WriteResponse(Output, CallNumber, Type, result);

    /// <summary>Writes an error, or the value when there is none.</summary>
    public void Send<T>(ErrorCode error, T value) where T : struct, IWireValue<T> =>
        Send(error == ErrorCode.Ok ? value : (Expected<T>)error);

    /// <summary>Writes an error, or success when there is none.</summary>
    public void Send(ErrorCode error) => Send(error, default(Nothing));

    /// <summary>Writes what only a node that serves may say: an error, or the value when there is none.</summary>
    public void SendIfServing<T>(ErrorCode error, T value) where T : struct, IWireValue<T> =>
        Send(Gateway.Service == ServiceState.Serving ? error : ErrorCode.UnavailableInCurrentMode, value);
}
