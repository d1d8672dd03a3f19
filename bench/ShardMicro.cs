// micro: a shard. One operation is PutStart and PutEnd of one new object; what the index keeps of it is part of its allocation,
// what the door allocates (call and key) is not. Each turn of a shard is one call, as with single puts.
using BenchmarkDotNet.Attributes;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Bench;

/// <summary>A shard on a Primary and on a Standby. Public because its runner demands it.</summary>
public class ShardMicro
{
    private const int Objects = 20_000;

    private readonly ObjectKey[] _keys = MicroSamples.KeysOfShard(Objects);
    private readonly SegmentDirectory _directory = new([MicroSamples.Mounted]);
    private KeyedCall[] _calls = [];
    private OpLogBatch[] _log = [];
    private ShardState _state = null!;
    private ShardLeader _leader = null!;

    [GlobalSetup]
    public void WriteLog()
    {
        Renew();
        var writer = new BatchWriter();
        var batches = new List<OpLogBatch>();
        ulong sequence = 0;
        for (var i = 0; i < _calls.Length; i++)
        {
            var drafts = Decide(i);
            writer.Add(drafts.Bytes, ++sequence, 1, 0);
            drafts.Release();
            if (writer.Count == 256 || i == _calls.Length - 1)
                batches.Add(writer.Close(0));
        }

        _log = [.. batches];
    }

    [IterationSetup]
    public void Renew()
    {
        _calls = new KeyedCall[Objects * 2];
        for (var i = 0; i < Objects; i++)
        {
            _calls[i * 2] = MicroSamples.Call(KeyedOperation.PutStart, _keys[i], i);
            _calls[(i * 2) + 1] = MicroSamples.Call(KeyedOperation.PutEnd, _keys[i], i);
        }

        _state = new ShardState(MicroSamples.Shard, MicroSamples.ShardCount);
        _leader = new ShardLeader(_state, ShardSettings.Default, _directory, nowTicks: 0);
    }

    /// <summary>Decide, draft, apply; then learn of the commit.</summary>
    [Benchmark(OperationsPerInvoke = Objects)]
    public int Primary()
    {
        for (var i = 0; i < _calls.Length; i++)
        {
            Decide(i).Release();
            _leader.Committed(1, (ulong)i + 1);
        }

        return _state.ObjectCount;
    }

    /// <summary>Apply the same entries from the log.</summary>
    [Benchmark(OperationsPerInvoke = Objects)]
    public int Standby()
    {
        foreach (var batch in _log)
        {
            foreach (var entry in batch)
                _state.Apply(entry);
        }

        return _state.ObjectCount;
    }

    private DraftBuffer Decide(int index)
    {
        var drafts = new DraftBuffer(MicroSamples.Shard);
        _leader.Execute(_calls[index], 0, drafts, nowTicks: index);
        return _calls[index].Results[0].Error == ErrorCode.Ok
            ? drafts : throw new InvalidOperationException($"the shard answered {_calls[index].Results[0].Error}");
    }
}
