// Finds the Primary among several addresses and keeps the connection to it. All nodes are asked at once: one that is gone
// without a trace must not hold up the one that serves. A Primary that answers no more, frozen or vanished, is left as soon
// as another node serves. Instead of the nodes' client ports it may be given their discovery ports, which name the Primary.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using HotStandby.Messages;
using HotStandby.Messages.Network;
using HotStandby.Mooncake.Discovery;

namespace HotStandby.Mooncake.Client;

/// <summary>The connection to whichever node serves now. Thread-safe.</summary>
public sealed class PrimaryFinder : IAsyncDisposable
{
    // So often in the time of SilencePatience it is looked whether a call waits that long.
    private const int LooksPerPatience = 5;

    // A node to ask: at its client port, or at its discovery port, which names the node to ask.
    private readonly record struct Node(string Address, EndPoint EndPoint);

    private readonly Node[] _nodes;
    private readonly DiscoveryClient? _discovery;
    private readonly MasterConnectionSettings _settings;
    private readonly SemaphoreSlim _searching = new(1);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _watching;
    private readonly Lock _followingLock = new();
    private Task _following = Task.CompletedTask;
    private MasterConnection? _primary;

    /// <summary>Connects to nothing yet.</summary>
    /// <param name="addresses">
    /// What <see cref="MasterAddresses"/> reads: every node's client port, or <c>etcd://</c> and their discovery ports.
    /// </param>
    /// <param name="settings">How connections behave; null for the defaults.</param>
    /// <exception cref="ArgumentException">An address is none, or both kinds are given.</exception>
    public PrimaryFinder(IReadOnlyList<string> addresses, MasterConnectionSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        _settings = settings ?? MasterConnectionSettings.Default;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_settings.SilencePatience, TimeSpan.Zero, nameof(settings));
        var places = MasterAddresses.Parse(addresses);
        _nodes = [.. places.Nodes.Select(ToNode)];
        if (places.AreDiscovery)
            _discovery = new DiscoveryClient(places.Nodes, _settings.Cluster, _settings.ConnectTimeout, Follow, _settings.Time);
        _watching = Task.Run(WatchAsync);
    }

    /// <summary>The open connection to the node that serves; looks for it when there is none.</summary>
    /// <exception cref="MasterRpcException">
    /// No node serves now; the kind is <see cref="MasterRpcFailure.NotSent"/>, the message says of every address why not.
    /// </exception>
    public async ValueTask<MasterConnection> GetAsync(CancellationToken cancellation = default)
    {
        if (Volatile.Read(ref _primary) is { IsOpen: true } open)
            return open;
        await _searching.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            // The watch may put another one in the place of a closed one, but never one into an empty place.
            while (Volatile.Read(ref _primary) is { } known)
            {
                if (known.IsOpen)
                    return known;
                await LeaveAsync(known).ConfigureAwait(false);
            }
            _discovery?.Watch();
            var (primary, verdicts) = await SearchAsync(butNot: null, cancellation).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            if (primary is null)
                throw new MasterRpcException(MasterRpcFailure.NotSent, $"no node serves: {string.Join(", ", verdicts)}");
            Volatile.Write(ref _primary, primary);
            return primary;
        }
        finally
        {
            _searching.Release();
        }
    }

    /// <summary>The node behind this connection serves no more: the next caller looks for another.</summary>
    public async ValueTask LeaveAsync(MasterConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        if (Interlocked.CompareExchange(ref _primary, null, connection) == connection)
            await connection.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        if (_discovery is not null)
            await _discovery.DisposeAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(false);
        if (Interlocked.Exchange(ref _primary, null) is { } open)
            await open.DisposeAsync().ConfigureAwait(false);
        _searching.Dispose();
        _ending.Dispose();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(_settings.SilencePatience / LooksPerPatience, _settings.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token).ConfigureAwait(false))
            {
                if (Volatile.Read(ref _primary) is { IsOpen: true } silent && silent.LongestWait >= _settings.SilencePatience)
                    await ReplaceAsync(silent).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Disposed: that is how it ends.
        }
    }

    // The calls of the silent connection end with it, their outcome unknown; whatever its node still answers reaches nobody.
    private async Task ReplaceAsync(MasterConnection silent)
    {
        var (successor, _) = await SearchAsync(silent.EndPoint, _ending.Token).ConfigureAwait(false);
        if (successor is null)
            return;
        var replaced = Interlocked.CompareExchange(ref _primary, successor, silent) == silent;
        await (replaced ? silent : successor).DisposeAsync().ConfigureAwait(false);
    }

    // The first that serves, or none and what each one said. Says none when it is cancelled.
    private async Task<(MasterConnection? Primary, IReadOnlyList<string> Verdicts)> SearchAsync(
        EndPoint? butNot, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var asked = new ConcurrentDictionary<string, bool>();
        var nodes = Array.FindAll(_nodes, node => _discovery is not null || !node.EndPoint.Equals(butNot));
        var probes = nodes.Select(node => _discovery is null
            ? ProbeAsync(node.EndPoint, enough.Token) : AskAsync(node, _discovery, butNot, asked, enough.Token)).ToArray();
        MasterConnection? primary = null;
        await foreach (var probe in Task.WhenEach(probes).ConfigureAwait(false))
        {
            if ((await probe.ConfigureAwait(false)).Serving is not { } serving)
                continue;
            if (primary is null)
            {
                primary = serving;
                await enough.CancelAsync().ConfigureAwait(false);
            }
            else
            {
                await serving.DisposeAsync().ConfigureAwait(false);
            }
        }

        if (primary is not null && cancellation.IsCancellationRequested)
        {
            await primary.DisposeAsync().ConfigureAwait(false);
            primary = null;
        }
        return (primary, [.. nodes.Zip(probes, (node, probe) => $"{node.Address} {probe.Result.Verdict}")]);
    }

    // Asks the node that a discovery port names, unless another port has named it. For a port that does not answer, it asks the node that
    // was named last: that one may serve although no discovery port can be reached.
    private async Task<(MasterConnection? Serving, string Verdict)> AskAsync(
        Node node, DiscoveryClient discovery, EndPoint? butNot, ConcurrentDictionary<string, bool> asked, CancellationToken cancellation)
    {
        string verdict;
        string? named = null;
        try
        {
            named = (await discovery.AskAsync(node.Address, cancellation).ConfigureAwait(false))?.Address;
            verdict = named is null ? $"knows of no node that serves, by the key {discovery.Key}" : $"names {named}";
        }
        catch (Exception failure) when (failure is RpcException or OperationCanceledException)
        {
            named = discovery.Latest.Address;
            // A port that knows of no node that serves answers late, too: it waits for one.
            verdict = failure is RpcException { StatusCode: not StatusCode.Cancelled } refused
                ? $"does not answer ({refused.Status.DebugException?.GetBaseException().Message ?? refused.Status.Detail})"
                : $"names no node that serves within {_settings.ConnectTimeout.TotalSeconds} s";
        }

        if (named is null || !HostAndPort.TryParse(named, out _) || ToNode(named) is var primary && primary.EndPoint.Equals(butNot)
            || !asked.TryAdd(named, true))
            return (null, verdict);
        var (serving, said) = await ProbeAsync(primary.EndPoint, cancellation).ConfigureAwait(false);
        return (serving, $"{verdict}; {named} {said}");
    }

    // A discovery port names the Primary of a later epoch: a connection to any other node is of no use now, even if that node is silent.
    private void Follow(DiscoveredView view)
    {
        lock (_followingLock)
        {
            var before = _following;
            _following = Task.Run(() => FollowAsync(before, view));
        }
    }

    private async Task FollowAsync(Task before, DiscoveredView view)
    {
        await before.ConfigureAwait(false);
        if (Volatile.Read(ref _primary) is { IsOpen: true } present && !_ending.IsCancellationRequested
            && HostAndPort.TryParse(view.Address, out _) && !ToNode(view.Address).EndPoint.Equals(present.EndPoint))
            await ReplaceAsync(present).ConfigureAwait(false);
    }

    // The connection to a node that serves; otherwise why there is none.
    private async Task<(MasterConnection? Serving, string Verdict)> ProbeAsync(EndPoint node, CancellationToken cancellation)
    {
        MasterConnection? connection = null;
        string verdict;
        try
        {
            connection = await MasterConnection.ConnectAsync(node, _settings, cancellation).ConfigureAwait(false);
            using var timeout = new CancellationTokenSource(_settings.ConnectTimeout, _settings.Time);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
            var ready = await new MasterClient(connection).ServiceReadyAsync(patience.Token).ConfigureAwait(false);
            if (ready.IsOk)
                return (connection, "serves");
            verdict = ready.Error == ErrorCode.UnavailableInCurrentMode ? "is a Standby" : $"answers {ready.Error}";
        }
        catch (MasterRpcException failure)
        {
            verdict = failure.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? "refuses connections (nothing listens there)" : $"fails: {failure.Message}";
        }
        catch (OperationCanceledException)
        {
            verdict = $"does not answer within {_settings.ConnectTimeout.TotalSeconds:0.#} s";
        }

        if (connection is not null)
            await connection.DisposeAsync().ConfigureAwait(false);
        return (null, verdict);
    }

    private static Node ToNode(string address) => HostAndPort.TryParse(address, out var node)
        ? new Node(
            address, IPAddress.TryParse(node.Host, out var ip) ? new IPEndPoint(ip, node.Port) : new DnsEndPoint(node.Host, node.Port))
        : throw new ArgumentException($"'{address}' {HostAndPort.Rule}", nameof(address));
}
