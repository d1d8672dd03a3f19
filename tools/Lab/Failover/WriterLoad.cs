// Writers that never stop while nodes come and go, and remember when each write was acknowledged: what a trial's recovery time and loss
// are measured by. Every key is written once, so an acknowledged one that cannot be found afterwards is lost.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Replay;
using HotStandby.Messages;
using HotStandby.Messages.Identity;

namespace HotStandby.Lab.Failover;

/// <summary>The load of a series of trials.</summary>
internal sealed class WriterLoad : IAsyncDisposable
{
    private const int Writers = 4;
    private const int Segments = 2;
    private const ulong SegmentBytes = 1UL << 42;
    private const ulong ObjectBytes = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private readonly MooncakeMasterClient _client;
    private readonly SegmentOwner _owner;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _writing;
    private ConcurrentQueue<(string Key, long AtTicks)> _acknowledged = [];
    private long _keys;

    private WriterLoad(MooncakeMasterClient client, SegmentOwner owner)
    {
        (_client, _owner) = (client, owner);
        _writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => WriteAsync()));
    }

    /// <summary>Writes acknowledged since the last <see cref="Begin"/>.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>Mounts memory and begins to write.</summary>
    /// <exception cref="SegmentRefusedException">The master refused a segment, or no node served in time.</exception>
    public static async Task<WriterLoad> StartAsync(LocalCluster cluster, CancellationToken stop)
    {
        var id = new Uuid((ulong)Environment.ProcessId, (ulong)Stopwatch.GetTimestamp());
        var client = new MooncakeMasterClient(cluster.ClientAddresses, id);
        return new WriterLoad(
            client, await SegmentOwner.MountAsync(client, id, Segments, SegmentBytes, Patience, PingInterval, null, stop));
    }

    /// <summary>What was acknowledged before counts no more: a trial begins.</summary>
    public void Begin() => _acknowledged = [];

    /// <summary>The longest time between two acknowledgements since the trial began.</summary>
    public TimeSpan LongestGap()
    {
        var (longest, before) = (0L, long.MaxValue);
        foreach (var (_, at) in _acknowledged.OrderBy(static write => write.AtTicks))
        {
            longest = Math.Max(longest, at - before);
            before = at;
        }

        return Stopwatch.GetElapsedTime(0, longest);
    }

    /// <summary>Looks for every write of the trial. How many are lost, and how long the first of them had been acknowledged when the
    /// fault came, or, where the Primary went on, when the last of them was.</summary>
    /// <exception cref="IOException">A call was not answered, so nothing can be said.</exception>
    public async Task<(int Writes, int Lost, TimeSpan LostFor)> FindLostAsync(long faultAtTicks, CancellationToken stop)
    {
        var writes = _acknowledged.ToArray();
        var lost = 0;
        var (oldest, newest) = (faultAtTicks, faultAtTicks);
        foreach (var some in writes.Chunk(ReplayOptions.MaximumBatch))
        {
            var answer = await _client.BatchExistAsync([.. some.Select(static write => write.Key)], stop);
            if (answer.Call != ErrorCode.Ok)
                throw new IOException($"the acknowledged writes could not be looked up: {answer.Call}");
            for (var i = 0; i < some.Length; i++)
            {
                if (answer.Items[i] is not (ErrorCode.Ok or ErrorCode.ObjectNotFound))
                    throw new IOException($"the acknowledged write {some[i].Key} could not be looked up: {answer.Items[i]}");
                if (answer.Items[i] == ErrorCode.Ok)
                    continue;
                lost++;
                (oldest, newest) = (Math.Min(oldest, some[i].AtTicks), Math.Max(newest, some[i].AtTicks));
            }
        }

        return (writes.Length, lost, Stopwatch.GetElapsedTime(lost == 0 ? newest : oldest, newest));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _writing;
        await _owner.DisposeAsync();
        await _client.DisposeAsync();
        _ending.Dispose();
    }

    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                string[] key = [string.Create(CultureInfo.InvariantCulture, $"write-{Interlocked.Increment(ref _keys)}")];
                // A start whose outcome is unknown is left alone: its key is nobody's any more, and the next one is as good.
                if (await _client.BatchPutStartAsync(key, ObjectBytes, _ending.Token) is { Call: ErrorCode.Ok, Items: [ErrorCode.Ok] }
                    && await _client.BatchPutEndAsync(key, _ending.Token) is { Call: ErrorCode.Ok, Items: [ErrorCode.Ok] })
                    _acknowledged.Enqueue((key[0], Stopwatch.GetTimestamp()));
                await Task.Delay(Pause, _ending.Token);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The series is over.
        }
    }
}
