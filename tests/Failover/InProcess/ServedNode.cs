// A node with its doors for clients and operators, in a process that is not its own. What the verb `run` does besides (signals, exit codes)
// is left to whoever owns the process.
using System.Net;
using HotStandby.Actors.Node;
using HotStandby.Actors.Settings;
using HotStandby.Host.Http;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Server;
using Microsoft.AspNetCore.Builder;

namespace HotStandby.Tests.Failover.InProcess;

/// <summary>A node that is reached like one in production.</summary>
internal sealed class ServedNode(HotStandbyNode node, MooncakeServer door, WebApplication http)
{
    /// <summary>The node behind the doors.</summary>
    public HotStandbyNode Node { get; } = node;

    /// <summary>Opens the doors of a node, on loopback.</summary>
    public static async Task<ServedNode> OpenAsync(HotStandbyNode node, ClientSettings client, int clientPort, int httpPort)
    {
        var door = await MooncakeServer.StartAsync(
            node.Gateway,
            new ServerOptions(
                new IPEndPoint(IPAddress.Loopback, clientPort), new FrameLimits(client.MaximumFrameBytes), client.MaximumRequestsInFlight,
                client.MaximumConnections, client.RequestTimeout),
            TimeProvider.System);
        var admin = new AdminOptions { Endpoint = new IPEndPoint(IPAddress.Loopback, httpPort), ClientAddress = $"127.0.0.1:{clientPort}" };
        var http = await AdminServer.StartAsync(admin, node.Gateway, node.ReportAsync, NodeControls.Of(node));
        return new ServedNode(node, door, http);
    }

    /// <summary>Closes the doors; the node is left as it is.</summary>
    public async Task CloseAsync()
    {
        await door.DisposeAsync();
        await http.DisposeAsync();
    }
}
