// The calls this project speaks, each with its codec behind one face, so that a test can say "for every call".
using System.Buffers;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Doubles;

/// <summary>A decoded body: how it reads, and how it looks when it is sent again.</summary>
public sealed record Decoded(string Meaning, Func<uint, StructPackFlavour, byte[]> Encode);

/// <summary>Decodes bodies of one call; null for a body that is refused.</summary>
public sealed record CallCodec(
    Func<ReadOnlyMemory<byte>, Decoded?> Request, Func<ReadOnlyMemory<byte>, Decoded?> Response,
    Func<ReadOnlyMemory<byte>, bool> TryRequest, Func<ReadOnlyMemory<byte>, bool> TryResponse)
{
    /// <summary>Decodes and forgets: allocates only what the decoder allocates.</summary>
    public bool TryDecode(bool isRequest, ReadOnlyMemory<byte> body) => isRequest ? TryRequest(body) : TryResponse(body);

    public Decoded? Decode(GoldenFrame frame) => Decode(frame.IsRequest, Body(frame));

    public Decoded? Decode(bool isRequest, ReadOnlyMemory<byte> body) => isRequest ? Request(body) : Response(body);

    public static ReadOnlyMemory<byte> Body(GoldenFrame frame) =>
        frame.Bytes.AsMemory(frame.IsRequest ? RequestHeader.Bytes : ResponseHeader.Bytes);
}

public static class CallCatalog
{
    /// <summary>Every function that is offered, as the newest generation has it.</summary>
    public static IReadOnlyDictionary<Rpc, CallCodec> Newest { get; } = All(RpcTable.Newest);

    /// <summary>Every function that is offered, as the generation before has it.</summary>
    public static IReadOnlyDictionary<Rpc, CallCodec> Previous { get; } = All(RpcTable.Previous);

    public static CallCodec Of(GoldenFrame frame) =>
        (frame.Generation == Generation.Newest ? Newest : Previous)[Enum.Parse<Rpc>(frame.Function)];

    private static Dictionary<Rpc, CallCodec> All(RpcTable table) => new(
    [
        Codec<ServiceReadyRequest, Expected<ByteString>>(table, Rpc.ServiceReady),
        Codec<GetFsdirRequest, Expected<ByteString>>(table, Rpc.GetFsdir),
        Codec<GetStorageConfigRequest, Expected<StorageConfig>>(table, Rpc.GetStorageConfig),
        Codec<PingRequest, Expected<PingResponse>>(table, Rpc.Ping),
        Codec<ExistKeyRequest, Expected<WireBool>>(table, Rpc.ExistKey),
        Codec<BatchExistKeyRequest, WireList<Expected<WireBool>>>(table, Rpc.BatchExistKey),
        Codec<GetReplicaListRequest, Expected<ReplicaListResponse>>(table, Rpc.GetReplicaList),
        Codec<BatchGetReplicaListRequest, WireList<Expected<ReplicaListResponse>>>(table, Rpc.BatchGetReplicaList),
        Codec<ExistKeyRequest, Expected<WireList<WirePair<ByteString, WireList<WireReplica>>>>>(table, Rpc.GetReplicaListByRegex),
        Codec<PutStartRequest, Expected<WireList<WireReplica>>>(table, Rpc.PutStart),
        Codec<PutEndRequest, Expected<Nothing>>(table, Rpc.PutEnd),
        Codec<PutRevokeRequest, Expected<Nothing>>(table, Rpc.PutRevoke),
        Codec<BatchPutStartRequest, WireList<Expected<WireList<WireReplica>>>>(table, Rpc.BatchPutStart),
        Codec<BatchPutEndRequest, WireList<Expected<Nothing>>>(table, Rpc.BatchPutEnd),
        Codec<BatchPutRevokeRequest, WireList<Expected<Nothing>>>(table, Rpc.BatchPutRevoke),
        Codec<PutStartRequest, Expected<WireList<WireReplica>>>(table, Rpc.UpsertStart),
        Codec<PutEndRequest, Expected<Nothing>>(table, Rpc.UpsertEnd),
        Codec<PutRevokeRequest, Expected<Nothing>>(table, Rpc.UpsertRevoke),
        Codec<BatchPutStartRequest, WireList<Expected<WireList<WireReplica>>>>(table, Rpc.BatchUpsertStart),
        Codec<BatchUpsertEndRequest, WireList<Expected<Nothing>>>(table, Rpc.BatchUpsertEnd),
        Codec<BatchUpsertRevokeRequest, WireList<Expected<Nothing>>>(table, Rpc.BatchUpsertRevoke),
        Codec<RemoveRequest, Expected<Nothing>>(table, Rpc.Remove),
        Codec<BatchRemoveRequest, WireList<Expected<Nothing>>>(table, Rpc.BatchRemove),
        Codec<RemoveRequest, Expected<WireInt64>>(table, Rpc.RemoveByRegex),
        Codec<RemoveAllRequest, WireInt64>(table, Rpc.RemoveAll),
        Codec<ReplicaClearRequest, Expected<WireList<ByteString>>>(table, Rpc.BatchReplicaClear),
        Codec<MountSegmentRequest, Expected<Nothing>>(table, Rpc.MountSegment),
        Codec<ReMountSegmentRequest, Expected<Nothing>>(table, Rpc.ReMountSegment),
        Codec<UnmountSegmentRequest, Expected<Nothing>>(table, Rpc.UnmountSegment),
        Codec<GracefulUnmountSegmentRequest, Expected<Nothing>>(table, Rpc.GracefulUnmountSegment),
        Codec<ByteString, Expected<WireInt32>>(table, Rpc.QuerySegmentStatus),
        Codec<WireUuid, Expected<WireInt32>>(table, Rpc.QuerySegmentStatusById),
        Codec<QueryIpRequest, Expected<WireList<WirePair<WireUuid, WireList<ByteString>>>>>(table, Rpc.BatchQueryIp),
        Codec<CopyStartRequest, Expected<CopyStartResponse>>(table, Rpc.CopyStart),
        Codec<MoveStartRequest, Expected<MoveStartResponse>>(table, Rpc.MoveStart),
        Codec<TransferRequest, Expected<Nothing>>(table, Rpc.CopyEnd),
        Codec<TransferRequest, Expected<Nothing>>(table, Rpc.CopyRevoke),
        Codec<TransferRequest, Expected<Nothing>>(table, Rpc.MoveEnd),
        Codec<TransferRequest, Expected<Nothing>>(table, Rpc.MoveRevoke),
        Codec<CreateCopyTaskRequest, Expected<WireUuid>>(table, Rpc.CreateCopyTask),
        Codec<CreateMoveTaskRequest, Expected<WireUuid>>(table, Rpc.CreateMoveTask),
        Codec<WireUuid, Expected<TaskReport>>(table, Rpc.QueryTask),
        Codec<FetchTasksRequest, Expected<WireList<TaskAssignment>>>(table, Rpc.FetchTasks),
        Codec<CompleteTaskRequest, Expected<Nothing>>(table, Rpc.MarkTaskToComplete),
        Codec<EvictDiskRequest, Expected<Nothing>>(table, Rpc.EvictDiskReplica),
        Codec<BatchEvictDiskRequest, WireList<Expected<Nothing>>>(table, Rpc.BatchEvictDiskReplica),
        Codec<TransferRequest, Expected<Nothing>>(table, Rpc.NotifyPromotionFailure),
        Codec<OffloadReport, Expected<Nothing>>(table, Rpc.NotifyOffloadSuccess),
        Codec<Nothing, Expected<WireList<NofSegment>>>(table, Rpc.GetAllNoFSegments),
    ]);

