// The same scenarios over the wire: three node processes on loopback, Mooncake's own calls, and a Primary that is killed. A call of a
// scenario is translated, sent, and its results are put where the in-process master puts them.
using System.Globalization;
using HotStandby.Lab.Cluster;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>A scenario's view of a running cluster. Disposing it unmounts what the scenario has mounted.</summary>
/// <param name="cluster">The cluster; not owned.</param>
/// <param name="number">Of the scenario on this cluster: its tenant.</param>
internal sealed partial class WireMaster(LocalCluster cluster, int number) : IScenarioMaster, IAsyncDisposable
{
    private static readonly TimeSpan Patience = Deadline.Step;
    private static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(50);

    // Only another node that serves ends a connection: a busy machine does not.
    private readonly PrimaryFinder _finder = new(cluster.ClientAddresses, new() { ConnectTimeout = Patience, ResponseTimeout = Patience });
    private readonly HttpClient _http = new() { Timeout = Patience };
    private readonly Dictionary<Uuid, Uuid> _mounted = [];
    private readonly HashSet<Uuid> _silent = [];
    private readonly HashSet<ObjectKey> _upserts = [];

    public byte[] Tenant { get; } = System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"scenario{number}"));

    public bool HoldsCommits => false;

    public bool IsOnRealTime => true;

    public async Task SubmitAsync(Func<IReplySink, MasterCall> call)
    {
        var sink = new CallSink();
        switch (call(sink))
        {
            case KeyedCall keyed:
                await SendAsync(keyed, await ClientAsync());
                keyed.Settle(keyed.Keys.Length);
                break;
            case ScanCall scan:
                await SendAsync(scan, await ClientAsync());
                break;
            case ListSegmentsCall list:
                list.Segments = await SegmentsAsync();
                list.Finish(ErrorCode.Ok);
                break;
            case SegmentCall segmentCall:
                segmentCall.Finish(await SendAsync(segmentCall, await ClientAsync()));
                break;
            case var other:
                throw new NotSupportedException(other.GetType().Name);
        }

        await sink.Answered;
    }

    public async Task<ClientStatus> PingAsync(Uuid client) =>
        (await (await ClientAsync()).PingAsync(new PingRequest(Own(client)))).Value.Status;

    public void FallSilent(Uuid client) => _silent.Add(client);

    public async Task AdvanceAsync(TimeSpan time)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(PingInterval);
        while (TimeProvider.System.GetElapsedTime(began) < time)
        {
            foreach (var client in _mounted.Values.Distinct().Where(client => !_silent.Contains(client)).ToArray())
                await PingAsync(client);
            await timer.WaitForNextTickAsync();
        }
    }

    public async Task FailOverAsync()
    {
        using var stop = new CancellationTokenSource(Patience);
        var old = await cluster.WaitForPrimaryAsync(Patience, stop.Token);
        old.Send(NodeSignal.Kill);
        await old.WaitForExitAsync(stop.Token);
        await cluster.WaitForPrimaryAsync(Patience, stop.Token);
        old.Start();
    }

    public async Task<bool> DigestsAgreeAsync()
    {
        var views = await cluster.WaitForAgreementAsync(Patience, CancellationToken.None);
        return views.Count == cluster.Nodes.Count && views.All(view => view.Partitions.SequenceEqual(views[0].Partitions));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (segment, client) in _mounted.ToArray())
            await (await ClientAsync()).UnmountSegmentAsync(new UnmountSegmentRequest(segment, Own(client)));
        var began = TimeProvider.System.GetTimestamp();
        while ((await SegmentsAsync()).Count > 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, "segments are not forgotten");
            await AdvanceAsync(PingInterval);
        }

        await _finder.DisposeAsync();
        _http.Dispose();
    }

    // Every scenario has clients of its own: what one has remounted, the next has not.
    private Uuid Own(Uuid client) => client with { Second = client.Second + ((ulong)number << 8) };

    private async ValueTask<MasterClient> ClientAsync() => new(await _finder.GetAsync());

    private async Task SendAsync(ScanCall scan, MasterClient client)
    {
        ByteString tenant = new(Tenant);
        if (scan.Operation == ScanOperation.GetReplicaLists)
        {
            var found = await client.GetReplicaListByRegexAsync(new(scan.Pattern!, tenant));
            if (found.IsOk)
                scan.Finish([.. found.Value.ToArray().Select(pair => (ObjectKey.From(Tenant, pair.Key.Span), default(ReplicaList)))], 0);
            else
                scan.Refuse(found.Error);
        }
        else if (scan.Pattern is { } pattern)
        {
            var removed = await client.RemoveByRegexAsync(new(pattern, scan.Force, tenant));
            if (removed.IsOk)
                scan.Finish([], removed.Value.Value);
            else
                scan.Refuse(removed.Error);
        }
        else
        {
            scan.Finish([], (await client.RemoveAllAsync(new(scan.Force, tenant))).Value);
        }
    }

    private async Task<ErrorCode> SendAsync(SegmentCall call, MasterClient client)
    {
        switch (call)
        {
            case MountSegmentCall mount:
                _mounted[mount.Segment.Id] = mount.Client;
                return (await client.MountSegmentAsync(new(ToWire(mount.Segment), Own(mount.Client)))).Error;
            case ReMountSegmentCall remount:
                WireSegment[] segments = [.. remount.Segments.Select(ToWire)];
                foreach (var segment in remount.Segments)
                    _mounted[segment.Id] = remount.Client;
                return (await client.ReMountSegmentAsync(new(segments, Own(remount.Client)))).Error;
            case UnmountSegmentCall unmount:
                _mounted.Remove(unmount.SegmentId);
                return (await client.UnmountSegmentAsync(new(unmount.SegmentId, Own(unmount.Client)))).Error;
            case GracefulUnmountSegmentCall graceful:
                var milliseconds = (ulong)graceful.GracePeriod.TotalMilliseconds;
                return (await client.GracefulUnmountSegmentAsync(new(graceful.SegmentId, Own(graceful.Client), milliseconds))).Error;
            case QuerySegmentStatusCall query:
                var status = await client.QuerySegmentStatusAsync(query.Name!);
                query.Status = status.IsOk ? (SegmentStatus)status.Value.Value : default;
                return status.Error;
            default:
                return await SendTaskAsync(call, client);
        }
    }

    // Clients cannot list segments; operators can.
    private async Task<IReadOnlyList<SegmentUse>> SegmentsAsync()
    {
        await using var body = await _http.GetStreamAsync(await AdminAsync("/get_segments_detail"));
        using var json = await System.Text.Json.JsonDocument.ParseAsync(body);
        return
        [
            .. json.RootElement.GetProperty("segments").EnumerateArray().Select(segment => new SegmentUse(
                Uuid.None,
                new Segment(
                    Uuid.None, segment.GetProperty("segment_name").GetString()!, 1, segment.GetProperty("size_bytes").GetUInt64(),
                    "", "", ""),
                SegmentStatus.Ok, segment.GetProperty("allocator_used_bytes").GetUInt64())),
        ];
    }

    // Every scenario has endpoints of its own: what may still be written there for a while is not the next one's business.
    private WireSegment ToWire(Segment segment) => new(
        segment.Id, segment.Name, segment.BaseAddress, segment.SizeBytes, $"{segment.TransportEndpoint}{number}", segment.Protocol,
        segment.HostId);
}
