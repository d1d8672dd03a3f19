// Accepts connections for Kestrel. Kestrel's own listener asks again at once when accept fails: without a file descriptor left it spins on
// a whole processor, and logs nothing. This one waits, a tenth of a second and then up to one, and says so to its owner.
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace HotStandby.Mooncake.Server;

/// <summary>Makes listeners that wait where the process or the machine has no file descriptor, or no memory for sockets, left.</summary>
/// <param name="options">Of the transport.</param>
/// <param name="paused">Hears why, each time that accepting is paused.</param>
/// <param name="time">The clock of the pauses.</param>
public sealed class PatientListenerFactory(SocketTransportOptions options, Action<string> paused, TimeProvider time)
    : IConnectionListenerFactory
{
    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        Socket socket;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(error.Message, error);
        }

        socket.Listen(options.Backlog);
        return ValueTask.FromResult<IConnectionListener>(new PatientListener(socket, options, paused, time));
    }
}

/// <summary>One listening socket.</summary>
internal sealed class PatientListener(Socket socket, SocketTransportOptions options, Action<string> paused, TimeProvider time)
    : IConnectionListener
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly SocketConnectionContextFactory _connections = new(
        new SocketConnectionFactoryOptions
        {
            IOQueueCount = options.IOQueueCount,
            MaxReadBufferSize = options.MaxReadBufferSize,
            MaxWriteBufferSize = options.MaxWriteBufferSize,
            WaitForDataBeforeAllocatingBuffer = options.WaitForDataBeforeAllocatingBuffer,
            UnsafePreferInlineScheduling = options.UnsafePreferInlineScheduling,
        },
        NullLogger.Instance);

    private readonly CancellationTokenSource _unbound = new();

    /// <inheritdoc/>
    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        for (var pause = FirstPause; ;)
        {
            try
            {
                if (Take(await socket.AcceptAsync(cancellationToken)) is { } connection)
                    return connection;
            }
            catch (Exception error) when (error
                is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return null; // it listens no more
            }
            catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // The client went away before it was accepted: the next one.
            }
            catch (SocketException error)
            {
                // The runtime has one code for both, and the machine's words for it.
                paused(error.SocketErrorCode == SocketError.TooManyOpenSockets
                    ? "no file descriptor is left, in the process or on the machine"
                    : error.Message);
                if (!await WaitAsync(pause, cancellationToken))
                    return null;
                pause = pause + pause < LongestPause ? pause + pause : LongestPause;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _unbound.Cancel();
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        _connections.Dispose();
        _unbound.Dispose();
    }

    // Null: the client has gone already.
    private ConnectionContext? Take(Socket accepted)
    {
        try
        {
            accepted.NoDelay = options.NoDelay;
            return _connections.Create(accepted);
        }
        catch (SocketException)
        {
            accepted.Dispose();
            return null;
        }
    }

    // False when it listens no more.
    private async Task<bool> WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _unbound.Token);
        await Task.Delay(pause, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return !_unbound.IsCancellationRequested;
    }
}
