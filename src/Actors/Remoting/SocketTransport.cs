// Akka's transport between nodes over plain sockets, on the wire the same as Akka's own, which runs on DotNetty. DotNetty hands each
// message to a loop of its own and from there to the pool: with few calls in flight that costs more than everything else that a write
// costs. Here the thread that sends writes to the socket, and one thread for each connection reads. It also bounds the connections that
// come in: strangers at the port could otherwise use up every descriptor. One that has sent nothing gives way to a new one, so strangers
// keep no node out.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;
using Akka.Remote.Transport;
using HotStandby.Messages.Network;

namespace HotStandby.Actors.Remoting;

/// <summary>The transport; made by Akka.</summary>
internal sealed class SocketTransport : Transport
{
    // More than the protocol ever has under way to a peer.
    private const int UnsentFrames = 8;

    // No descriptors are left, for example: the next attempt must not follow at once.
    private static readonly TimeSpan PatienceAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly SocketSettings _settings;
    private readonly RemotingTls? _tls;
    private readonly ConnectionSlots? _slots;
    private readonly SemaphoreSlim? _readers;
    private readonly ILoggingAdapter _log;
    private readonly Refusals _refusals;
    private readonly LinkLimits _limits;
    private readonly ConcurrentDictionary<SocketLink, bool> _links = [];
    private readonly TaskCompletionSource<IAssociationEventListener> _listener = new();
    private Socket? _door;
    private Address? _local;
    private volatile bool _isOver;

    /// <summary>What Akka calls.</summary>
    public SocketTransport(ActorSystem system, Config config)
    {
        (System, Config) = (system, config);
        _settings = SocketSettings.From(config);
        _tls = system.Settings.Setup.Get<RemotingTls>().GetOrElse(null!);
        _slots = system.Settings.Setup.Get<RemotingBoundSetup>() is { HasValue: true } bound ? bound.Value.Slots : null;
        _readers = _slots is null ? null : new SemaphoreSlim(_slots.Most);
        _log = Logging.GetLogger(system, typeof(SocketTransport));
        _refusals = new Refusals(_log);
        var mostUnsent = (int)Math.Min((long)UnsentFrames * _settings.MostFrameBytes, int.MaxValue / 2);
        _limits = new LinkLimits(_settings.MostFrameBytes, mostUnsent, _settings.ConnectTimeout);
        SchemeIdentifier = _tls is null ? "tcp" : "ssl.tcp";
        MaximumPayloadBytes = _settings.MostFrameBytes;
    }

    /// <inheritdoc/>
    public override bool IsResponsibleFor(Address remote) => true;

    /// <inheritdoc/>
    public override async Task<(Address, TaskCompletionSource<IAssociationEventListener>)> Listen()
    {
        EndPoint? place = null;
        try
        {
            place = await _settings.ListenAtAsync().ConfigureAwait(false);
            _door = _settings.NewSocket(place.AddressFamily);
            _door.Bind(place);
            _door.Listen(_settings.Backlog);
        }
        catch (SocketException error)
        {
            _door?.Dispose();
            throw new RemoteTransportException($"Failed to bind to [{place ?? _settings.ListenPlace}].", error);
        }

        var port = _settings.PublicPort ?? ((IPEndPoint)_door.LocalEndPoint!).Port;
        _local = new Address(SchemeIdentifier, System.Name, Bracketed(_settings.PublicHost), port);
        // Nothing is accepted before Akka has taken the listener.
        _ = AcceptAsync(_door);
        return (_local, _listener);
    }

