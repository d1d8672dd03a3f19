// The audit: a client writes objects into memory of its own, each key once, and remembers what was acknowledged. That must be there until
// the audit itself removes it, a slice at a time, so that a run of any length holds few of them.
using System.Globalization;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Replay;
using HotStandby.Messages;
using HotStandby.Messages.Identity;

namespace HotStandby.Lab.Chaos;

/// <summary>The client that writes, and its memory.</summary>
internal sealed class AuditClient : IAsyncDisposable
{
    private const int SegmentCount = 2;
    private const ulong SegmentBytes = 1UL << 40;
    private static readonly Uuid Id = new(1, 0);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(1);

    private readonly MooncakeMasterClient _owning;
    private readonly SegmentOwner _owner;

    private AuditClient(MooncakeMasterClient owning, SegmentOwner owner, MooncakeMasterClient writing) =>
        (_owning, _owner, Calls) = (owning, owner, writing);

    /// <summary>Puts into this memory alone: that of other clients may be taken back any time.</summary>
    public MooncakeMasterClient Calls { get; }

    /// <summary>Mounts memory.</summary>
    /// <param name="addresses">Of the nodes' client doors.</param>
    /// <param name="patience">For how long no node may serve.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="SegmentRefusedException">The master refused, or no node served in time.</exception>
    public static async Task<AuditClient> BeginAsync(IReadOnlyList<string> addresses, TimeSpan patience, CancellationToken stop)
    {
        var owning = new MooncakeMasterClient(addresses, Id);
        try
        {
            var owner = await SegmentOwner.MountAsync(owning, Id, SegmentCount, SegmentBytes, patience, PingInterval, null, stop);
            return new AuditClient(owning, owner,
                new MooncakeMasterClient(addresses, Id) { PreferredSegments = [.. owner.Segments.Select(segment => segment.Name)] });
        }
        catch
        {
            await owning.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _owner.DisposeAsync();
        await _owning.DisposeAsync();
        await Calls.DisposeAsync();
    }
}

/// <summary>The acknowledged writes of one slice.</summary>
/// <param name="client">Who writes.</param>
/// <param name="slice">Makes the keys.</param>
/// <param name="gap">Hears of every acknowledgement.</param>
internal sealed class AuditedWrites(MooncakeMasterClient client, int slice, ServiceGap gap)
{
    private const int Writers = 2;
    private const int BatchKeys = 4;
    private const ulong ObjectBytes = 64 * 1024;
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);

    private readonly AcknowledgedWrites _acknowledged = new();
    private volatile IReadOnlyList<string> _latest = [];
    private long _next;

    /// <summary>Those that were acknowledged last, a few.</summary>
    public IReadOnlyList<string> Latest => _latest;

    /// <summary>Keys whose write was acknowledged.</summary>
    public int Count => _acknowledged.Count;

    /// <summary>Writes until it is cancelled; returns then.</summary>
    public Task WriteAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => WriteLoopAsync(stop)));

    /// <summary>The acknowledged keys that are gone.</summary>
    /// <exception cref="IOException">No answer, so nothing can be said.</exception>
    public Task<IReadOnlyList<string>> FindLostAsync(CancellationToken stop) => _acknowledged.FindLostAsync(client, stop);

    /// <summary>Removes all keys, as far as a node serves: those that stay are just not audited any more.</summary>
    public async Task RemoveAsync(CancellationToken stop)
    {
        foreach (var keys in _acknowledged.Keys.Chunk(ReplayOptions.MaximumBatch))
            await client.BatchRemoveAsync(keys, stop);
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
        string[] keys = [.. Enumerable.Range(0, BatchKeys)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"audit-{slice}-{first + i}"))];
        var start = await client.BatchPutStartAsync(keys, ObjectBytes, stop);
        if (start.Call != ErrorCode.Ok)
            return;
        string[] begun = [.. keys.Where((_, i) => start.Items[i] == ErrorCode.Ok)];
        if (begun.Length == 0)
            return;
        var end = await client.BatchPutEndAsync(begun, stop);
        if (end.Call != ErrorCode.Ok)
            return;
        string[] done = [.. begun.Where((_, i) => end.Items[i] == ErrorCode.Ok)];
        if (done.Length == 0)
            return;
        foreach (var key in done)
            _acknowledged.Add(key);
        _latest = done;
        gap.Served();
    }
}
