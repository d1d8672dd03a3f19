// Every message, with random contents and in both flavours, is read as it was written.
using CsCheck;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;
using HotStandby.Tests.Compatibility.Golden;
using static HotStandby.Tests.Compatibility.Generators;

namespace HotStandby.Tests.Compatibility;

public sealed class RoundTripTests
{
    [Fact]
    public void ExistKey_and_GetReplicaList_requests_survive()
    {
        Requests(Gen.Select(Bytes, Bytes, (key, tenant) => new ExistKeyRequest(key, tenant)));
        Requests(Gen.Select(List(Bytes), Bytes, (keys, tenant) => new BatchExistKeyRequest(keys, tenant)));
        Requests(Gen.Select(Bytes, Bytes, (key, tenant) => new GetReplicaListRequest(key, tenant)));
        Requests(Gen.Select(List(Bytes), Bytes, (keys, tenant) => new BatchGetReplicaListRequest(keys, tenant)));
    }

    [Fact]
    public void Put_requests_survive()
    {
        Requests(Gen.Select(Uuids, Bytes, Gen.ULong, Configs, Bytes, (id, key, size, config, tenant) => new PutStartRequest(id, key, size, config, tenant)));
        Requests(Gen.Select(Uuids, Objects, Selectors, Bytes, (id, meta, selector, tenant) => new PutEndRequest(id, meta, selector, tenant)));
        Requests(Gen.Select(Uuids, Bytes, Selectors, Bytes, (id, key, selector, tenant) => new PutRevokeRequest(id, key, selector, tenant)));
    }

    [Fact]
    public void Batch_put_requests_survive()
    {
        Requests(Gen.Select(
            Uuids, List(Bytes), Gen.ULong.Array[0, 6], Configs, Bytes,
            (id, keys, sizes, config, tenant) => new BatchPutStartRequest(id, keys, sizes, config, tenant)));
        Requests(Gen.Select(Uuids, List(Objects), Selectors, Bytes, (id, metas, selector, tenant) => new BatchPutEndRequest(id, metas, selector, tenant)));
        Requests(Gen.Select(Uuids, List(Bytes), Selectors, Bytes, (id, keys, selector, tenant) => new BatchPutRevokeRequest(id, keys, selector, tenant)));
    }

    [Fact]
    public void Remove_requests_survive()
    {
        Requests(Gen.Select(Bytes, Gen.Bool, Bytes, (key, force, tenant) => new RemoveRequest(key, force, tenant)));
        Requests(Gen.Select(List(Bytes), Gen.Bool, Bytes, (keys, force, tenant) => new BatchRemoveRequest(keys, force, tenant)));
    }

    [Fact]
    public void Segment_and_client_requests_survive()
    {
        Requests(Gen.Select(Segments, Uuids, (segment, id) => new MountSegmentRequest(segment, id)));
        Requests(Gen.Select(List(Segments), Uuids, (segments, id) => new ReMountSegmentRequest(segments, id)));
        Requests(Gen.Select(Uuids, Uuids, (segment, id) => new UnmountSegmentRequest(segment, id)));
        Requests(Gen.Select(Uuids, Gen.ULong, (id, size) => new FetchTasksRequest(id, size)));
        Requests(Uuids.Select(id => new PingRequest(id)));
    }

    [Fact]
    public void Responses_survive()
    {
        Responses(Rpc.ServiceReady, Expected(Bytes));
        Responses(Rpc.GetFsdir, Expected(Bytes));
        Responses(Rpc.GetStorageConfig, Expected(StorageConfigs));
        Responses(Rpc.Ping, Expected(Pings));
        Responses(Rpc.FetchTasks, Expected(List(Tasks)));
        Responses(Rpc.ExistKey, Expected(Gen.Bool.Select(value => new WireBool(value))));
        Responses(Rpc.BatchExistKey, List(Expected(Gen.Bool.Select(value => new WireBool(value)))));
        Responses(Rpc.PutEnd, Expected(Gen.Const(default(Nothing))));
        Responses(Rpc.BatchPutEnd, List(Expected(Gen.Const(default(Nothing)))));
    }

    [Fact]
    public void Responses_with_replicas_survive()
    {
        Responses(Rpc.GetReplicaList, Expected(ReplicaLists));
        Responses(Rpc.BatchGetReplicaList, List(Expected(ReplicaLists)));
        Responses(Rpc.PutStart, Expected(List(Replicas)));
        Responses(Rpc.BatchPutStart, List(Expected(List(Replicas))));
    }

    [Fact]
    public void Memory_replica_written_from_its_parts_equals_the_one_written_whole() =>
        Gen.Select(Gen.ULong.Array[3], Gen.String[0, 20], Gen.String[0, 20], Gen.Int).Sample((numbers, protocol, endpoint, status) =>
        {
            var whole = new WireReplica(
                numbers[0], new ReplicaLocation.Memory(numbers[1], numbers[2], protocol, endpoint), (Messages.Model.ReplicaStatus)status);
            var parts = new ReplicaParts(numbers, protocol, endpoint, (Messages.Model.ReplicaStatus)status);
            return CallCatalog.EncodeResponse(1, Rpc.PutStart, whole, StructPackFlavour.Plain)
                .SequenceEqual(CallCatalog.EncodeResponse(1, Rpc.PutStart, parts, StructPackFlavour.Plain));
        });

    private static void Requests<T>(Gen<T> values) where T : struct, IWireValue<T> =>
        Survive(values, CallCatalog.EncodeRequest, RequestHeader.Bytes, FunctionOf<T>().Rpc, FunctionOf<T>().Arguments!);

    private static void Responses<T>(Rpc rpc, Gen<T> values) where T : struct, IWireValue<T> =>
        Survive(values, CallCatalog.EncodeResponse, ResponseHeader.Bytes, rpc, RpcTable.Newest[rpc].Result);

    private static RpcFunction FunctionOf<T>() => RpcTable.Newest[Enum.Parse<Rpc>(typeof(T).Name.Replace("Request", "", StringComparison.Ordinal))];

    private static void Survive<T>(
        Gen<T> values, Func<uint, Rpc, T, StructPackFlavour, byte[]> encode, int headerBytes, Rpc rpc, MessageType type)
        where T : struct, IWireValue<T>
        => Gen.Select(values, Gen.Bool, Gen.UInt).Sample((value, literal, callNumber) =>
        {
            var flavour = literal ? StructPackFlavour.Literal : StructPackFlavour.Plain;
            var frame = encode(callNumber, rpc, value, flavour);
            Assert.True(StructPackMessage.TryRead<T>(frame.AsMemory(headerBytes), type, out var again));
            Assert.Equal(WireText.Of(value), WireText.Of(again));
            Assert.Equal(frame, encode(callNumber, rpc, again, flavour));
        }, iter: 300);

    private readonly record struct ReplicaParts(ulong[] Numbers, string Protocol, string Endpoint, Messages.Model.ReplicaStatus Status) : IWireWritable
    {
        public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct =>
            WireReplica.WriteMemory(ref sink, Numbers[0], Numbers[1], Numbers[2], Protocol, Endpoint, Status);
    }
}