    /// <inheritdoc/>
    public override async Task<AssociationHandle> Associate(Address remoteAddress)
    {
        ArgumentNullException.ThrowIfNull(remoteAddress);
        if (_isOver)
            throw new InvalidAssociationException("the transport has ended");
        var opened = new TaskCompletionSource<AssociationHandle>(TaskCreationOptions.RunContinuationsAsynchronously);
        IPEndPoint place;
        try
        {
            place = await _settings.ConnectToAsync(remoteAddress).ConfigureAwait(false);
        }
        catch (SocketException error)
        {
            throw new InvalidAssociationException($"{error.Message} {remoteAddress}", error);
        }

        StartThread("remoting-reader", () => Call(remoteAddress, place, opened));
        return await opened.Task.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task<bool> Shutdown()
    {
        _isOver = true;
        _door?.Dispose();
        foreach (var link in _links.Keys)
            link.Dispose();
        await Task.WhenAll(_links.Keys.Select(static link => link.Ended)).ConfigureAwait(false);
        return true;
    }

    private async Task AcceptAsync(Socket door)
    {
        var listener = await _listener.Task.ConfigureAwait(false);
        while (!_isOver)
        {
            Socket socket;
            try
            {
                socket = await door.AcceptAsync().ConfigureAwait(false);
            }
            catch (Exception error) when (error is ObjectDisposedException or SocketException)
            {
                if (_isOver)
                    return;
                if (_refusals.IsDue("", error.Message))
                    _log.Warning("A connection at the remoting port was not accepted: {Reason}", error.Message);
                await Task.Delay(PatienceAfterFailure).ConfigureAwait(false);
                continue;
            }

            await EnterAsync(socket, listener).ConfigureAwait(false);
        }
    }

    private async Task EnterAsync(Socket socket, IAssociationEventListener listener)
    {
        ConnectionSlots.Slot? slot = null;
        if (_slots is not null && (slot = _slots.Enter(socket.Dispose)) is null)
        {
            socket.Dispose();
            return;
        }

        // One that has given way still has its thread, and with it descriptors, for a moment.
        if (_readers is not null)
            await _readers.WaitAsync().ConfigureAwait(false);
        try
        {
            _settings.Tune(socket);
            var from = (IPEndPoint)socket.RemoteEndPoint!;
            var remote = new Address(SchemeIdentifier, System.Name, Bracketed(from.Address.ToString()), from.Port);
            var link = NewLink(remote, socket);
            StartThread("remoting-reader", () => Answer(link, from, slot, listener));
        }
        catch (Exception error)
        {
            // It has gone already, or no thread is to be had: the next one may be luckier.
            _log.Debug("A connection could not be taken: {0}", error.Message);
            socket.Dispose();
            slot?.Dispose();
            _readers?.Release();
        }
    }

    // The whole life of a connection that came in.
    private void Answer(SocketLink link, IPEndPoint from, ConnectionSlots.Slot? slot, IAssociationEventListener listener)
    {
        using (link)
        using (slot)
        {
            try
            {
                link.Open(_tls is null ? null : _tls.Answer);
                listener.Notify(new InboundAssociation(link));
                ReadWhenWanted(link, slot is null ? static () => { } : slot.Begin);
            }
            catch (Exception error) when (Refusals.IsOne(error))
            {
                _refusals.Note(Refusals.HostOf(from), from.ToString(), error);
            }
            catch (Exception error)
            {
                _log.Debug("The connection from {0} has ended: {1}", from, error);
            }
        }

        _readers?.Release();
    }

    // The whole life of a connection that goes out.
    private void Call(Address remote, IPEndPoint place, TaskCompletionSource<AssociationHandle> opened)
    {
        SocketLink? link = null;
        try
        {
            var socket = _settings.NewSocket(place.AddressFamily);
            link = NewLink(remote, socket);
            using (new Timer(static socket => ((Socket)socket!).Dispose(), socket, _settings.ConnectTimeout, Timeout.InfiniteTimeSpan))
                socket.Connect(place); // blocks: an asynchronous connect would leave the socket in another mode for good
            _settings.Tune(socket);
            link.Open(_tls is null ? null : _tls.Call);
            opened.SetResult(link);
            ReadWhenWanted(link, static () => { });
        }
        catch (Exception error)
        {
            // Akka tries again after a while, and logs what goes on.
            if (Refusals.IsOne(error))
                _refusals.Note(remote.ToString(), remote.ToString(), error);
            opened.TrySetException(new InvalidAssociationException($"{error.Message} {remote}", error));
        }
        finally
        {
            link?.Dispose();
        }
    }

    // Akka may close a connection before it reads from it, may start to read after it has ended, or may never start. The wait is bounded,
    // and the result is read only from a completed task.
    private void ReadWhenWanted(SocketLink link, Action began)
    {
        if (Task.WaitAny([link.ReadHandlerSource.Task, link.Ended], _limits.Handshake) == 0)
            link.Read(began, link.ReadHandlerSource.Task.Result);
        else
            link.ReadHandlerSource.Task.ContinueWith(
                static late => late.Result.Notify(new Disassociated(DisassociateInfo.Unknown)),
                TaskContinuationOptions.OnlyOnRanToCompletion);
    }

    private SocketLink NewLink(Address remote, Socket socket)
    {
        var link = new SocketLink(_local!, remote, socket, _limits, _log);
        _links[link] = true;
        _ = link.Ended.ContinueWith(_ => _links.TryRemove(link, out var _), TaskScheduler.Default);
        if (_isOver)
            link.Dispose();
        return link;
    }

    private static void StartThread(string name, Action work) => new Thread(work.Invoke) { IsBackground = true, Name = name }.Start();

    private static string Bracketed(string host) =>
        IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : host;
}
