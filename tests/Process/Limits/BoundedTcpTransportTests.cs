// The bound of the remoting port, over Akka's own transport: what this class takes from inside of Akka is still there.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using HotStandby.Host.Limits;

namespace HotStandby.Tests.Process.Limits;

public sealed class BoundedTcpTransportTests
{
    private const int Most = 4;

    private static readonly Config Given = ConfigurationFactory.ParseString("""
        akka.actor.provider = remote
        akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        akka.loglevel = OFF
        akka.stdout-loglevel = OFF
        """);

    private readonly ConcurrentQueue<int> _full = [];

    [Fact]
    public async Task A_stranger_that_says_nothing_gives_way_and_a_node_gets_in()
    {
        using var server = StartSystem("server");
        using var peer = StartSystem("peer");
        server.ActorOf(Props.Create<Echo>(), "echo");
        var port = ((ExtendedActorSystem)server).Provider.DefaultAddress.Port!.Value;
        var strangers = new List<Socket>();
        for (var i = 0; i < 3 * Most; i++)
            strangers.Add(await ConnectAsync(port));
        // The earliest have given way; the last ones are still there.
        foreach (var early in strangers[..(2 * Most)])
            await MustBeClosedAsync(early);
        var answer = await peer.ActorSelection($"akka.tcp://server@127.0.0.1:{port}/user/echo").Ask<string>("hello", Deadline.Step);
        Assert.Equal("hello", answer);
        Assert.Empty(_full);
        strangers.ForEach(static stranger => stranger.Dispose());
    }

    [Fact]
    public async Task A_connection_that_has_said_something_stays_and_one_more_is_closed_and_counted()
    {
        using var server = StartSystem("server");
        var port = ((ExtendedActorSystem)server).Provider.DefaultAddress.Port!.Value;
        var talkers = new List<Socket>();
        var began = TimeProvider.System.GetTimestamp();
        // One that is not heard before the next one comes may have to give way to it.
        while (_full.IsEmpty)
        {
            talkers.Add(await ConnectAsync(port));
            await talkers[^1].SendAsync(new byte[] { 0 }); // a part of a frame's length
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Deadline.Step);
        }

        Assert.All(_full, static most => Assert.Equal(Most, most));
        talkers.ForEach(static talker => talker.Dispose());
    }

    [Fact]
    public void Another_transport_that_the_operator_names_is_left_in_force()
    {
        Assert.True(BoundedTcpTransport.ConfigurationFor(Given).HasPath("akka.remote.dot-netty.tcp.transport-class"));
        var named = ConfigurationFactory.ParseString("akka.remote.dot-netty.tcp.transport-class = \"Own, own\"");
        Assert.True(BoundedTcpTransport.ConfigurationFor(named).IsEmpty);
    }

    private ActorSystem StartSystem(string name) => ActorSystem.Create(name, ActorSystemSetup.Create(
        BootstrapSetup.Create().WithConfig(BoundedTcpTransport.ConfigurationFor(Given).WithFallback(Given)),
        new RemotingBoundSetup(Most, _full.Enqueue)));

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    private static async Task MustBeClosedAsync(Socket stranger)
    {
        try
        {
            Assert.Equal(0, await stranger.ReceiveAsync(new byte[1]).WaitAsync(Deadline.Step));
        }
        catch (SocketException reset) when (reset.SocketErrorCode == SocketError.ConnectionReset)
        {
            // That is an end, too.
        }
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }
}
