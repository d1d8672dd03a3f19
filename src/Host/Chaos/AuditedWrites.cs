// One slice of the audit: a client of its own writes objects into memory of its own, each key once, and remembers what was acknowledged.
// As long as the slice lives everything acknowledged must be there. When it ends, its memory is taken back and the objects with it, so
// that a run of any length holds few of them.
using System.Diagnostics;
using System.Globalization;
using HotStandby.Host.Cluster;
using HotStandby.Host.Replay;
using HotStandby.Messages;
using HotStandby.Messages.Identity;

namespace HotStandby.Host.Chaos;

/// <summary>Acknowledged writes of one slice.</summary>
public sealed class AuditedWrites : IAsyncDisposable
{
    private const int Writers = 2;
    private const int BatchKeys = 4;
    private const int Segments = 2;
    private const ulong SegmentBytes = 1UL << 40;
    private const ulong ObjectBytes = 64 * 1024;
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(1);

    private readonly MooncakeMasterClient _client;
    private readonly SegmentOwner _owner;
    private readonly AcknowledgedWrites _acknowledged = new();
    private readonly string _name;
    private readonly ServiceGap _gap;
    private long _next;

    private AuditedWrites(string name, MooncakeMasterClient client, SegmentOwner owner, ServiceGap gap) =>
        (_name, _client, _owner, _gap) = (name, client, owner, gap);

    /// <summary>Keys whose write was acknowledged.</summary>
    public int Count => _acknowledged.Count;

    /// <summary>Mounts memory.</summary>
    /// <param name="addresses">Of the nodes' client doors.</param>
    /// <param name="slice">Makes keys and client id.</param>
    /// <param name="patience">For how long no node may serve.</param>
    /// <param name="gap">Hears of every acknowledgement.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="SegmentRefusedException">The master refused, or no node served in time.</exception>
    public static async Task<AuditedWrites> BeginAsync(
        IReadOnlyList<string> addresses, ulong slice, TimeSpan patience, ServiceGap gap, CancellationToken stop)
    {
        var id = new Uuid(slice + 1, 0);
        var client = new MooncakeMasterClient(addresses, id);
        try
        {
            var owner = await SegmentOwner.MountAsync(client, id, Segments, SegmentBytes, patience, PingInterval, null, stop);
            return new AuditedWrites(string.Create(CultureInfo.InvariantCulture, $"audit-{slice}"), client, owner, gap);
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes until it is cancelled; returns then.</summary>
    public Task WriteAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => WriteLoopAsync(stop)));

    /// <summary>The acknowledged keys that are gone.</summary>
    /// <exception cref="IOException">No answer, so nothing can be said.</exception>
    public Task<IReadOnlyList<string>> FindLostAsync(CancellationToken stop) => _acknowledged.FindLostAsync(_client, stop);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _owner.DisposeAsync();
        await _client.DisposeAsync();
    }

    private async Task WriteLoopAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await WriteBatchAsync(stop);
                await Task.Delay(Breath, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The slice is full.
        }
    }

    // A key whose outcome is not known is not written again: it may be there or not.
    private async Task WriteBatchAsync(CancellationToken stop)
    {
        var first = Interlocked.Add(ref _next, BatchKeys);
        string[] keys = [.. Enumerable.Range(0, BatchKeys).Select(i => string.Create(CultureInfo.InvariantCulture, $"{_name}-{first + i}"))];
        var start = await _client.BatchPutStartAsync(keys, ObjectBytes, stop);
        if (start.Call != ErrorCode.Ok)
            return;
        string[] begun = [.. keys.Where((_, i) => start.Items[i] == ErrorCode.Ok)];
        if (begun.Length == 0)
            return;
        var end = await _client.BatchPutEndAsync(begun, stop);
        if (end.Call != ErrorCode.Ok)
            return;
        for (var i = 0; i < begun.Length; i++)
        {
            if (end.Items[i] == ErrorCode.Ok)
                _acknowledged.Add(begun[i]);
        }
        _gap.Served();
    }
}

/// <summary>The longest time without an acknowledged write.</summary>
public sealed class ServiceGap
{
    private readonly Lock _lock = new();
    private long _last = Stopwatch.GetTimestamp();

    /// <summary>The longest so far.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>A write was acknowledged now.</summary>
    public void Served()
    {
        lock (_lock)
        {
            var gap = Stopwatch.GetElapsedTime(_last);
            _last = Stopwatch.GetTimestamp();
            if (gap > Longest)
                Longest = gap;
        }
    }
}
