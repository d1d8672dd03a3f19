// Concurrent Mooncake clients that write, read, remove and get in each other's way on a few hot keys, through failovers, while all they
// see is recorded. Used by tests and by chaos runs; judges nothing, LinearizabilityChecker does.
//
// Each client owns memory of its own and pings, so no client dies and nothing is dropped; there is far more memory than objects, so nothing
// is evicted. Neither is in the checker's model. Faults must leave a majority that comes back within the clients' patience
// (objects.client-ttl + client-suspect-time), which every new Primary grants anew.
using System.Globalization;
using System.Security.Cryptography;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Replay;
using HotStandby.Messages.Identity;

namespace HotStandby.Lab.Histories;

/// <summary>How a workload behaves.</summary>
internal sealed record HistoryWorkloadSettings
{
    /// <summary>All defaults.</summary>
    public static readonly HistoryWorkloadSettings Default = new();

    /// <summary>A key is replaced after so many calls that were answered or got lost. Default 60.</summary>
    public int CallsPerKey { get; init; } = 60;

    /// <summary>A key is replaced after so long. Well below <c>objects.put-start-discard-timeout</c>; default 10 s.</summary>
    public TimeSpan LongestKeyLife { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A key that was replaced is read once more after so long. Default 5 s.</summary>
    public TimeSpan AuditAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest pause of a client between two calls. Default 6 ms.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMilliseconds(6);

    /// <summary>
    /// Every so manieth client knows one node only, a different one each: it stays with a Primary that is frozen and hears what that one
    /// answers when it goes on. 0: none. Default 4.
    /// </summary>
    public int PinnedEvery { get; init; } = 4;

    /// <summary>For how long no node may serve at the beginning. Default 30 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// What calls get to be answered when the workload is told to end, and again what the last reading of all keys gets. Default 2 s.
    /// </summary>
    public TimeSpan EndPatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The memory of each client. Far more than all objects of the run need; default 1 TiB.</summary>
    public ulong SegmentBytes { get; init; } = 1UL << 40;
}

/// <summary>One run; an instance is used once.</summary>
/// <param name="settings">How it behaves; null for the defaults.</param>
internal sealed class HistoryWorkload(HistoryWorkloadSettings? settings = null)
{
    private static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(500);

    private readonly HistoryWorkloadSettings _settings = settings ?? HistoryWorkloadSettings.Default;

    /// <summary>What was recorded so far; while it runs, too.</summary>
    public History History { get; } = new();

    /// <summary>Runs until it is cancelled, which is how it ends well.</summary>
    /// <param name="endpoints">The client doors of all nodes, as host:port.</param>
    /// <param name="seed">Decides what each client does; what comes of it depends on the cluster as well.</param>
    /// <param name="clients">1 or more; 4 to 12 find most. Each has connections of its own.</param>
    /// <param name="keys">Hot keys at a time; 1 or more, fewer than clients.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <returns>The history, complete.</returns>
    /// <exception cref="SegmentRefusedException">No memory could be mounted at the beginning.</exception>
    public async Task<History> RunAsync(IReadOnlyList<string> endpoints, int seed, int clients, int keys, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentOutOfRangeException.ThrowIfLessThan(clients, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(keys, 1);
        // Runs of the same seed on one cluster must not meet each other's objects or clients.
        var run = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var hot = new HotKeys(
            string.Create(CultureInfo.InvariantCulture, $"h{seed}-{run:x8}"), keys, _settings.CallsPerKey, _settings.LongestKeyLife);
        var memory = new List<IAsyncDisposable>();
        try
        {
            for (var i = 0; i < clients; i++)
            {
                var id = IdOf(run, i);
                var owner = new MooncakeMasterClient(endpoints, id);
                memory.Add(owner);
                memory.Add(await SegmentOwner.MountAsync(
                    owner, id, 1, _settings.SegmentBytes, _settings.Patience, PingInterval, null, cancellation).ConfigureAwait(false));
            }

            using var giveUp = new CancellationTokenSource();
            await using var told = cancellation.Register(() => giveUp.CancelAfter(_settings.EndPatience)).ConfigureAwait(false);
            await Task.WhenAll(Enumerable.Range(0, clients).Select(i => ClientAsync(i))).ConfigureAwait(false);
            await AuditAsync(endpoints, run, hot).ConfigureAwait(false);
            return History;

            async Task ClientAsync(int number)
            {
                var pinned = _settings.PinnedEvery > 0 && number % _settings.PinnedEvery == _settings.PinnedEvery - 1;
                string[] known = pinned ? [endpoints[number / _settings.PinnedEvery % endpoints.Count]] : [.. endpoints];
                var client = new RecordedClient(
                    string.Create(CultureInfo.InvariantCulture, $"client{number}"), known, IdOf(run, number), History);
                await using (client.ConfigureAwait(false))
                    await new HistoryClient(client, hot, keys, seed + (number * 7919), _settings)
                        .RunAsync(cancellation, giveUp.Token).ConfigureAwait(false);
            }
        }
        finally
        {
            memory.Reverse();
            foreach (var each in memory)
                await each.DisposeAsync().ConfigureAwait(false);
        }
    }

    // The memory still stands, so whatever was acknowledged must be there.
    private async Task AuditAsync(IReadOnlyList<string> endpoints, ulong run, HotKeys hot)
    {
        using var giveUp = new CancellationTokenSource(_settings.EndPatience);
        hot.ReplaceAll();
        var auditor = new RecordedClient("auditor", endpoints, IdOf(run, -1), History);
        await using (auditor.ConfigureAwait(false))
        {
            while (!giveUp.IsCancellationRequested && hot.TryTakeReplaced(TimeSpan.Zero, out var key))
                await auditor.GetReplicasAsync(key, giveUp.Token).ConfigureAwait(false);
        }
    }

    // Segments take the ids that follow their client's.
    private static Uuid IdOf(ulong run, int client) => new(run, (ulong)(client + 2) << 8);
}
