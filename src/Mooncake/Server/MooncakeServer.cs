// The clients' door: Kestrel listens, a MooncakeConnection serves each connection.
using HotStandby.Messages.Network;
using System.Collections.Concurrent;
using System.Net;
using HotStandby.Messages.Calls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace HotStandby.Mooncake.Server;

/// <summary>Listens for Mooncake clients. Speaks to the node through an <see cref="IMasterGateway"/> only.</summary>
public sealed class MooncakeServer : IAsyncDisposable
{
    private static readonly TimeSpan TimeoutCheckInterval = TimeSpan.FromSeconds(1);

    private readonly WebApplication _host;
    private readonly ConcurrentDictionary<MooncakeConnection, byte> _connections = new();
    private readonly DoorMetrics _metrics = new();
    private readonly ITimer _timeouts;
    private readonly IMasterGateway _gateway;
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly ConnectionSlots _slots;

    private MooncakeServer(IMasterGateway gateway, ServerOptions options, TimeProvider time)
    {
        (_gateway, _options, _time) = (gateway, options, time);
        // Empty: the usual builder reads settings files and watches their directory, which on a busy node is the journal's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton<IConnectionListenerFactory>(new PatientListenerFactory(Transport(), options.Paused, time));
        _slots = new ConnectionSlots(options.MaximumConnections, options.Full);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(options.Endpoint, listen =>
            {
                listen.Use(next => connection => AdmitAsync(connection, next));
                options.Guard?.Invoke(listen);
                listen.Run(ServeAsync);
            });
        });
        _host = builder.Build();
        _gateway.ServiceEnded += LeaveAll;
        _timeouts = time.CreateTimer(_ => CheckTimeouts(), null, TimeoutCheckInterval, TimeoutCheckInterval);
    }

    /// <summary>Where it listens, once started.</summary>
    public IPEndPoint Endpoint { get; private set; } = new(IPAddress.None, 0);

    /// <summary>How its sockets behave.</summary>
    internal static SocketTransportOptions Transport() => new()
    {
        // What is received ahead of the reading loop, for each connection: outside the budget, so no more than a small frame.
        MaxReadBufferSize = ServerOptions.SmallFrameBytes,
        Backlog = ServerOptions.Backlog,
        // The loops of a connection never block: they may run on the thread that has received, and the one that answers may send.
        UnsafePreferInlineScheduling = true,
    };

    /// <summary>Starts listening.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<MooncakeServer> StartAsync(IMasterGateway gateway, ServerOptions options, TimeProvider time)
    {
        var server = new MooncakeServer(gateway, options, time);
        try
        {
            await server._host.StartAsync();
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        var address = server._host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        server.Endpoint = new IPEndPoint(options.Endpoint.Address, new Uri(address).Port);
        return server;
    }

    /// <summary>Stops listening and ends every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        _gateway.ServiceEnded -= LeaveAll;
        await _timeouts.DisposeAsync();
        foreach (var connection in _connections.Keys)
            connection.Abandon();
        await _host.DisposeAsync();
        _metrics.Dispose();
    }

    // Before a handshake, which costs more than a place.
    private async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        using var slot = _slots.Enter(connection.Abort);
        if (slot is null)
            return; // closed in order, which a client that is still connecting understands

        connection.Features.Set(slot);
        await next(connection);
    }

    private async Task ServeAsync(ConnectionContext context)
    {
        // A client that has spoken once keeps its place: its next call may come at any time, and must not be lost.
        var slot = context.Features.Get<ConnectionSlots.Slot>()!;
        using var connection = new MooncakeConnection(
            context.Transport, context.Abort, slot.Begin, _gateway, _options, _metrics, _time);
        _connections.TryAdd(connection, 0);
        try
        {
            await connection.RunAsync();
        }
        finally
        {
            _connections.TryRemove(connection, out _);
            LimitLastBytes(context);
        }
    }

    // The transport sends what it has before it closes, and would wait without a limit for a client that does not read.
    private void LimitLastBytes(ConnectionContext context)
    {
        var limit = _time.CreateTimer(
            static state => ((ConnectionContext)state!).Abort(), context, _options.LastAnswersPatience, Timeout.InfiniteTimeSpan);
        context.ConnectionClosed.UnsafeRegister(static state => ((ITimer)state!).Dispose(), limit);
    }

    // Those that are open at this moment and no later ones; on another thread, since this one is an actor's.
    private void LeaveAll() => ThreadPool.UnsafeQueueUserWorkItem(
        static open =>
        {
            foreach (var connection in open)
                connection.Leave();
        },
        _connections.Keys,
        preferLocal: false);

    private void CheckTimeouts()
    {
        foreach (var connection in _connections.Keys)
            connection.CheckTimeout();
    }
}
