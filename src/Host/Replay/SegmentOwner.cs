// The memory behind a replay: mounts made-up segments and keeps the client alive with pings, so that the master does not drop
// them. Started before the engine, ended after it. No byte is ever written to the addresses.
using System.Globalization;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Host.Replay;

/// <summary>Segments of one client, mounted as long as this lives and a client's TTL longer.</summary>
public sealed class SegmentOwner : IAsyncDisposable
{
    // Far enough apart for the largest segment.
    private const int AddressBits = 44;

    private readonly IMasterClient _client;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _pinging;
    private long _remounts;

    private SegmentOwner(IMasterClient client, IReadOnlyList<Segment> segments, TimeSpan pingInterval, TimeProvider time)
    {
        (_client, _time, Segments) = (client, time, segments);
        _pinging = PingAsync(pingInterval);
    }

    /// <summary>The largest segment, in bytes: 16 TiB.</summary>
    public const ulong MaximumSegmentBytes = 1UL << AddressBits;

    /// <summary>What is mounted.</summary>
    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>How often a new Primary asked for the segments and got them.</summary>
    public long Remounts => Volatile.Read(ref _remounts);

    /// <summary>Mounts segments and begins to ping.</summary>
    /// <param name="client">The client that owns them.</param>
    /// <param name="clientId">Its id, from which those of the segments are made.</param>
    /// <param name="count">How many; 1 or more.</param>
    /// <param name="segmentBytes">Size of each; 1 to <see cref="MaximumSegmentBytes"/>.</param>
    /// <param name="patience">For how long no node may serve.</param>
    /// <param name="pingInterval">Well below the client TTL.</param>
    /// <param name="time">The clock; null for the machine's.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SegmentRefusedException">The master refused a segment, or no node served in time.</exception>
    public static async Task<SegmentOwner> MountAsync(
        IMasterClient client, Uuid clientId, int count, ulong segmentBytes, TimeSpan patience, TimeSpan pingInterval, TimeProvider? time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(client);
        time ??= TimeProvider.System;
        var segments = Enumerable.Range(0, count).Select(index => Make(clientId, index, segmentBytes)).ToArray();
        var start = time.GetTimestamp();
        foreach (var segment in segments)
        {
            while (await client.MountSegmentAsync(segment, cancellation).ConfigureAwait(false) is var error and not ErrorCode.Ok)
            {
                if (!MayPass(error) || time.GetElapsedTime(start) >= patience)
                    throw new SegmentRefusedException(segment, error, MayPass(error));
                await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellation).ConfigureAwait(false);
            }
        }
        return new SegmentOwner(client, segments, pingInterval, time);
    }

    /// <summary>Stops pinging. The segments stay until the master misses the client.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _pinging.ConfigureAwait(false);
        _ending.Dispose();
    }

    private static Segment Make(Uuid client, int index, ulong bytes) => new(
        new Uuid(client.First, client.Second + 1 + (ulong)index), string.Create(CultureInfo.InvariantCulture, $"replay-{client}-{index}"),
        (ulong)(index + 1) << AddressBits, bytes, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{20_000 + index}"), "tcp", "replay");

    private static bool MayPass(ErrorCode error) => error is ErrorCode.RpcFail or ErrorCode.RpcTimeout
        or ErrorCode.UnavailableInCurrentMode or ErrorCode.UnavailableInCurrentStatus;

    private async Task PingAsync(TimeSpan interval)
    {
        using var timer = new PeriodicTimer(interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token).ConfigureAwait(false))
            {
                var answer = await _client.PingAsync(_ending.Token).ConfigureAwait(false);
                // An error is no matter: the next tick asks again, and a remount that fails is asked for again.
                if (answer is { Error: ErrorCode.Ok, Status: ClientStatus.NeedRemount }
                    && await _client.ReMountSegmentAsync(Segments, _ending.Token).ConfigureAwait(false) == ErrorCode.Ok)
                    Interlocked.Increment(ref _remounts);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Disposed: that is how it ends.
        }
    }
}

/// <summary>A segment could not be mounted.</summary>
/// <param name="segment">Which.</param>
/// <param name="error">What the master said last.</param>
/// <param name="isTemporary">True when no node served in time; false when one refused.</param>
public sealed class SegmentRefusedException(Segment segment, ErrorCode error, bool isTemporary) : Exception($"segment {segment?.Name} could not be mounted: {error}")
{
    /// <summary>True when no node served in time; false when one refused.</summary>
    public bool IsTemporary { get; } = isTemporary;
}
