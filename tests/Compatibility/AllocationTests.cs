// What the path of a call through the codec costs the garbage collector.
using System.Buffers;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility;

public sealed class AllocationTests
{
    private const int Rounds = 1000;

    [Fact]
    public void Request_of_one_key_is_cut_out_and_decoded_without_allocating()
    {
        Assert.Equal(0, PerRound(Rpc.PutStart, new PutStartRequest(new Uuid(1, 2), "key", 4096, new WireReplicateConfig(), "default")));
        Assert.Equal(0, PerRound(Rpc.PutEnd, new PutEndRequest(new Uuid(1, 2), new ObjectMeta("key", 7), ReplicaType.All, "default")));
        Assert.Equal(0, PerRound(Rpc.GetReplicaList, new GetReplicaListRequest("key", "default")));
    }

    [Fact]
    public void Request_of_many_keys_allocates_one_array()
    {
        var keys = Enumerable.Range(0, 128).Select(number => ByteString.FromText($"key-{number}")).ToArray();
        Assert.InRange(PerRound(Rpc.BatchExistKey, new BatchExistKeyRequest(keys, "default")), 128 * 16, (128 * 16) + 64);
    }

    [Fact]
    public void Answer_is_written_without_allocating()
    {
        var output = new ArrayBufferWriter<byte>(1 << 20);
        var type = RpcTable.Newest[Rpc.PutStart].Result;
        Action write = () =>
        {
            output.ResetWrittenCount();
            FrameWriter.WriteResponse(output, 1, type, new OneReplica("tcp", "10.0.0.1:12345"));
        };
        Assert.Equal(0, PerRound(write));
    }

    private static long PerRound<T>(Rpc rpc, T request) where T : struct, IWireValue<T>
    {
        var frame = CallCatalog.EncodeRequest(1, rpc, request, StructPackFlavour.Plain);
        return PerRound(() =>
        {
            var buffer = new ReadOnlySequence<byte>(frame);
            if (FrameReader.ReadRequest(ref buffer, FrameLimits.Default, out var header, out var body) != FrameStatus.Complete
                || !RpcTable.Newest.TryFind(header.FunctionId, out var function))
                throw new InvalidOperationException("the frame is not found");
            using var contiguous = new FrameBody(body);
            if (!StructPackMessage.TryRead<T>(contiguous.Memory, function.Arguments!, out _))
                throw new InvalidOperationException("the body does not decode");
        });
    }

    private static long PerRound(Action round)
    {
        round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 0; index < Rounds; index++)
            round();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
    }

    private readonly record struct OneReplica(string Protocol, string Endpoint) : IWireWritable
    {
        public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
        {
            sink.WriteBool(true);
            sink.WriteCount(1);
            WireReplica.WriteMemory(ref sink, 20, 4096, 0x7f00_0000_0000, Protocol, Endpoint, ReplicaStatus.Processing);
        }
    }
}
