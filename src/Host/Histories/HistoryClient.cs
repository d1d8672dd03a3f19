// What one client of a workload does: mostly what a Mooncake client does, and now and then what it should not. Seeded; one call at a time.
// Used by HistoryWorkload.
using HotStandby.Messages;

namespace HotStandby.Host.Histories;

internal sealed class HistoryClient(RecordedClient client, HotKeys hot, int keys, int seed, HistoryWorkloadSettings settings)
{
    private static readonly ulong[] Sizes = [4096, 16384, 65536];
    private static readonly TimeSpan NoServicePause = TimeSpan.FromMilliseconds(30);

    private readonly SeededRandom _random = new(seed);
    // Keys whose put this client has begun, or may have begun. Few: keys are replaced, and their puts forgotten with them.
    private readonly Dictionary<int, (string Key, ulong SizeBytes)> _begun = [];

    /// <summary>Calls until it is told to end.</summary>
    /// <param name="end">Begin no further call.</param>
    /// <param name="giveUp">Wait for no answer.</param>
    public async Task RunAsync(CancellationToken end, CancellationToken giveUp)
    {
        while (!end.IsCancellationRequested)
        {
            var outcome = hot.TryTakeReplaced(settings.AuditAfter, out var replaced)
                ? await client.GetReplicasAsync(replaced, giveUp).ConfigureAwait(false) : await CallAsync(giveUp).ConfigureAwait(false);
            var pause = ObjectModel.SaysNothing(outcome) ? NoServicePause : settings.LongestPause * _random.NextShare();
            await Task.Delay(pause, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Outcome> CallAsync(CancellationToken giveUp)
    {
        var place = _random.Next(keys);
        var key = hot.Take(place);
        var outcome = await (_begun.TryGetValue(place, out var begun) && begun.Key == key
            ? ContinueAsync(place, key, begun.SizeBytes, giveUp) : BeginAsync(place, key, giveUp)).ConfigureAwait(false);
        if (ObjectModel.SaysNothing(outcome))
            hot.GiveBack(place, key);
        return outcome;
    }

    // A put of its own is under way, as far as the client knows.
    private async Task<Outcome> ContinueAsync(int place, string key, ulong sizeBytes, CancellationToken giveUp)
    {
        switch (_random.Next(100))
        {
            case < 60:
                return Ended(place, await client.PutEndAsync(key, giveUp).ConfigureAwait(false));
            case < 72:
                return Ended(place, await client.PutRevokeAsync(key, giveUp).ConfigureAwait(false));
            case < 82:
                return await client.PutStartAsync(key, sizeBytes, giveUp).ConfigureAwait(false);
            default:
                return await ReadAsync(key, giveUp).ConfigureAwait(false);
        }
    }

    private async Task<Outcome> BeginAsync(int place, string key, CancellationToken giveUp)
    {
        switch (_random.Next(100))
        {
            case < 35:
                var size = Sizes[_random.Next(Sizes.Length)];
                var outcome = await client.PutStartAsync(key, size, giveUp).ConfigureAwait(false);
                if (outcome.Kind is OutcomeKind.Ok or OutcomeKind.Unknown)
                    _begun[place] = (key, size);
                return outcome;
            case < 70:
                return await ReadAsync(key, giveUp).ConfigureAwait(false);
            case < 85:
                return await client.RemoveAsync(key, force: true, giveUp).ConfigureAwait(false);
            case < 92:
                return await client.RemoveAsync(key, force: false, giveUp).ConfigureAwait(false);
            case < 96:
                return await client.PutEndAsync(key, giveUp).ConfigureAwait(false); // of somebody else, or of one that has ended
            default:
                return await client.PutRevokeAsync(key, giveUp).ConfigureAwait(false);
        }
    }

    private Task<Outcome> ReadAsync(string key, CancellationToken giveUp) =>
        _random.Next(3) == 0 ? client.ExistsAsync(key, giveUp) : client.GetReplicasAsync(key, giveUp);

    // Without an answer it is asked again, as a client would.
    private Outcome Ended(int place, in Outcome outcome)
    {
        if (outcome.Kind != OutcomeKind.Unknown && outcome.Error != ErrorCode.UnavailableInCurrentMode)
            _begun.Remove(place);
        return outcome;
    }
}

/// <summary>SplitMix64: the same numbers for all time.</summary>
internal sealed class SeededRandom(int seed)
{
    private ulong _state = (ulong)seed;

    /// <summary>0 to below the bound.</summary>
    public int Next(int bound) => (int)(NextBits() % (ulong)bound);

    /// <summary>0 to below 1.</summary>
    public double NextShare() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    private ulong NextBits()
    {
        var mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
