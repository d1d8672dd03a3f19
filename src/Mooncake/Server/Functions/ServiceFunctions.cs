// The functions about the service itself. No partition is asked: liveness is never behind a queue of work.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>ServiceReady, GetFsdir, GetStorageConfig and Ping.</summary>
internal static class ServiceFunctions
{
    public static void AddTo(FunctionTable table)
    {
        Add<ServiceReadyRequest, ByteString>(table, Rpc.ServiceReady, RpcTable.StoreProtocolVersion);
        Add<GetFsdirRequest, ByteString>(table, Rpc.GetFsdir, ByteString.Empty);
        Add<GetStorageConfigRequest, StorageConfig>(table, Rpc.GetStorageConfig, new StorageConfig(ByteString.Empty, true, 0));
        table.Add<PingRequest, DoorCall>(
            Rpc.Ping, static (in PingRequest request, IReplySink sink) => new DoorCall(sink, request.Client), WritePing);
    }

    private static void Add<TRequest, TValue>(FunctionTable table, Rpc rpc, TValue value)
        where TRequest : struct, IWireValue<TRequest>
        where TValue : struct, IWireValue<TValue>
        => table.Add<TRequest, DoorCall>(
            rpc, static (in TRequest _, IReplySink sink) => new DoorCall(sink),
            (in AnswerFrame frame, DoorCall _) => frame.SendIfServing(ErrorCode.Ok, value));

    private static void WritePing(in AnswerFrame frame, DoorCall call)
    {
        if (frame.Gateway.Ping(call.Client) is { } status)
            frame.Send(ErrorCode.Ok, new PingResponse((long)frame.Gateway.Epoch, status));
        else
            frame.Send(ErrorCode.UnavailableInCurrentMode, default(PingResponse));
    }
}
