// The memory behind a load: mounts made-up segments and keeps the client alive with pings, so that the master does not drop
// them. Started before the load, ended after it. No byte is ever written to the addresses.
using System.Globalization;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Lab.Replay;

/// <summary>Segments of one client, mounted as long as this lives.</summary>
public sealed class SegmentOwner : IAsyncDisposable
{
    // Far enough apart for the largest segment.
    private const int AddressBits = 44;

    // Of an owner that ends: a cluster that is gone must not hold it up, and drops the segments of a silent client anyway.
    private static readonly TimeSpan UnmountPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

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
        IMasterClient client, Uuid clientId, int count, ulong segmentBytes, TimeSpan patience, TimeSpan pingInterval, TimeProvider? time,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(client);
        time ??= TimeProvider.System;
        var segments = Enumerable.Range(0, count).Select(index => Make(clientId, index, segmentBytes)).ToArray();
        var start = time.GetTimestamp();
        var mounted = 0;
        try
        {
            for (; mounted < segments.Length; mounted++)
                await MountAsync(client, segments[mounted], () => time.GetElapsedTime(start) >= patience, patience, time, cancellation)
                    .ConfigureAwait(false);
        }
        catch
        {
            // The one that failed, too: an answer may have been lost.
            await UnmountAsync(client, segments[..Math.Min(mounted + 1, segments.Length)], time).ConfigureAwait(false);
            throw;
        }
        return new SegmentOwner(client, segments, pingInterval, time);
    }

    /// <summary>
    /// Stops pinging and unmounts the segments; the objects in them go. Where no node serves within 2 s they stay until the
    /// master misses the client.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _pinging.ConfigureAwait(false);
        _ending.Dispose();
        await UnmountAsync(_client, Segments, _time).ConfigureAwait(false);
    }

    private static async Task MountAsync(
        IMasterClient client, Segment segment, Func<bool> isTooLate, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        while (await client.MountSegmentAsync(segment, cancellation).ConfigureAwait(false) is var error and not ErrorCode.Ok)
        {
            if (!MayPass(error))
                throw SegmentRefusedException.Refused(segment, error);
            if (isTooLate())
                throw SegmentRefusedException.NoService(segment, error, patience, client.WhyNoService);
            await Task.Delay(RetryDelay, time, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task UnmountAsync(IMasterClient client, IReadOnlyList<Segment> segments, TimeProvider time)
    {
        using var patience = new CancellationTokenSource(UnmountPatience, time);
        try
        {
            foreach (var segment in segments)
            {
                while (MayPass(await client.UnmountSegmentAsync(segment.Id, patience.Token).ConfigureAwait(false)))
                    await Task.Delay(RetryDelay, time, patience.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            // Nobody is there to take them back; the master drops them once it misses the client.
        }
    }

    // The endpoint is the client's own: a master refuses memory that overlaps other memory of the same endpoint.
    private static Segment Make(Uuid client, int index, ulong bytes) => new(
        new Uuid(client.First, client.Second + 1 + (ulong)index), string.Create(CultureInfo.InvariantCulture, $"made-up-{client}-{index}"),
        (ulong)(index + 1) << AddressBits, bytes, string.Create(CultureInfo.InvariantCulture, $"made-up-{client}:{20_000 + index}"),
        "tcp", "made-up");

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

/// <summary>A segment could not be mounted; the message says why, and what to do.</summary>
/// <param name="message">Both.</param>
/// <param name="isTemporary">True when no node served in time; false when one refused.</param>
public sealed class SegmentRefusedException(string message, bool isTemporary) : Exception(message)
{
    /// <summary>True when no node served in time; false when one refused.</summary>
    public bool IsTemporary { get; } = isTemporary;

    internal static SegmentRefusedException Refused(Segment segment, ErrorCode error) => new(string.Create(CultureInfo.InvariantCulture,
        $"segment {segment.Name} could not be mounted: the master answered {error} ({(int)error}). {Advice(error)}"), isTemporary: false);

    internal static SegmentRefusedException NoService(Segment segment, ErrorCode last, TimeSpan patience, string? why) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"segment {segment.Name} could not be mounted within {patience.TotalSeconds:0.#} s: "
            + $"{why ?? $"the last answer was {last}"}"), isTemporary: true);

    private static string Advice(ErrorCode error) => error switch
    {
        ErrorCode.InvalidParams => "It overlaps another segment of the same endpoint, or its size or address does not suit the master's "
            + "allocator: try another --segment-bytes",
        _ => "The log of the Primary may say more",
    };
}