    public static byte[] EncodeRequest<T>(uint callNumber, Rpc rpc, T value, StructPackFlavour flavour) where T : struct, IWireWritable =>
        EncodeRequest(RpcTable.Newest[rpc], callNumber, value, flavour);

    public static byte[] EncodeResponse<T>(uint callNumber, Rpc rpc, T value, StructPackFlavour flavour) where T : struct, IWireWritable =>
        EncodeResponse(RpcTable.Newest[rpc], callNumber, value, flavour);

    private static byte[] EncodeRequest<T>(RpcFunction function, uint callNumber, T value, StructPackFlavour flavour)
        where T : struct, IWireWritable
    {
        var output = new ArrayBufferWriter<byte>();
        FrameWriter.WriteRequest(output, callNumber, function, value, flavour);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] EncodeResponse<T>(RpcFunction function, uint callNumber, T value, StructPackFlavour flavour)
        where T : struct, IWireWritable
    {
        var output = new ArrayBufferWriter<byte>();
        FrameWriter.WriteResponse(output, callNumber, function.Result, value, flavour);
        return output.WrittenSpan.ToArray();
    }

    private static KeyValuePair<Rpc, CallCodec> Codec<TRequest, TResponse>(RpcTable table, Rpc rpc)
        where TRequest : struct, IWireValue<TRequest>
        where TResponse : struct, IWireValue<TResponse>
    {
        var function = table[rpc];
        return new(rpc, new CallCodec(
            body => function.Arguments is null
                ? new Decoded("{}", (number, flavour) => EncodeRequest(function, number, default(TRequest), flavour))
                : Decode<TRequest>(body, function.Arguments, (value, number, flavour) => EncodeRequest(function, number, value, flavour)),
            body => Decode<TResponse>(body, function.Result, (value, number, flavour) => EncodeResponse(function, number, value, flavour)),
            body => function.Arguments is null || StructPackMessage.TryRead<TRequest>(body, function.Arguments, out _),
            body => StructPackMessage.TryRead<TResponse>(body, function.Result, out _)));
    }

    private static Decoded? Decode<T>(ReadOnlyMemory<byte> body, MessageType type, Func<T, uint, StructPackFlavour, byte[]> encode)
        where T : struct, IWireValue<T>
        => StructPackMessage.TryRead<T>(body, type, out var value)
            ? new Decoded(WireText.Of(value), (number, flavour) => encode(value, number, flavour))
            : null;
}
