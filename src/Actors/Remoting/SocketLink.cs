// One connection between two nodes, either end of it. Frames as Akka's own transport has them: four bytes of length, the lowest first, and
// a message. A thread of its own reads, and brings each message as far as it goes: with the caller's executor into the cell that it is
// for.
using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.Remote.Transport;
using Google.Protobuf;
using HotStandby.Actors.Threads;

namespace HotStandby.Actors.Remoting;

/// <summary>A connection, as Akka sees it.</summary>
/// <param name="local">This node.</param>
/// <param name="remote">The other node, or where its connection comes from.</param>
/// <param name="socket">Connected, in blocking mode; the link closes it.</param>
/// <param name="limits">Bounds.</param>
/// <param name="log">Where the reason of a connection's end is written.</param>
internal sealed class SocketLink(Address local, Address remote, Socket socket, LinkLimits limits, ILoggingAdapter log)
    : AssociationHandle(local, remote), IDisposable
{
    private const int LengthBytes = 4;
    private const int InitialBytes = 64 << 10;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private UnsentBytes? _unsent;
    private SslStream? _tls;
    private int _closed;

    /// <summary>Completes when the connection is closed, from whichever side.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Makes the connection ready for frames; blocks for the handshake where there is one.</summary>
    /// <param name="secure">TLS over a stream, the handshake done; null: none.</param>
    public void Open(Func<Stream, SslStream>? secure)
    {
        _unsent = new UnsentBytes(socket, limits.MostUnsentBytes, error => Close(error.Message));
        if (secure is null)
            return;
        // One deadline for the whole handshake: a socket timeout restarts with every byte.
        using var patience = new Timer(_ => Close("the handshake takes too long"), null, limits.Handshake, Timeout.InfiniteTimeSpan);
        _tls = secure(new LinkStream(socket, _unsent));
    }

    /// <inheritdoc/>
    public override bool Write(ByteString payload)
    {
        Span<byte> length = stackalloc byte[LengthBytes];
        BinaryPrimitives.WriteInt32LittleEndian(length, payload.Length);
        if (_tls is null)
        {
            if (!_unsent!.Append(length, payload.Span))
                return false;
            _unsent.Send();
            return true;
        }

        try
        {
            // One record, where it fits.
            var frame = new byte[LengthBytes + payload.Length];
            length.CopyTo(frame);
            payload.Span.CopyTo(frame.AsSpan(LengthBytes));
            lock (_tls)
                _tls.Write(frame);
            return true;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Close(error.Message);
            return false;
        }
    }

    /// <inheritdoc/>
    [Obsolete("Akka asks for it.")]
    public override void Disassociate() => Close("this side has closed it");

    /// <inheritdoc/>
    public void Dispose() => Close("the transport has ended");

    /// <summary>Reads until the connection ends; on a thread of its own.</summary>
    /// <param name="began">Called when the first bytes have come.</param>
    /// <param name="listener">Hears of the messages, and at last of the end.</param>
    /// <exception cref="FrameException">What came is not of a node; the connection is closed.</exception>
    public void Read(Action began, IHandleEventListener listener)
    {
        try
        {
            ReadFrames(began, listener);
            Close("the other side has closed it");
        }
        catch (Exception error) when (error is not FrameException and (IOException or SocketException or ObjectDisposedException))
        {
            Close(error.Message);
        }
        catch (Exception error)
        {
            Close(error.Message);
            throw;
        }
        finally
        {
            listener.Notify(new Disassociated(DisassociateInfo.Unknown));
        }
    }

    private void ReadFrames(Action began, IHandleEventListener listener)
    {
        var buffer = new byte[InitialBytes];
        var (start, end, isNew) = (0, 0, true);
        while (true)
        {
            var got = _tls is null ? socket.Receive(buffer.AsSpan(end)) : _tls.Read(buffer.AsSpan(end));
            if (got == 0)
                return;
            if (isNew)
                began();
            isNew = false;
            end += got;
            // The turns that follow from all of them run together.
            start += TurnSeries.Run(static read => read.link.Deliver(read.bytes, read.listener),
                (link: this, bytes: new ArraySegment<byte>(buffer, start, end - start), listener));
            var left = end - start;
            if (left == 0 && buffer.Length > InitialBytes)
                buffer = new byte[InitialBytes];
            else if (start > 0)
                buffer.AsSpan(start, left).CopyTo(buffer);
            else if (left == buffer.Length)
                Array.Resize(ref buffer, Math.Min(2 * buffer.Length, LengthBytes + limits.MostFrameBytes));
            (start, end) = (0, left);
        }
    }

    /// <returns>The bytes of whole frames.</returns>
    /// <exception cref="FrameException">The length of one makes no sense.</exception>
    private int Deliver(ReadOnlySpan<byte> bytes, IHandleEventListener listener)
    {
        var start = 0;
        while (FrameIn(bytes[start..], out var length))
        {
            if (length > 0)
                listener.Notify(new InboundPayload(ByteString.CopyFrom(bytes.Slice(start + LengthBytes, length))));
            start += LengthBytes + length;
        }

        return start;
    }

    /// <exception cref="FrameException">The length is not one of a frame.</exception>
    private bool FrameIn(ReadOnlySpan<byte> bytes, out int length)
    {
        if (!BinaryPrimitives.TryReadInt32LittleEndian(bytes, out length))
            return false;
        if (length < 0 || length > limits.MostFrameBytes)
            throw new FrameException($"a frame of {(uint)length} bytes; at most {limits.MostFrameBytes} are taken");
        return bytes.Length - LengthBytes >= length;
    }

    private void Close(string why)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        log.Debug("The connection from {0} to {1} has ended: {2}", LocalAddress, RemoteAddress, why);
        _unsent?.End();
        try
        {
            socket.Shutdown(SocketShutdown.Both); // ends a blocked read, and lets what was sent arrive: Dispose alone would cut it off
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            log.Debug("It was not connected: {0}", error.Message);
        }

        socket.Dispose();
        _ended.SetResult();
    }
}

/// <summary>The bounds of a connection.</summary>
/// <param name="MostFrameBytes">The largest message, in bytes.</param>
/// <param name="MostUnsentBytes">What may wait for a slow peer, in bytes.</param>
/// <param name="Handshake">How long a connection may take to come about, TLS included.</param>
internal sealed record LinkLimits(int MostFrameBytes, int MostUnsentBytes, TimeSpan Handshake);
