// A client that behaves as Mooncake's own does: a ping a second, its segment mounted again when it is told so, connections that its pool
// opens again with pauses of its own, and an application above it that puts and gets all the time. Never knows more of the cluster than the
// one address that it is given.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Failover;

/// <summary>One client with one segment.</summary>
internal sealed class StockClient : IAsyncDisposable
{
    /// <summary>Why a call has no answer.</summary>
    public const string NotConnected = "not connected", Closed = "connection closed";

    private const int FailedPings = 3;
    private const int ConnectTries = 3;
    private const ulong SegmentBytes = 1UL << 32;
    private const ulong ObjectBytes = 4096;
    private static readonly ByteString Tenant = "default";
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConnectPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetryPause = TimeSpan.FromMilliseconds(500);

    private readonly Func<EndPoint?> _master;
    private readonly Action<string> _refused;
    private readonly Uuid _id;
    private readonly WireSegment _segment;
    private readonly TimeSpan _pause;
    private readonly TimeSpan _retryPause;
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _connecting = new(1);
    private readonly Task _working;
    private readonly ConcurrentQueue<string> _acknowledged = [];
    private MasterConnection? _connection;
    private string? _lastKey;
    private long _since;
    private long _firstPut;
    private long _firstGet;
    private long _mounted;
    private long _lastPut;
    private long _longestGap;

    /// <summary>Begins.</summary>
    /// <param name="master">The address that it is given; null: there is none now.</param>
    /// <param name="id">Its id.</param>
    /// <param name="pause">Between two objects; after a call that failed, half a second at most.</param>
    /// <param name="refused">Hears what every call that failed was told.</param>
    public StockClient(Func<EndPoint?> master, Uuid id, TimeSpan pause, Action<string> refused)
    {
        (_master, _id, _pause, _refused) = (master, id, pause, refused);
        _retryPause = pause < LongestRetryPause ? pause : LongestRetryPause;
        var name = string.Create(CultureInfo.InvariantCulture, $"stock-{id}:17000");
        _segment = new WireSegment(new Uuid(id.First, id.Second + (1UL << 32)), name, 1UL << 44, SegmentBytes, name, "tcp", "stock");
        _working = Task.WhenAll(Task.Run(PingAsync), Task.Run(UseAsync));
    }

    /// <summary>Keys whose put was acknowledged.</summary>
    public IReadOnlyCollection<string> Acknowledged => _acknowledged;

    /// <summary>When the first put that was begun after <see cref="Begin"/> was acknowledged; 0 before.</summary>
    public long FirstPutTicks => Volatile.Read(ref _firstPut);

    /// <summary>The same for the first get of an object that it has put.</summary>
    public long FirstGetTicks => Volatile.Read(ref _firstGet);

    /// <summary>The same for its segment.</summary>
    public long MountedTicks => Volatile.Read(ref _mounted);

    /// <summary>It has put, got and mounted since <see cref="Begin"/>.</summary>
    public bool IsBack => FirstPutTicks != 0 && FirstGetTicks != 0 && MountedTicks != 0;

    /// <summary>The longest time between two acknowledged puts of which the second came since this was last asked.</summary>
    public TimeSpan TakeLongestGap() => Stopwatch.GetElapsedTime(0, Interlocked.Exchange(ref _longestGap, 0));

    /// <summary>What was before counts no more.</summary>
    public void Begin()
    {
        Volatile.Write(ref _since, long.MaxValue);
        Volatile.Write(ref _firstPut, 0);
        Volatile.Write(ref _firstGet, 0);
        Volatile.Write(ref _mounted, 0);
        Volatile.Write(ref _since, Stopwatch.GetTimestamp());
    }

    /// <summary>Stops its work; may be called again.</summary>
    public async Task EndAsync()
    {
        await _ending.CancelAsync();
        await _working;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        if (_connection is { } open)
            await open.DisposeAsync();
        _connecting.Dispose();
        _ending.Dispose();
    }

