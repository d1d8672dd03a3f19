// One connection through a proxy, from accept to the end of both directions. How it begins and ends obeys the links as well: on a cut
// link a connection is not made, not refused and not reset, the caller just hears nothing.
using System.Net;
using System.Net.Sockets;

namespace HotStandby.Lab.Chaos;

/// <summary>A connection that was accepted.</summary>
internal sealed class FaultConnection(Socket incoming, IPEndPoint target, FaultPair pair) : IDisposable
{
    private readonly CancellationTokenSource _broken = new();

    /// <summary>Whose it is.</summary>
    public FaultPair Pair { get; } = pair;

    /// <summary>Breaks it at once, whatever the links say.</summary>
    public void Reset()
    {
        try
        {
            _broken.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself.
        }
    }

    /// <summary>Carries until the end.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var outgoing = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, _broken.Token);
        incoming.NoDelay = true;
        try
        {
            if (await ConnectAsync(outgoing, ending.Token).ConfigureAwait(false))
                await CarryAsync(outgoing, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Break(incoming);
            Break(outgoing);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        incoming.Dispose();
        _broken.Dispose();
    }

    private async Task<bool> ConnectAsync(Socket outgoing, CancellationToken stop)
    {
        await Pair.Forth.WaitUntilOpenAsync(stop).ConfigureAwait(false);
        try
        {
            await outgoing.ConnectAsync(target, stop).ConfigureAwait(false);
            return true;
        }
        catch (SocketException)
        {
            // Refused: nobody listens. The news must come back, too.
            await Pair.Back.WaitUntilOpenAsync(stop).ConfigureAwait(false);
            Break(incoming);
            return false;
        }
    }

    private async Task CarryAsync(Socket outgoing, CancellationToken stop)
    {
        using var one = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var forth = new FaultStream(incoming, outgoing, Pair.Forth).RunAsync(one.Token);
        var back = new FaultStream(outgoing, incoming, Pair.Back).RunAsync(one.Token);
        try
        {
            var first = await Task.WhenAny(forth, back).ConfigureAwait(false);
            if (await first.ConfigureAwait(false) && await (first == forth ? back : forth).ConfigureAwait(false))
                return; // Both sides have closed.
            await Task.WhenAll(BreakAsync(outgoing, Pair.Forth, stop), BreakAsync(incoming, Pair.Back, stop)).ConfigureAwait(false);
        }
        finally
        {
            await one.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll((Task)forth, back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // It broke on one side: the other one hears of it as soon as the link towards it is open.
    private static async Task BreakAsync(Socket socket, FaultLink link, CancellationToken stop)
    {
        await link.WaitUntilOpenAsync(stop).ConfigureAwait(false);
        Break(socket);
    }

    // Closing with a linger time of zero sends RST.
    private static void Break(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It is broken already.
        }
        socket.Dispose();
    }
}
