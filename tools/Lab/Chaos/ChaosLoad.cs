// The load of a chaos run, and its judgement: slice after slice of audited writes, each looked up again while it lives. Holds what the last
// slices need, however long the run is.
using System.Diagnostics;
using HotStandby.Lab.Replay;

namespace HotStandby.Lab.Chaos;

/// <summary>Load as long as the faults last.</summary>
/// <param name="addresses">Of the nodes' client doors.</param>
/// <param name="options">How long a slice is.</param>
/// <param name="log">Hears what was found.</param>
internal sealed class ChaosLoad(IReadOnlyList<string> addresses, ChaosOptions options, ChaosLog log) : IAsyncDisposable
{
    private const int LivingSlices = 3;
    private const int MostNamed = 5;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly List<AuditedWrites> _living = [];
    private readonly ServiceGap _gap = new();
    private long _dropped;
    private AuditClient? _client;
    private volatile AuditedWrites? _now;
    private int _slices;

    /// <summary>The longest time without an acknowledged write.</summary>
    public TimeSpan LongestGap => _gap.Longest;

    /// <summary>Writes that were acknowledged.</summary>
    public long Acknowledged => _dropped + _living.Sum(slice => (long)slice.Count);

    /// <summary>Reads of what had just been acknowledged that were answered.</summary>
    public long FreshReads { get; private set; }

    /// <summary>Runs slices until <paramref name="enough"/>.</summary>
    /// <exception cref="SegmentRefusedException">No node served for longer than the patience.</exception>
    public async Task RunAsync(CancellationToken enough, CancellationToken stop)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(enough, stop);
        _client = await AuditClient.BeginAsync(addresses, options.Patience, stop);
        var reads = new Chaos.FreshReads(addresses, () => _now?.Latest ?? [], log);
        var reading = reads.RunAsync(all.Token);
        while (!all.IsCancellationRequested)
        {
            // What was written earlier is looked up while the next slice is written: clients never pause.
            var earlier = LookUpAsync([.. _living], stop);
            var slice = new AuditedWrites(_client.Calls, _slices++, _gap);
            _living.Add(slice);
            _now = slice;
            using (var over = CancellationTokenSource.CreateLinkedTokenSource(all.Token))
            {
                over.CancelAfter(options.Slice);
                await slice.WriteAsync(over.Token);
            }
            await earlier;
            await DropOldAsync(stop);
        }
        await reading;
        FreshReads = reads.Answers;
    }

    /// <summary>Looks up everything that is still audited.</summary>
    public Task LookUpAsync(CancellationToken stop) => LookUpAsync([.. _living], stop);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
            await _client.DisposeAsync();
    }

    private async Task DropOldAsync(CancellationToken stop)
    {
        if (_living.Count <= LivingSlices)
            return;
        var oldest = _living[0];
        _living.RemoveAt(0);
        _dropped += oldest.Count;
        await oldest.RemoveAsync(stop);
    }

    private async Task LookUpAsync(AuditedWrites[] slices, CancellationToken stop)
    {
        foreach (var slice in slices)
        {
            var lost = await LookUpAsync(slice, stop);
            if (lost.Count > 0)
                log.Violation($"{lost.Count} of {slice.Count} acknowledged writes are lost: {string.Join(", ", lost.Take(MostNamed))}");
        }
    }

    private async Task<IReadOnlyList<string>> LookUpAsync(AuditedWrites slice, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await slice.FindLostAsync(stop);
            }
            catch (IOException error)
            {
                if (Stopwatch.GetElapsedTime(began) > options.Patience)
                {
                    log.Violation($"the audit had no answer for {options.Patience.TotalSeconds:0} s: {error.Message}");
                    return [];
                }
                await Task.Delay(RetryDelay, stop);
            }
        }
    }
}
