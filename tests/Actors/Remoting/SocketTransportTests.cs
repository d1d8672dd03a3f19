// The transport between nodes, over real sockets: the same bytes as Akka's own, whatever their number, and a bound for strangers.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using HotStandby.Actors.Remoting;
using HotStandby.Actors.Settings;

namespace HotStandby.Tests.Actors.Remoting;

public sealed class SocketTransportTests
{
    private const int Most = 4;

    private static readonly Config Given = ConfigurationFactory.ParseString("""
        akka.actor.provider = remote
        akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        akka.loglevel = OFF
        akka.stdout-loglevel = OFF
        """);

    // The keys of akka.conf that choose the transport and its threads; the rest of it is about clusters.
    private static readonly Config Ours = Given
        .WithFallback(ConfigurationFactory.ParseString("akka.remote.untrusted-mode = off"))
        .WithFallback(EmbeddedConfiguration.Akka);

    private static readonly Config Akkas = Given.WithFallback(ConfigurationFactory.ParseString(
        "akka.remote.dot-netty.tcp { maximum-frame-size = 16MiB, send-buffer-size = 4MiB, receive-buffer-size = 4MiB }"));

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

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Messages_of_all_sizes_come_whole_and_in_order_also_from_and_to_Akkas_own_transport(bool sender, bool receiver)
    {
        // More at once than a socket takes, so that the rest has to wait for it.
        int[] sizes = [0, 1, 65_531, 65_532, 65_533, 1 << 20, 10 << 20, 7, 3 << 20, 3 << 20, 3 << 20, 3 << 20, 3 << 20, 3 << 20, 11];
        using var there = StartSystem("receiver", receiver ? Ours : Akkas);
        using var here = StartSystem("sender", sender ? Ours : Akkas);
        there.ActorOf(Props.Create<Digests>(), "digests");
        var port = ((ExtendedActorSystem)there).Provider.DefaultAddress.Port!.Value;
        var digests = await here.ActorSelection($"akka.tcp://receiver@127.0.0.1:{port}/user/digests").ResolveOne(Deadline.Step);
        var random = new Random(1);
        var answers = new List<Task<string>>();
        var expected = new List<string>();
        for (var i = 0; i < sizes.Length; i++)
        {
            var bytes = new byte[sizes[i]];
            random.NextBytes(bytes);
            expected.Add($"{i} {Digest(bytes)}");
            answers.Add(digests.Ask<string>(bytes, Deadline.Step));
        }

        Assert.Equal(expected, await Task.WhenAll(answers));
    }

    [Fact]
    public async Task What_is_no_frame_ends_its_connection_alone()
    {
        using var server = StartSystem("server");
        using var peer = StartSystem("peer");
        server.ActorOf(Props.Create<Echo>(), "echo");
        var port = ((ExtendedActorSystem)server).Provider.DefaultAddress.Port!.Value;
        using var stranger = await ConnectAsync(port);
        await stranger.SendAsync("GET / HTTP/1.1\r\n"u8.ToArray());
        await MustBeClosedAsync(stranger);
        var answer = await peer.ActorSelection($"akka.tcp://server@127.0.0.1:{port}/user/echo").Ask<string>("hello", Deadline.Step);
        Assert.Equal("hello", answer);
    }

    [Fact]
    public async Task A_name_without_an_address_and_a_taken_port_are_said()
    {
        using var first = StartSystem("first");
        var port = ((ExtendedActorSystem)first).Provider.DefaultAddress.Port!.Value;
        var taken = await Assert.ThrowsAnyAsync<Exception>(() => Task.Run(() => StartSystem(
            "second", ConfigurationFactory.ParseString($"akka.remote.dot-netty.tcp.port = {port}").WithFallback(Ours))));
        Assert.IsType<SocketException>(Causes(taken).Last());
        var nowhere = await Assert.ThrowsAnyAsync<Exception>(() => Task.Run(() => StartSystem(
            "third", ConfigurationFactory.ParseString("akka.remote.dot-netty.tcp.hostname = no-such-host.invalid").WithFallback(Ours))));
        Assert.IsType<SocketException>(Causes(nowhere).Last());
    }

    private static IEnumerable<Exception> Causes(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
            yield return error;
    }

    private ActorSystem StartSystem(string name) => StartSystem(name, Ours);

    private ActorSystem StartSystem(string name, Config config) => ActorSystem.Create(name, ActorSystemSetup.Create(
        BootstrapSetup.Create().WithConfig(config), new RemotingBoundSetup(Most, _full.Enqueue)));

    private static string Digest(byte[] bytes) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes));

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

    private sealed class Digests : ReceiveActor
    {
        private int _count;

        public Digests() => Receive<byte[]>(bytes => Sender.Tell($"{_count++} {Digest(bytes)}"));
    }
}
