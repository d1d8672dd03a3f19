// Finds the Primary among several addresses and keeps the connection to it. All nodes are asked at once: one that is gone
// without a trace must not hold up the one that serves.
using System.Globalization;
using System.Net;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Client;

/// <summary>The connection to whichever node serves now. Thread-safe.</summary>
/// <param name="addresses">Every node, as host:port.</param>
/// <param name="settings">How connections behave; null for the defaults.</param>
public sealed class PrimaryFinder(IReadOnlyList<string> addresses, MasterConnectionSettings? settings = null) : IAsyncDisposable
{
    private readonly EndPoint[] _nodes = [.. addresses.Select(ToEndPoint)];
    private readonly SemaphoreSlim _searching = new(1);
    private MasterConnection? _primary;

    /// <summary>The open connection to the node that serves; looks for it when there is none.</summary>
    /// <exception cref="MasterRpcException">No node serves now; the kind is <see cref="MasterRpcFailure.NotSent"/>.</exception>
    public async ValueTask<MasterConnection> GetAsync(CancellationToken cancellation = default)
    {
        if (Volatile.Read(ref _primary) is { IsOpen: true } open)
            return open;
        await _searching.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_primary is { IsOpen: true } found)
                return found;
            if (_primary is { } closed)
                await closed.DisposeAsync().ConfigureAwait(false);
            Volatile.Write(ref _primary, null);
            var primary = await SearchAsync(cancellation).ConfigureAwait(false);
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
        if (Interlocked.Exchange(ref _primary, null) is { } open)
            await open.DisposeAsync().ConfigureAwait(false);
        _searching.Dispose();
    }

    private async Task<MasterConnection> SearchAsync(CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var probes = _nodes.Select(node => ProbeAsync(node, enough.Token)).ToList();
        MasterConnection? primary = null;
        await foreach (var probe in Task.WhenEach(probes).ConfigureAwait(false))
        {
            if (await probe.ConfigureAwait(false) is not { } serving)
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

        cancellation.ThrowIfCancellationRequested();
        return primary ?? throw new MasterRpcException(MasterRpcFailure.NotSent, $"none of {string.Join(", ", addresses)} serves");
    }

    // The connection to a node that serves; null for one that does not, or cannot be reached.
    private async Task<MasterConnection?> ProbeAsync(EndPoint node, CancellationToken cancellation)
    {
        MasterConnection? connection = null;
        try
        {
            connection = await MasterConnection.ConnectAsync(node, settings, cancellation).ConfigureAwait(false);
            var ready = await connection.CallAsync<ServiceReadyRequest, Expected<ByteString>>(default, cancellation).ConfigureAwait(false);
            if (ready.IsOk)
                return connection;
        }
        catch (Exception failure) when (failure is MasterRpcException or OperationCanceledException)
        {
            // Not this one; the caller asks all of them and says so when none serves.
        }

        if (connection is not null)
            await connection.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    private static EndPoint ToEndPoint(string address)
    {
        if (IPEndPoint.TryParse(address, out var endPoint))
            return endPoint;
        var colon = address.LastIndexOf(':');
        return new DnsEndPoint(address[..colon], int.Parse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture));
    }
}
