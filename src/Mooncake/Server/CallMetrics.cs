// What Mooncake's dashboards count: requests and failures by function, items of batches, hits, sizes. Noted once a call, when its
// answer is written, on the connection's own thread; no allocation. The names are Mooncake's.
using System.Diagnostics.Metrics;
using System.Text.Json;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Generations;

namespace HotStandby.Mooncake.Server;

/// <summary>Counters of answered calls.</summary>
internal sealed class CallMetrics
{
    private static readonly double[] SizeBounds =
        [4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

    private static readonly double[] TimeBounds =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly FunctionCounters?[] _functions = new FunctionCounters?[Enum.GetValues<Rpc>().Length];
    private readonly Histogram<double> _seconds;
    private readonly Histogram<double> _valueBytes;
    private readonly Counter<long> _hitBytes;
    private readonly UpDownCounter<long> _totalGets;
    private readonly UpDownCounter<long> _validGets;
    private readonly UpDownCounter<long> _hits;

    /// <summary>Creates the instruments.</summary>
    public CallMetrics(Meter meter)
    {
        foreach (var rpc in Enum.GetValues<Rpc>())
            _functions[(int)rpc] = new FunctionCounters(meter, rpc);
        _seconds = meter.CreateHistogram(
            "hotstandby_call_seconds", null, "From the arrival of a client's call to its answer, by call.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = TimeBounds });
        _valueBytes = meter.CreateHistogram(
            "master_value_size_bytes", null, "Sizes of the objects of PutStart and UpsertStart.", null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = SizeBounds });
        _hitBytes = meter.CreateCounter<long>("mem_cache_hit_bytes_total", null, "Bytes of the objects that GetReplicaList found.");
        // Mooncake's names have no _total, which an exporter would give to a counter: so these are sums that may fall, and never do.
        _totalGets = meter.CreateUpDownCounter<long>("total_get_nums_", null, "Objects that GetReplicaList was asked for.");
        _validGets = meter.CreateUpDownCounter<long>("valid_get_nums_", null, "Objects that GetReplicaList found.");
        _hits = meter.CreateUpDownCounter<long>(
            "mem_cache_hit_nums_", null, "Objects that GetReplicaList found in memory: all that it found.");
    }

    /// <summary>A settled call is answered.</summary>
    public void Answered(Rpc rpc, MasterCall call, TimeSpan took)
    {
        var (items, failed) = call switch
        {
            KeyedCall keyed => Count(keyed),
            SegmentCall segment => (1, segment.Error == ErrorCode.Ok ? 0 : 1),
            ScanCall scan => (1, scan.Error == ErrorCode.Ok ? 0 : 1),
            _ => (1, 0),
        };
        var function = _functions[(int)rpc]!;
        function.Add(items, failed);
        _seconds.Record(took.TotalSeconds, function.Label);
    }

    /// <summary>Makes every counter appear with 0.</summary>
    public void ShowZeros()
    {
        foreach (var function in _functions)
            function?.ShowZeros();
        _hitBytes.Add(0);
        _totalGets.Add(0);
        _validGets.Add(0);
        _hits.Add(0);
    }

    private (int Items, int Failed) Count(KeyedCall call)
    {
        var (failed, bytes) = (0, 0UL);
        foreach (ref readonly var result in call.Results.AsSpan())
        {
            if (result.Error != ErrorCode.Ok)
                failed++;
            else if (call.Operation == KeyedOperation.GetReplicaList && result.Replicas.Count > 0)
                bytes = Saturating.Add(bytes, result.Replicas[0].SizeBytes);
        }

        var items = call.Results.Length;
        if (call.Operation == KeyedOperation.GetReplicaList)
        {
            _totalGets.Add(items);
            _validGets.Add(items - failed);
            _hits.Add(items - failed);
            _hitBytes.Add(Saturating.ToInt64(bytes));
        }
        else if (call.Operation is KeyedOperation.PutStart or KeyedOperation.UpsertStart)
        {
            foreach (var size in call.Sizes)
                _valueBytes.Record(size);
        }

        return (items, failed);
    }

    private sealed class FunctionCounters
    {
        private const string Batch = "batch_";

        private readonly Counter<long> _requests;
        private readonly Counter<long> _failures;
        private readonly Counter<long>? _partialSuccesses;
        private readonly Counter<long>? _items;
        private readonly Counter<long>? _failedItems;

        public FunctionCounters(Meter meter, Rpc rpc)
        {
            var name = NameOf(rpc);
            Label = new KeyValuePair<string, object?>("call", name);
            _requests = meter.CreateCounter<long>($"master_{name}_requests_total", null, $"{rpc}: calls answered.");
            _failures = meter.CreateCounter<long>($"master_{name}_failures_total", null, $"{rpc}: calls of which nothing succeeded.");
            if (!name.StartsWith(Batch, StringComparison.Ordinal))
                return;
            _partialSuccesses = meter.CreateCounter<long>(
                $"master_{name}_partial_successes_total", null, $"{rpc}: calls of which some items failed.");
            _items = meter.CreateCounter<long>($"master_{name}_items_total", null, $"{rpc}: items.");
            _failedItems = meter.CreateCounter<long>($"master_{name}_failed_items_total", null, $"{rpc}: items that failed.");
        }

        public KeyValuePair<string, object?> Label { get; }

        private static string NameOf(Rpc rpc) =>
            rpc == Rpc.ReMountSegment ? "remount_segment" : JsonNamingPolicy.SnakeCaseLower.ConvertName(rpc.ToString());

        public void ShowZeros()
        {
            foreach (var counter in new[] { _requests, _failures, _partialSuccesses, _items, _failedItems })
                counter?.Add(0);
        }

        public void Add(int items, int failed)
        {
            _requests.Add(1);
            _items?.Add(items);
            if (failed == 0)
                return;
            _failedItems?.Add(failed);
            if (failed == items)
                _failures.Add(1);
            else
                _partialSuccesses?.Add(1);
        }
    }
}
