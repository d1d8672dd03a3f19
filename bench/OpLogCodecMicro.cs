// micro: the OpLog codec. One operation is one PUT_START entry, in batches of 128.
using BenchmarkDotNet.Attributes;
using HotStandby.Bench.Load;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Bench;

/// <summary>Drafts, closes and opens batches. Public because its runner demands it.</summary>
public class OpLogCodecMicro
{
    private const int Entries = 128;

    private readonly BatchWriter _writer = new();
    private readonly ObjectKey[] _keys = MicroSamples.KeysOfShard(Entries);
    private ReadOnlyMemory<byte> _encoded;
    private ulong _sequence = 1;

    [GlobalSetup]
    public void WriteOne() => _encoded = Write().Encoded;

    /// <summary>What a Primary does: drafts of a shard, numbered and summed into a batch.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public OpLogBatch Write()
    {
        var drafts = new DraftBuffer(MicroSamples.Shard);
        ReadOnlySpan<PlacedReplica> replica = [new PlacedReplica(1, 1, 0)];
        foreach (ref readonly var key in _keys.AsSpan())
        {
            var payload = drafts.Add(OpType.PutStart, key.Bytes, key.Hash, PutStartPayload.SizeOf(0, 1));
            PutStartPayload.Write(
                payload, MicroSamples.Client, LoadSettings.ObjectBytes, null, false, SoftPinAction.Preserve, 0, [], replica);
        }

        var rest = drafts.Bytes;
        while (OpLogEntry.TryView(rest, out var draft))
        {
            _writer.Add(draft.Encoded, _sequence++, 1, 0);
            rest = rest[draft.Encoded.Length..];
        }

        drafts.Release();
        return _writer.Close(0);
    }

    /// <summary>What a Standby does: every checksum, every seq.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    public OpLogBatch Open() =>
        OpLogBatch.TryOpen(_encoded, out var batch, out var problem) ? batch : throw new InvalidOperationException(problem);
}
