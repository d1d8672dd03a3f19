// One direction of one connection through a proxy: reads, holds back as its link says, writes. Ends of connections are news like bytes and
// travel by the same link: while that is cut, the other side hears nothing of them.
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace HotStandby.Lab.Chaos;

/// <summary>Carries bytes from one socket to another.</summary>
/// <param name="from">Where they come from.</param>
/// <param name="to">Where they go.</param>
/// <param name="link">The direction's condition.</param>
internal sealed class FaultStream(Socket from, Socket to, FaultLink link)
{
    // What is under way at most, so that a cut link fills its sender's window soon, as a cut wire does.
    private const int MaximumPieces = 16;
    private const int PieceBytes = 16 * 1024;

    private readonly record struct Piece(byte[] Bytes, long DueAt);

    private readonly Channel<Piece> _underWay = Channel.CreateBounded<Piece>(MaximumPieces);

    /// <summary>Runs until the sender has closed its side and the other side has been told.</summary>
    /// <returns>True when the connection goes on in the other direction, false when it broke.</returns>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var reading = ReadAsync(ending.Token);
        try
        {
            await foreach (var piece in _underWay.Reader.ReadAllAsync(stop).ConfigureAwait(false))
            {
                if (piece.DueAt - Stopwatch.GetTimestamp() is > 0 and var wait)
                    await Task.Delay(Stopwatch.GetElapsedTime(0, wait), stop).ConfigureAwait(false);
                await link.WaitUntilOpenAsync(stop).ConfigureAwait(false);
                await WriteAsync(piece.Bytes, stop).ConfigureAwait(false);
            }
            var closed = await reading.ConfigureAwait(false);
            await link.WaitUntilOpenAsync(stop).ConfigureAwait(false);
            if (closed)
                to.Shutdown(SocketShutdown.Send);
            return closed;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return false; // The receiver is gone.
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (bytes.Length > 0)
            bytes = bytes[await to.SendAsync(bytes, stop).ConfigureAwait(false)..];
    }

    // True when the sender has closed its side, false when the connection broke.
    private async Task<bool> ReadAsync(CancellationToken stop)
    {
        var buffer = new byte[PieceBytes];
        try
        {
            while (await from.ReceiveAsync(buffer, stop).ConfigureAwait(false) is > 0 and var count)
            {
                var wait = link.DelayOf(Random.Shared.NextDouble());
                var due = wait > TimeSpan.Zero ? Stopwatch.GetTimestamp() + (long)(wait.TotalSeconds * Stopwatch.Frequency) : 0;
                await _underWay.Writer.WriteAsync(new Piece(buffer[..count], due), stop).ConfigureAwait(false);
            }
            return true;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            _underWay.Writer.Complete();
        }
    }
}
