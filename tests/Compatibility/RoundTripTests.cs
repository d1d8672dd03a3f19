// Every message, with random contents and in both flavours, is read as it was written.
using CsCheck;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;
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
        Requests(Gen.Select(Uuids, Bytes, Gen.ULong, Configs, Bytes, (id, key, size, config, tenant) =>
            new PutStartRequest(id, key, size, config, tenant)));
        Requests(
            Gen.Select(Uuids, Objects, Selectors, Bytes, (id, meta, selector, tenant) => new PutEndRequest(id, meta, selector, tenant)));
        Requests(
            Gen.Select(Uuids, Bytes, Selectors, Bytes, (id, key, selector, tenant) => new PutRevokeRequest(id, key, selector, tenant)));
    }

    [Fact]
    public void Batch_put_requests_survive()
    {
        Requests(Gen.Select(
            Uuids, List(Bytes), Gen.ULong.Array[0, 6], Configs, Bytes,
            (id, keys, sizes, config, tenant) => new BatchPutStartRequest(id, keys, sizes, config, tenant)));
        Requests(Gen.Select(Uuids, List(Objects), Selectors, Bytes, (id, metas, selector, tenant) =>
            new BatchPutEndRequest(id, metas, selector, tenant)));
        Requests(Gen.Select(Uuids, List(Bytes), Selectors, Bytes, (id, keys, selector, tenant) =>
            new BatchPutRevokeRequest(id, keys, selector, tenant)));
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

    // What a client of the previous generation can say, it says without loss; what it cannot is left out.
    [Fact]
    public void Previous_generation_survives_but_for_what_it_has_no_word_for()
    {
        var meta = Objects.Select(said => said with { Checksum = null });
        var config = Configs.Select(said => said with
        {
            DfsReplicaCount = 0,
            SoftPinTtlMilliseconds = null,
            SoftPinAction = said.SoftPinAction == SoftPinAction.Enable ? SoftPinAction.Enable : SoftPinAction.Preserve,
        });
        var replicas = Replicas.Where(replica => replica.Location is not ReplicaLocation.DistributedFile);
        Survive(
            RpcTable.Previous[Rpc.PutEnd].Arguments!,
            Gen.Select(Uuids, meta, Selectors, Bytes, (id, said, selector, tenant) => new PutEndRequest(id, said, selector, tenant)));
        Survive(
            RpcTable.Previous[Rpc.BatchUpsertEnd].Arguments!,
            Gen.Select(Uuids, List(meta), Bytes, (id, said, tenant) => new BatchUpsertEndRequest(id, said, tenant)));
        Survive(
            RpcTable.Previous[Rpc.PutStart].Arguments!,
            Gen.Select(Uuids, Bytes, Gen.ULong, config, Bytes, (id, key, size, said, tenant) =>
                new PutStartRequest(id, key, size, said, tenant)));
        Survive(
            RpcTable.Previous[Rpc.GetReplicaList].Result,
            Expected(Gen.Select(List(replicas), Gen.ULong, (list, lease) => new ReplicaListResponse(list, lease, null))));
    }

    [Fact]
    public void Previous_generation_cannot_be_told_of_a_distributed_file()
    {
        var replica = new WireReplica(1, new ReplicaLocation.DistributedFile("path", 0, 1, 2, 3), ReplicaStatus.Complete);
        var (newest, previous) = (RpcTable.Newest[Rpc.PutStart].Result, RpcTable.Previous[Rpc.PutStart].Result);
        Assert.Throws<InvalidOperationException>(() => StructPackMessage.Measure(previous, replica, StructPackFlavour.Plain));
        var size = StructPackMessage.Measure(newest, replica, StructPackFlavour.Plain);
        var message = new byte[size.Bytes];
        StructPackMessage.Write(message, size, newest, replica, StructPackFlavour.Plain);
        Assert.True(StructPackMessage.TryRead<WireReplica>(message, newest, out _));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(message, previous.Hash);
        Assert.False(StructPackMessage.TryRead<WireReplica>(message, previous, out _));
    }

    [Fact]
    public void Requests_and_answers_of_transfers_and_tasks_survive()
    {
        Requests(Gen.Select(Uuids, Bytes.Array[3], List(Bytes), (id, text, targets) =>
            new CopyStartRequest(id, text[0], text[1], text[2], targets)));
        Requests(Gen.Select(Uuids, Bytes.Array[4], (id, text) => new MoveStartRequest(id, text[0], text[1], text[2], text[3])));
        Requests(Gen.Select(Bytes.Array[2], List(Bytes), (text, targets) => new CreateCopyTaskRequest(text[0], text[1], targets)));
        Requests(Bytes.Array[4].Select(text => new CreateMoveTaskRequest(text[0], text[1], text[2], text[3])));
        Responses(
            Rpc.CopyStart, Expected(Gen.Select(Replicas, List(Replicas), (source, targets) => new CopyStartResponse(source, targets))));
        Responses(
            Rpc.MoveStart, Expected(Gen.Select(Replicas, Replicas.Nullable(), (source, target) => new MoveStartResponse(source, target))));
        Responses(
            Rpc.QueryTask, Expected(Gen.Select(Uuids.Array[2], Gen.Int.Array[2], Gen.Long.Array[2], Bytes, (ids, numbers, times, message) =>
            new TaskReport(ids[0], (TaskType)numbers[0], (ReplicationTaskStatus)numbers[1], times[0], times[1], ids[1], message))));
    }

    [Fact]
    public void Memory_replica_written_from_its_parts_equals_the_one_written_whole() =>
        Gen.Select(Gen.ULong.Array[3], Gen.String[0, 20], Gen.String[0, 20], Gen.Int).Sample((numbers, protocol, endpoint, status) =>
        {
            var whole = new WireReplica(
                numbers[0], new ReplicaLocation.Memory(numbers[1], numbers[2], protocol, endpoint), (ReplicaStatus)status);
            var parts = new ReplicaParts(numbers, protocol, endpoint, (ReplicaStatus)status);
            return CallCatalog.EncodeResponse(1, Rpc.PutStart, whole, StructPackFlavour.Plain)
                .SequenceEqual(CallCatalog.EncodeResponse(1, Rpc.PutStart, parts, StructPackFlavour.Plain));
        });

    private static void Requests<T>(Gen<T> values) where T : struct, IWireValue<T> =>
        Survive(values, CallCatalog.EncodeRequest, RequestHeader.Bytes, FunctionOf<T>().Rpc, FunctionOf<T>().Arguments!);

    private static void Responses<T>(Rpc rpc, Gen<T> values) where T : struct, IWireValue<T> =>
        Survive(values, CallCatalog.EncodeResponse, ResponseHeader.Bytes, rpc, RpcTable.Newest[rpc].Result);

    private static RpcFunction FunctionOf<T>() =>
        RpcTable.Newest[Enum.Parse<Rpc>(typeof(T).Name.Replace("Request", "", StringComparison.Ordinal))];

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

    private static void Survive<T>(MessageType type, Gen<T> values) where T : struct, IWireValue<T> => values.Sample(
        value =>
        {
            var size = StructPackMessage.Measure(type, value, StructPackFlavour.Plain);
            var message = new byte[size.Bytes];
            StructPackMessage.Write(message, size, type, value, StructPackFlavour.Plain);
            Assert.True(StructPackMessage.TryRead<T>(message, type, out var again));
            Assert.Equal(WireText.Of(value), WireText.Of(again));
        },
        iter: 300);

    private readonly record struct ReplicaParts(ulong[] Numbers, string Protocol, string Endpoint, ReplicaStatus Status) : IWireWritable
    {
        public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct =>
            WireReplica.WriteMemory(ref sink, Numbers[0], Numbers[1], Numbers[2], Protocol, Endpoint, Status);
    }
}
