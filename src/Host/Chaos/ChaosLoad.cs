// The load of a chaos run, and its judgement: slice after slice of audited writes, each looked up again while it lives. Holds what the last
// slices need, however long the run is.
using System.Diagnostics;
using HotStandby.Host.Replay;

namespace HotStandby.Host.Chaos;

/// <summary>Load as long as the faults last.</summary>
/// <param name="addresses">Of the nodes' client doors.</param>
/// <param name="options">How long a slice is.</param>
/// <param name="log">Hears what was found.</param>
public sealed class ChaosLoad(IReadOnlyList<string> addresses, ChaosOptions options, ChaosLog log)
{
    private const int LivingSlices = 3;
    private const int MostNamed = 5;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly List<AuditedWrites> _living = [];
    private readonly ServiceGap _gap = new();
    private long _dropped;
    private ulong _slices;

    /// <summary>The longest time without an acknowledged write.</summary>
    public TimeSpan LongestGap => _gap.Longest;

    /// <summary>Writes that were acknowledged.</summary>
    public long Acknowledged => _dropped + _living.Sum(slice => (long)slice.Count);

    // The whole run may be without service for as long as the longest fault, and what comes after it.
    private TimeSpan Patience => options.RecoveryPatience + FaultSchedule.LongestFault + FaultSchedule.LongestFault;

    /// <summary>Runs slices until <paramref name="enough"/>, then looks everything up that still lives.</summary>
    /// <exception cref="SegmentRefusedException">No node served for longer than the patience.</exception>
    public async Task RunAsync(CancellationToken enough, CancellationToken stop)
    {
        var checking = Task.CompletedTask;
        var writing = Task.CompletedTask;
        using var all = CancellationTokenSource.CreateLinkedTokenSource(enough, stop);
        CancellationTokenSource? slice = null;
        try
        {
            while (!all.IsCancellationRequested)
            {
                // The next slice begins before the last one ends: clients never pause.
                var next = await AuditedWrites.BeginAsync(addresses, _slices++, Patience, _gap, stop);
                if (slice is not null)
                    await slice.CancelAsync();
                await Task.WhenAll(writing, checking);
                slice?.Dispose();
                slice = CancellationTokenSource.CreateLinkedTokenSource(all.Token);
                await DropOldAsync();
                checking = LookUpAsync([.. _living], stop);
                _living.Add(next);
                writing = next.WriteAsync(slice.Token);
                await Task.Delay(options.Slice, all.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            await Task.WhenAll(writing, checking);
        }
        finally
        {
            slice?.Dispose();
        }
    }

    /// <summary>Looks up everything that still lives.</summary>
    public Task LookUpAsync(CancellationToken stop) => LookUpAsync([.. _living], stop);

    /// <summary>Takes the memory of all slices back.</summary>
    public async Task EndAsync()
    {
        foreach (var slice in _living)
            await slice.DisposeAsync();
    }

    private async Task DropOldAsync()
    {
        if (_living.Count < LivingSlices)
            return;
        _dropped += _living[0].Count;
        await _living[0].DisposeAsync();
        _living.RemoveAt(0);
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
                if (Stopwatch.GetElapsedTime(began) > Patience)
                {
                    log.Violation($"the audit had no answer for {Patience.TotalSeconds:0} s: {error.Message}");
                    return [];
                }
                await Task.Delay(RetryDelay, stop);
            }
        }
    }
}
