// Many clients of a cluster, as Mooncake's are, and what all of them together were told.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Replay;
using HotStandby.Messages;
using HotStandby.Messages.Identity;

namespace HotStandby.Lab.Failover;

/// <summary>Clients that work as long as this lives.</summary>
internal sealed class StockFleet : IAsyncDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(50);

    private readonly MooncakeMasterClient _reader;
    private readonly ConcurrentDictionary<string, int> _refusals = [];

    /// <summary>Begins.</summary>
    /// <param name="cluster">Where the objects are looked up.</param>
    /// <param name="count">How many clients.</param>
    /// <param name="pause">Of each, between two objects.</param>
    /// <param name="master">The address that they are given.</param>
    public StockFleet(LocalCluster cluster, int count, TimeSpan pause, Func<EndPoint?> master)
    {
        var family = (ulong)Stopwatch.GetTimestamp();
        _reader = new MooncakeMasterClient(cluster.ClientAddresses, new Uuid(family, 0));
        Clients = [.. Enumerable.Range(1, count).Select(number => new StockClient(master, new Uuid(family, (ulong)number), pause, Count))];
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<StockClient> Clients { get; }

    /// <summary>What calls that failed since <see cref="Begin"/> were told, and how many.</summary>
    public IReadOnlyDictionary<string, int> Refusals => _refusals;

    /// <summary>What was before counts no more.</summary>
    public void Begin()
    {
        _refusals.Clear();
        foreach (var client in Clients)
            client.Begin();
    }

    /// <summary>The longest time that any of them was without an acknowledged put, since this was last asked.</summary>
    public TimeSpan TakeLongestGap() => Clients.Max(static client => client.TakeLongestGap());

    /// <summary>Stops all of them; what was acknowledged can still be looked up.</summary>
    public Task EndAsync() => Task.WhenAll(Clients.Select(static client => client.EndAsync()));

    /// <summary>Looks for every write that was acknowledged to any of them.</summary>
    /// <param name="patience">For how long no node may serve.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="IOException">A call was not answered, so nothing can be said.</exception>
    public async Task<(int Writes, IReadOnlyList<string> Lost)> FindLostAsync(TimeSpan patience, CancellationToken stop)
    {
        string[] keys = [.. Clients.SelectMany(static client => client.Acknowledged)];
        var lost = new List<string>();
        foreach (var some in keys.Chunk(ReplayOptions.MaximumBatch))
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await _reader.BatchExistAsync(some, stop);
            while (!Tells(answer) && Stopwatch.GetElapsedTime(began) < patience)
            {
                await Task.Delay(RetryPause, stop);
                answer = await _reader.BatchExistAsync(some, stop);
            }

            if (!Tells(answer))
                throw new IOException(
                    $"the acknowledged writes could not be looked up: {answer.Call} {string.Join(", ", answer.Items.Distinct())}");
            lost.AddRange(some.Where((_, i) => answer.Items[i] == ErrorCode.ObjectNotFound));
        }

        return (keys.Length, lost);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Clients.Select(static client => client.DisposeAsync().AsTask()));
        await _reader.DisposeAsync();
    }

    private static bool Tells(BatchAnswer answer) =>
        answer.Call == ErrorCode.Ok && answer.Items.All(static item => item is ErrorCode.Ok or ErrorCode.ObjectNotFound);

    private void Count(string refusal) => _refusals.AddOrUpdate(refusal, 1, static (_, so) => so + 1);
}
