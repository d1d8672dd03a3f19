// Akka's TCP transport with a bound on the connections that come in. Akka has none: strangers at the remoting port could use up every
// descriptor, and .NET ends a process that has none left for a new thread. A connection that has sent nothing gives way to a new one, so
// strangers keep no node out. RunCommand names this class in the node's configuration; its bound comes with the actor system's setup.
using System.Reflection;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote.Transport;
using DotNetty.Transport.Channels;
using HotStandby.Mooncake.Server;

namespace HotStandby.Host.Limits;

/// <summary>The bound of the remoting port.</summary>
/// <param name="most">Connections that may come in at once; 1 or more.</param>
/// <param name="full">Called with <paramref name="most"/> for each connection that is closed for want of a place.</param>
internal sealed class RemotingBoundSetup(int most, Action<int> full) : Setup
{
    /// <summary>The places.</summary>
    public ConnectionSlots Slots { get; } = new(most, full);
}

/// <summary>The transport; made by Akka.</summary>
internal sealed class BoundedTcpTransport : Transport
{
    private const string TransportClass = "akka.remote.dot-netty.tcp.transport-class";

    // Neither is public; BoundedTcpTransportTests fails when a new version of Akka has other names.
    private static readonly Type TcpTransport = Type.GetType(
        "Akka.Remote.Transport.DotNetty.TcpTransport, Akka.Remote", throwOnError: true)!;

    private static readonly FieldInfo ServerChannel =
        TcpTransport.BaseType!.GetField("ServerChannel", BindingFlags.Instance | BindingFlags.NonPublic)!;

    private readonly Transport _tcp;

    /// <summary>What Akka calls.</summary>
    public BoundedTcpTransport(ActorSystem system, Config config)
    {
        (System, Config) = (system, config);
        _tcp = (Transport)Activator.CreateInstance(TcpTransport, system, config)!;
    }

    /// <inheritdoc/>
    public override string SchemeIdentifier { get => _tcp.SchemeIdentifier; protected set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override long MaximumPayloadBytes { get => _tcp.MaximumPayloadBytes; protected set => throw new NotSupportedException(); }

    /// <summary>What makes the actor system use it, unless an operator has named another transport.</summary>
    public static Config ConfigurationFor(Config given)
    {
        ArgumentNullException.ThrowIfNull(given);
        return given.HasPath(TransportClass)
            ? Config.Empty
            : ConfigurationFactory.ParseString(
                $"{TransportClass} = \"{typeof(BoundedTcpTransport).FullName}, {typeof(BoundedTcpTransport).Assembly.GetName().Name}\"");
    }

    /// <inheritdoc/>
    public override bool IsResponsibleFor(Address remote) => _tcp.IsResponsibleFor(remote);

    /// <inheritdoc/>
    public override Task<AssociationHandle> Associate(Address remoteAddress) => _tcp.Associate(remoteAddress);

    /// <inheritdoc/>
    public override Task<bool> Shutdown() => _tcp.Shutdown();

    /// <inheritdoc/>
    public override Task<bool> ManagementCommand(object message) => _tcp.ManagementCommand(message);

    /// <inheritdoc/>
    public override async Task<(Address, TaskCompletionSource<IAssociationEventListener>)> Listen()
    {
        var listening = await _tcp.Listen().ConfigureAwait(false);
        // Nothing is accepted before Akka has taken the listener.
        ((IChannel)ServerChannel.GetValue(_tcp)!)
            .Pipeline.AddFirst(new Entrance(System.Settings.Setup.Get<RemotingBoundSetup>().Value.Slots));
        return listening;
    }

    // Before Akka has seen the connection.
    private sealed class Entrance(ConnectionSlots slots) : ChannelHandlerAdapter
    {
        public override void ChannelRead(IChannelHandlerContext context, object message)
        {
            var child = (IChannel)message;
            if (slots.Enter(() => child.CloseAsync()) is not { } slot)
            {
                child.Unsafe.CloseForcibly();
                return;
            }

            child.Pipeline.AddFirst(new FirstBytes(slot));
            child.CloseCompletion.ContinueWith(_ => slot.Dispose(), TaskContinuationOptions.ExecuteSynchronously);
            context.FireChannelRead(message);
        }
    }

    // A connection that has sent something is Akka's to judge: it closes those that do not greet in time.
    private sealed class FirstBytes(ConnectionSlots.Slot slot) : ChannelHandlerAdapter
    {
        public override void ChannelRead(IChannelHandlerContext context, object message)
        {
            slot.Begin();
            context.FireChannelRead(message);
            context.Channel.Pipeline.Remove(this);
        }
    }
}
