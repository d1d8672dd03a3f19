// One TCP connection to one master. Any number of threads call; a single loop sends whatever has gathered since its last
// send, another one receives and hands each answer to its call by number. It never reconnects: a connection that has
// failed stays failed, and whoever holds it opens another.
using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Client;

/// <summary>A connection with many calls in flight. Thread-safe.</summary>
public sealed class MasterConnection : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly MasterConnectionSettings _settings;
    private readonly PendingCalls _pending = new();
    private readonly SemaphoreSlim _room;
    private readonly long _patience;
    private readonly ITimer _watch;
    private readonly Task _loops;

    // Unbounded because MaximumInFlight bounds what can be in it, and so a flush never has to wait.
    private readonly Pipe _outgoing = new(
        new PipeOptions(pauseWriterThreshold: 0, resumeWriterThreshold: 0, useSynchronizationContext: false));

    private long _handedToSocket;
    private string? _closedBecause;
    private Exception? _cause;

    private MasterConnection(EndPoint endPoint, Socket socket, Stream stream, MasterConnectionSettings settings)
    {
        EndPoint = endPoint;
        _socket = socket;
        _stream = stream;
        _settings = settings;
        _room = new SemaphoreSlim(settings.MaximumInFlight);
        _patience = (long)(settings.ResponseTimeout.TotalSeconds * settings.Time.TimestampFrequency);
        var step = TimeSpan.FromMilliseconds(Math.Clamp(settings.ResponseTimeout.TotalMilliseconds / 10, 1, 100));
        _watch = settings.Time.CreateTimer(_ => ExpireOverdue(), null, step, step);
        _loops = Task.WhenAll(Task.Run(SendLoopAsync), Task.Run(ReceiveLoopAsync));
    }

    /// <summary>Where it leads, as it was given.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>How long the oldest call in flight has been waiting; zero when none is. Looks at all of them.</summary>
    public TimeSpan LongestWait
    {
        get
        {
            lock (_lock)
            {
                return _pending.EarliestDeadline() is { } deadline
                    ? _settings.Time.GetElapsedTime(deadline - _patience, _settings.Time.GetTimestamp())
                    : TimeSpan.Zero;
            }
        }
    }

    /// <summary>False once the connection has failed or was disposed.</summary>
    public bool IsOpen => Volatile.Read(ref _closedBecause) is null;

    /// <summary>Completes when the connection is closed, for whatever reason. Never fails.</summary>
    public Task Closed => _loops;

    /// <summary>Connects.</summary>
    /// <param name="endPoint">An address, or a name that is resolved now.</param>
    /// <param name="settings">How it shall behave; null for the defaults.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="MasterRpcException">Not connected in time or at all; the kind is always
    /// <see cref="MasterRpcFailure.NotSent"/>.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public static async Task<MasterConnection> ConnectAsync(
        EndPoint endPoint, MasterConnectionSettings? settings = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        settings ??= MasterConnectionSettings.Default;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var patience = new CancellationTokenSource(settings.ConnectTimeout, settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await socket.ConnectAsync(endPoint, either.Token).ConfigureAwait(false);
            var stream = await StreamOfAsync(endPoint, socket, settings, either.Token).ConfigureAwait(false);
            return new MasterConnection(endPoint, socket, stream, settings);
        }
        catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException or AuthenticationException)
        {
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            var because = failure is OperationCanceledException ? $"not within {settings.ConnectTimeout}" : failure.Message;
            throw new MasterRpcException(MasterRpcFailure.NotSent, $"cannot connect to {endPoint}: {because}", failure);
        }
    }

    private static async Task<Stream> StreamOfAsync(
        EndPoint endPoint, Socket socket, MasterConnectionSettings settings, CancellationToken stop)
    {
        var plain = new NetworkStream(socket, ownsSocket: false); // here, while it is connected: a loop might come too late for that
        if (settings.Tls is null)
            return plain;
        var secured = new SslStream(plain);
        var host = endPoint is DnsEndPoint named ? named.Host : ((IPEndPoint)endPoint).Address.ToString();
        await secured.AuthenticateAsClientAsync(settings.Tls(host), stop).ConfigureAwait(false);
        return secured;
    }

    /// <summary>Makes a call and waits for its answer.</summary>
    /// <param name="request">Its arguments; not referred to any more when the method has returned its task.</param>
    /// <param name="cancellation">Stops the waiting; the call itself may have reached the master.</param>
    /// <exception cref="MasterRpcException">There is no result; the kind says what that means.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public ValueTask<TResponse> CallAsync<TRequest, TResponse>(TRequest request, CancellationToken cancellation = default)
        where TRequest : struct, IRpcRequest<TRequest, TResponse>
        where TResponse : struct, IWireValue<TResponse>
        => CallAsync<TRequest, TResponse>(TRequest.Function, request, cancellation);

    /// <summary>Makes a call of one of the functions that share their arguments.</summary>
    /// <param name="rpc">The function; its arguments and result are of these types.</param>
    /// <param name="request">Its arguments; not referred to any more when the method has returned its task.</param>
    /// <param name="cancellation">Stops the waiting; the call itself may have reached the master.</param>
    /// <exception cref="MasterRpcException">There is no result; the kind says what that means.</exception>
    /// <exception cref="KeyNotFoundException">The master's generation has no such function.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async ValueTask<TResponse> CallAsync<TRequest, TResponse>(Rpc rpc, TRequest request, CancellationToken cancellation = default)
        where TRequest : struct, IWireWritable
        where TResponse : struct, IWireValue<TResponse>
    {
        var function = _settings.Functions[rpc];
        await _room.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var call = Send(function, request);
            var (header, body) = await WaitAsync(call, cancellation).ConfigureAwait(false);
            if (header.Error != RpcErrorCode.Ok)
                throw new MasterRpcException(RpcError.Read(header.Error, body));
            if (StructPackMessage.TryRead<TResponse>(body, function.Result, out var response))
                return response;
        }
        finally
        {
            _room.Release();
        }
        const string Unreadable = "the master's answer does not decode";
        Close(Unreadable);
        throw new MasterRpcException(MasterRpcFailure.OutcomeUnknown, $"{function.Rpc}: {Unreadable}");
    }

    /// <summary>
    /// Closes the connection; calls in flight end as <see cref="MasterRpcFailure.NotSent"/> or
    /// <see cref="MasterRpcFailure.OutcomeUnknown"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Close("the connection was disposed");
        await _loops.ConfigureAwait(false);
    }

    private PendingCall Send<TRequest>(RpcFunction function, in TRequest request) where TRequest : struct, IWireWritable
    {
        lock (_lock)
        {
            if (_closedBecause is not null)
                throw new MasterRpcException(MasterRpcFailure.NotSent, _closedBecause, _cause);
            var frameBytes = FrameWriter.WriteRequest(_outgoing.Writer, _pending.NextNumber, function, request);
            var call = _pending.Add(frameBytes, _settings.Time.GetTimestamp() + _patience);
            var flushed = _outgoing.Writer.FlushAsync(CancellationToken.None);
            if (!flushed.IsCompleted)
                throw new InvalidOperationException("a flush of an unbounded pipe waited");
            return call;
        }
    }

    private async ValueTask<(ResponseHeader Header, ReadOnlyMemory<byte> Body)> WaitAsync(PendingCall call, CancellationToken cancellation)
    {
        if (!cancellation.CanBeCanceled)
            return await call.Task.ConfigureAwait(false);
        using var registration = cancellation.UnsafeRegister(
            static (state, token) =>
            {
                var (connection, call) = ((MasterConnection, PendingCall))state!;
                connection.Forget(call);
                call.TrySetCanceled(token);
            },
            (this, call));
        return await call.Task.ConfigureAwait(false);
    }

    private void Forget(PendingCall call)
    {
        lock (_lock)
            _pending.Take(call.Number);
    }

    private async Task SendLoopAsync()
    {
        try
        {
            while (true)
            {
                var gathered = await _outgoing.Reader.ReadAsync().ConfigureAwait(false);
                foreach (var piece in gathered.Buffer)
                {
                    // Counted before it is handed over: a call is only called unsent when its last byte surely never left.
                    Interlocked.Add(ref _handedToSocket, piece.Length);
                    await _stream.WriteAsync(piece).ConfigureAwait(false);
                }
                _outgoing.Reader.AdvanceTo(gathered.Buffer.End);
                if (gathered.IsCompleted)
                    break;
            }
        }
        catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException)
        {
            Close($"sending failed: {failure.Message}", failure);
        }
        finally
        {
            await _outgoing.Reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async Task ReceiveLoopAsync()
    {
        await using (_stream.ConfigureAwait(false))
        {
            var incoming = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: 64 << 10, minimumReadSize: 4 << 10));
            try
            {
                while (true)
                {
                    var received = await incoming.ReadAsync().ConfigureAwait(false);
                    var buffer = received.Buffer;
                    if (TakeFrames(ref buffer) is { } fault)
                    {
                        Close(fault);
                        break;
                    }
                    incoming.AdvanceTo(buffer.Start, buffer.End);
                    if (!received.IsCompleted)
                        continue;
                    Close("the master closed the connection");
                    break;
                }
            }
            catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException)
            {
                Close($"receiving failed: {failure.Message}", failure);
            }
            finally
            {
                await incoming.CompleteAsync().ConfigureAwait(false);
            }
        }
    }

    // Null, or what is wrong with the stream.
    private string? TakeFrames(ref ReadOnlySequence<byte> buffer)
    {
        while (true)
        {
            switch (FrameReader.ReadResponse(ref buffer, _settings.Limits, out var header, out var body))
            {
                case FrameStatus.Complete:
                    // The body is copied out: decoded byte strings live as long as their owner likes.
                    if (!Answer(header, body.ToArray()))
                        return $"the master answered call {header.CallNumber}, which was never made";
                    break;
                case FrameStatus.Incomplete:
                    return null;
                case FrameStatus.TooLarge:
                    return $"the master sent an answer of {header.BodyBytes} bytes";
                default:
                    return "the peer does not speak this protocol";
            }
        }
    }

    private bool Answer(ResponseHeader header, byte[] body)
    {
        PendingCall? call;
        lock (_lock)
        {
            call = _pending.Take(header.CallNumber);
            // An answer nobody waits for any more is late, not wrong.
            if (call is null)
                return _pending.WasIssued(header.CallNumber);
        }
        call.TrySetResult((header, body));
        return true;
    }

    private void ExpireOverdue()
    {
        List<PendingCall> expired;
        lock (_lock)
            expired = _pending.TakeExpired(_settings.Time.GetTimestamp());
        // Even one that still waits in the outgoing pipe may leave later, so it is never called unsent.
        foreach (var call in expired)
            call.TrySetException(new MasterRpcException(MasterRpcFailure.OutcomeUnknown, $"no answer within {_settings.ResponseTimeout}"));
    }

    private void Close(string because, Exception? cause = null)
    {
        PendingCall[] abandoned;
        lock (_lock)
        {
            if (_closedBecause is not null)
                return;
            _cause = cause;
            Volatile.Write(ref _closedBecause, because);
            abandoned = _pending.TakeAll();
            _outgoing.Writer.Complete();
        }
        _watch.Dispose();
        // From here on nothing leaves, so what was not handed over by now never will be.
        _socket.Dispose();
        var handedOver = Interlocked.Read(ref _handedToSocket);
        foreach (var call in abandoned)
        {
            var failure = call.FrameEnd > handedOver ? MasterRpcFailure.NotSent : MasterRpcFailure.OutcomeUnknown;
            call.TrySetException(new MasterRpcException(failure, because, cause));
        }
    }
}
