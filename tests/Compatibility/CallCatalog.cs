// The calls this project speaks, each with its codec behind one face, so that a test can say "for every call".
using System.Buffers;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;
using HotStandby.Tests.Compatibility.Golden;

namespace HotStandby.Tests.Compatibility;

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
    public static IReadOnlyDictionary<Rpc, CallCodec> Codecs { get; } = new Dictionary<Rpc, CallCodec>(
    [
        Codec<ServiceReadyRequest, Expected<ByteString>>(),
        Codec<GetFsdirRequest, Expected<ByteString>>(),
        Codec<GetStorageConfigRequest, Expected<StorageConfig>>(),
        Codec<PingRequest, Expected<PingResponse>>(),
        Codec<FetchTasksRequest, Expected<WireList<TaskAssignment>>>(),
        Codec<ExistKeyRequest, Expected<WireBool>>(),
        Codec<BatchExistKeyRequest, WireList<Expected<WireBool>>>(),
        Codec<GetReplicaListRequest, Expected<ReplicaListResponse>>(),
        Codec<BatchGetReplicaListRequest, WireList<Expected<ReplicaListResponse>>>(),
        Codec<PutStartRequest, Expected<WireList<WireReplica>>>(),
        Codec<PutEndRequest, Expected<Nothing>>(),
        Codec<PutRevokeRequest, Expected<Nothing>>(),
        Codec<BatchPutStartRequest, WireList<Expected<WireList<WireReplica>>>>(),
        Codec<BatchPutEndRequest, WireList<Expected<Nothing>>>(),
        Codec<BatchPutRevokeRequest, WireList<Expected<Nothing>>>(),
        Codec<RemoveRequest, Expected<Nothing>>(),
        Codec<BatchRemoveRequest, WireList<Expected<Nothing>>>(),
        Codec<MountSegmentRequest, Expected<Nothing>>(),
        Codec<ReMountSegmentRequest, Expected<Nothing>>(),
        Codec<UnmountSegmentRequest, Expected<Nothing>>(),
    ]);

    public static CallCodec Of(GoldenFrame frame) => Codecs[Enum.Parse<Rpc>(frame.Function)];

    public static byte[] EncodeRequest<T>(uint callNumber, Rpc rpc, T value, StructPackFlavour flavour) where T : struct, IWireWritable
    {
        var output = new ArrayBufferWriter<byte>();
        FrameWriter.WriteRequest(output, callNumber, RpcTable.Newest[rpc], value, flavour);
        return output.WrittenSpan.ToArray();
    }

    public static byte[] EncodeResponse<T>(uint callNumber, Rpc rpc, T value, StructPackFlavour flavour) where T : struct, IWireWritable
    {
        var output = new ArrayBufferWriter<byte>();
        FrameWriter.WriteResponse(output, callNumber, RpcTable.Newest[rpc].Result, value, flavour);
        return output.WrittenSpan.ToArray();
    }

    private static KeyValuePair<Rpc, CallCodec> Codec<TRequest, TResponse>()
        where TRequest : struct, IRpcRequest<TRequest, TResponse>
        where TResponse : struct, IWireValue<TResponse>
    {
        var function = RpcTable.Newest[TRequest.Function];
        return new(TRequest.Function, new CallCodec(
            body => function.Arguments is null
                ? new Decoded("{}", (number, flavour) => EncodeRequest(number, function.Rpc, default(TRequest), flavour))
                : Decode<TRequest>(body, function.Arguments, (value, number, flavour) => EncodeRequest(number, function.Rpc, value, flavour)),
            body => Decode<TResponse>(body, function.Result, (value, number, flavour) => EncodeResponse(number, function.Rpc, value, flavour)),
            body => function.Arguments is null || StructPackMessage.TryRead<TRequest>(body, function.Arguments, out _),
            body => StructPackMessage.TryRead<TResponse>(body, function.Result, out _)));
    }

    private static Decoded? Decode<T>(ReadOnlyMemory<byte> body, MessageType type, Func<T, uint, StructPackFlavour, byte[]> encode)
        where T : struct, IWireValue<T>
        => StructPackMessage.TryRead<T>(body, type, out var value)
            ? new Decoded(WireText.Of(value), (number, flavour) => encode(value, number, flavour))
            : null;
}
