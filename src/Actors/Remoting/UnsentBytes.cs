// What a connection still has to send. The thread that has something to say also sends it, as long as the kernel takes it without a wait:
// no other thread needs to wake. When the kernel takes no more (a slow peer, a cut cable), a thread made for the purpose waits instead.
using System.Net.Sockets;

namespace HotStandby.Actors.Remoting;

/// <summary>
/// The sending half of a connection. <see cref="Append"/> and <see cref="Send"/> never wait, and may be called by any thread.
/// </summary>
/// <param name="socket">A connected socket in blocking mode.</param>
/// <param name="mostBytes">So much may wait, in bytes; a peer that takes less is given up.</param>
/// <param name="failed">Called when nothing more can be sent, on any thread, perhaps more than once.</param>
internal sealed class UnsentBytes(Socket socket, int mostBytes, Action<Exception> failed)
{
    // A socket that polls as writable has room for a third of its buffer; the kernel's smallest default leaves more than this.
    private const int Piece = 16 << 10;

    // A buffer that was needed once for something large is not kept.
    private const int KeptBytes = 1 << 20;

    private const int InitialBytes = 4 << 10;

    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private byte[] _waiting = new byte[InitialBytes];
    private byte[] _leaving = new byte[InitialBytes];
    private int _waitingBytes;
    private bool _isSending;
    private bool _isOver;

    /// <summary>Adds to what is to be sent; it leaves with the next <see cref="Send"/>.</summary>
    /// <param name="first">Sent first.</param>
    /// <param name="second">Sent directly behind it.</param>
    /// <returns>False: the connection is over, and nothing was taken.</returns>
    public bool Append(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        lock (_lock)
        {
            if (_isOver)
                return false;
            var all = (long)_waitingBytes + first.Length + second.Length;
            if (all <= mostBytes)
            {
                var total = (int)all;
                if (total > _waiting.Length)
                    Array.Resize(ref _waiting, Math.Max(total, (int)Math.Min(2L * _waiting.Length, mostBytes)));
                first.CopyTo(_waiting.AsSpan(_waitingBytes));
                second.CopyTo(_waiting.AsSpan(_waitingBytes + first.Length));
                _waitingBytes = total;
                return true;
            }

            _isOver = true;
        }

        failed(new IOException($"the other side takes nothing, and {mostBytes} bytes wait for it"));
        return false;
    }

    /// <summary>Sends what the kernel takes at once; the rest follows by itself.</summary>
    public void Send()
    {
        lock (_lock)
        {
            if (_isSending)
                return;
            _isSending = true;
        }

        SendAll(mayWait: false, leaving: default);
    }

    /// <summary>Nothing more is taken or sent.</summary>
    public void End()
    {
        lock (_lock)
            _isOver = true;
    }

    // Only one thread at a time is in here.
    private void SendAll(bool mayWait, ArraySegment<byte> leaving)
    {
        try
        {
            while (true)
            {
                while (leaving.Count > 0)
                {
                    if (!socket.Poll(mayWait ? LongestPoll : TimeSpan.Zero, SelectMode.SelectWrite))
                    {
                        if (mayWait)
                            continue; // the socket's end is what ends this wait
                        var rest = leaving;
                        new Thread(() => SendAll(mayWait: true, rest)) { IsBackground = true, Name = "remoting-sender" }.Start();
                        return;
                    }

                    leaving = leaving[socket.Send(leaving[..Math.Min(leaving.Count, Piece)])..];
                }

                if (!TakeWaiting(out leaving))
                    return;
            }
        }
        catch (Exception error)
        {
            End(); // whatever it is (no thread to be had, for example): this connection sends nothing more
            failed(error);
        }
    }

    private bool TakeWaiting(out ArraySegment<byte> leaving)
    {
        lock (_lock)
        {
            if (_leaving.Length > KeptBytes)
                _leaving = new byte[InitialBytes];
            leaving = new ArraySegment<byte>(_waiting, 0, _waitingBytes);
            (_waiting, _leaving) = (_leaving, _waiting);
            _waitingBytes = 0;
            _isSending = leaving.Count > 0 && !_isOver;
            return _isSending;
        }
    }
}