    private async Task PingAsync()
    {
        var failed = 0;
        await RepeatAsync(async () =>
        {
            var status = ClientStatus.Undefined;
            var pinged = await CallAsync(async client =>
            {
                var answer = await client.PingAsync(new(_id), _ending.Token);
                status = answer.IsOk ? answer.Value.Status : status;
                return answer.IsOk ? ErrorCode.Ok : answer.Error;
            });
            failed = pinged is null ? failed + 1 : 0;
            if (status == ClientStatus.NeedRemount)
            {
                WireSegment[] all = [_segment];
                Note(ref _mounted, await CallAsync(async client => (await client.ReMountSegmentAsync(new(all, _id), _ending.Token)).Error));
            }
            else if (failed >= FailedPings
                && await CallAsync(async client => (await client.ServiceReadyAsync(_ending.Token)).Error) is not null)
            {
                failed = 0;
                return TimeSpan.Zero; // it pings at once
            }

            return PingInterval;
        });
    }

    private Task UseAsync()
    {
        var number = 0;
        return RepeatAsync(async () =>
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"{_segment.Name}/{number++}");
            if (await PutAsync(key) is not { } put)
                return _retryPause;
            _acknowledged.Enqueue(_lastKey = key);
            NoteGap();
            Note(ref _firstPut, put);
            var got = await CallAsync(async client => (await client.GetReplicaListAsync(new(_lastKey, Tenant), _ending.Token)).Error);
            Note(ref _firstGet, got);
            return got is null ? _retryPause : _pause;
        });
    }

    private async Task<long?> PutAsync(string key)
    {
        var began = await CallAsync(async client =>
            (await client.PutStartAsync(new(_id, key, ObjectBytes, new WireReplicateConfig(), Tenant), _ending.Token)).Error);
        if (began is null)
            return null;
        var ended = await CallAsync(async client =>
            (await client.PutEndAsync(new(_id, new(key, null), ReplicaType.All, Tenant), _ending.Token)).Error);
        return ended is null ? null : began;
    }

    private void NoteGap()
    {
        var now = Stopwatch.GetTimestamp();
        if (_lastPut != 0)
            Volatile.Write(ref _longestGap, Math.Max(Volatile.Read(ref _longestGap), now - _lastPut));
        _lastPut = now;
    }

    private void Note(ref long first, long? beganTicks)
    {
        if (beganTicks >= Volatile.Read(ref _since) && Volatile.Read(ref first) == 0)
            Volatile.Write(ref first, Stopwatch.GetTimestamp());
    }

    // When the call was begun, if it was answered with Ok; otherwise null.
    private async Task<long?> CallAsync(Func<MasterClient, Task<ErrorCode>> call)
    {
        var began = Stopwatch.GetTimestamp();
        if (await ConnectAsync() is not { } connection)
        {
            _refused(NotConnected);
            return null;
        }

        try
        {
            var error = await call(new MasterClient(connection));
            if (error == ErrorCode.Ok)
                return began;
            _refused(string.Create(CultureInfo.InvariantCulture, $"{error} ({(int)error})"));
        }
        catch (MasterRpcException)
        {
            _refused(Closed);
        }

        return null;
    }

    // Its pool's: a connection is opened again by the next call, and what refuses it is tried three times, a second apart.
    private async Task<MasterConnection?> ConnectAsync()
    {
        await _connecting.WaitAsync(_ending.Token);
        try
        {
            if (_master() is not { } address)
                return null;
            if (_connection is { IsOpen: true } open && open.EndPoint.Equals(address))
                return open;
            if (_connection is { } old)
                await old.DisposeAsync();
            _connection = null;
            for (var left = ConnectTries; ; left--)
            {
                try
                {
                    return _connection = await MasterConnection.ConnectAsync(address, MasterConnectionSettings.Default, _ending.Token);
                }
                catch (MasterRpcException) when (left > 1)
                {
                    await Task.Delay(ConnectPause, _ending.Token);
                }
                catch (MasterRpcException)
                {
                    return null;
                }
            }
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task RepeatAsync(Func<Task<TimeSpan>> round)
    {
        try
        {
            // Clients that were started together are as far apart as clients are.
            await Task.Delay(PingInterval * Random.Shared.NextDouble(), _ending.Token);
            while (true)
                await Task.Delay(await round(), _ending.Token);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Disposed: that is how it ends.
        }
    }
}
