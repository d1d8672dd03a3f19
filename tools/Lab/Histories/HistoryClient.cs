// What one client of a workload does: mostly what a Mooncake client does, and now and then what it should not. Seeded; one call at a time.
// Used by HistoryWorkload.
using HotStandby.Messages;

namespace HotStandby.Lab.Histories;

internal sealed class HistoryClient(RecordedClient client, HotKeys hot, int keys, int seed, HistoryWorkloadSettings settings)
{
    private static readonly ulong[] Sizes = [4096, 16384, 65536];
    private static readonly TimeSpan NoServicePause = TimeSpan.FromMilliseconds(30);

    private readonly Random _random = new(seed);
    // By place: keys whose put this client has begun, or may have begun.
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
            var pause = ObjectModel.SaysNothing(outcome) ? NoServicePause : settings.LongestPause * _random.NextDouble();
            await Task.Delay(pause, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Outcome> CallAsync(CancellationToken giveUp)
    {
        var place = _begun.Count > 0 && _random.Next(2) == 0 ? _begun.Keys.ElementAt(_random.Next(_begun.Count)) : _random.Next(keys);
        var key = hot.Take(place);
        if (_begun.TryGetValue(place, out var begun) && begun.Key != key)
            _begun.Remove(place); // the key was replaced meanwhile, and its put is left as it is
        var outcome = await (_begun.ContainsKey(place)
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
            case < 30:
                var size = Sizes[_random.Next(Sizes.Length)];
                var outcome = await client.PutStartAsync(key, size, giveUp).ConfigureAwait(false);
                if (outcome.Kind is OutcomeKind.Ok or OutcomeKind.Unknown)
                    _begun[place] = (key, size);
                return outcome;
            case < 70:
                return await ReadAsync(key, giveUp).ConfigureAwait(false);
            case < 82:
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
