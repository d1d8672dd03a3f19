// micro: the wire codec. One operation is one object of a BatchPutStart of 128.
using System.Buffers;
using BenchmarkDotNet.Attributes;
using HotStandby.Bench.Load;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench;

/// <summary>Decodes the request and encodes the response. Public because its runner demands it.</summary>
public class WireCodecMicro
{
    private readonly ArrayBufferWriter<byte> _output = new(64 << 10);
    private readonly RpcFunction _function = RpcTable.Newest[Rpc.BatchPutStart];
    private byte[] _request = [];

    [GlobalSetup]
    public void Encode()
    {
        var sizes = new ulong[LoadSettings.BatchObjects];
        Array.Fill(sizes, LoadSettings.ObjectBytes);
        ByteString[] keys = [.. Enumerable.Range(0, LoadSettings.BatchObjects).Select(i => new ByteString(MicroSamples.Key(i)))];
        var output = new ArrayBufferWriter<byte>();
        FrameWriter.WriteRequest(
            output, 1, _function, new BatchPutStartRequest(MicroSamples.Client, keys, sizes, new WireReplicateConfig(), "default"));
        _request = output.WrittenMemory[RequestHeader.Bytes..].ToArray();
    }

    /// <summary>The door decodes a request; the keys still lie in the receive buffer.</summary>
    [Benchmark(OperationsPerInvoke = LoadSettings.BatchObjects)]
    public int DecodeRequest() =>
        StructPackMessage.TryRead<BatchPutStartRequest>(_request, _function.Arguments!, out var request)
            ? request.Keys.Count : throw new InvalidOperationException("the request does not decode");

    /// <summary>The door encodes the response from its parts.</summary>
    [Benchmark(OperationsPerInvoke = LoadSettings.BatchObjects)]
    public int EncodeResponse()
    {
        _output.ResetWrittenCount();
        return FrameWriter.WriteResponse(_output, 1, _function.Result, default(Response));
    }

    private readonly struct Response : IWireWritable
    {
        public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
        {
            var segment = MicroSamples.Mounted.Segment;
            sink.WriteCount(LoadSettings.BatchObjects);
            for (var i = 0; i < LoadSettings.BatchObjects; i++)
            {
                sink.WriteBool(true);
                sink.WriteCount(1);
                WireReplica.WriteMemory(
                    ref sink, (ulong)i, LoadSettings.ObjectBytes, segment.BaseAddress, segment.Protocol, segment.TransportEndpoint,
                    ReplicaStatus.Processing);
            }
        }
    }
}
