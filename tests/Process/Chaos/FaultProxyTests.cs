// The proxy between two nodes, one connection at a time: what passes, what waits, and what either end hears of the other.
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using HotStandby.Lab.Chaos;

namespace HotStandby.Tests.Process.Chaos;

public sealed class FaultProxyTests : IAsyncDisposable
{
    private const int Peer = 7;
    private readonly CancellationTokenSource _patience = new(Deadline.Test);
    private readonly TcpListener _node = new(IPAddress.Loopback, 0);
    private readonly FaultLink _forth = new();
    private readonly FaultLink _back = new();
    private readonly FaultProxy _proxy;

    public FaultProxyTests()
    {
        _node.Start();
        _proxy = new FaultProxy(new IPEndPoint(IPAddress.Loopback, 0), (IPEndPoint)_node.LocalEndpoint, _ =>
            new FaultPair(Peer, _forth, _back));
    }

    private CancellationToken Stop => _patience.Token;

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _node.Dispose();
        _patience.Dispose();
    }

    [Fact]
    public async Task Bytes_pass_both_ways_and_a_side_that_closes_is_still_answered()
    {
        var (caller, callee) = await ConnectAsync();
        using (caller)
        using (callee)
        {
            var answers = caller.GetStream(); // Not to be had any more once the own side is closed.
            await SendAsync(caller, "question");
            Assert.Equal("question", await ReceiveAsync(callee, 8));
            caller.Client.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await callee.GetStream().ReadAsync(new byte[1], Stop));
            await SendAsync(callee, "answer");
            var answer = new byte[6];
            await answers.ReadExactlyAsync(answer, Stop);
            Assert.Equal("answer"u8, answer);
        }
    }

    [Fact]
    public async Task A_cut_direction_delivers_late_and_in_order_and_the_other_one_goes_on()
    {
        var (caller, callee) = await ConnectAsync();
        using (caller)
        using (callee)
        {
            using (_forth.Cut())
            {
                await SendAsync(caller, "one ");
                await SendAsync(caller, "two");
                // Longer than what was sent the other way would have taken.
                for (var i = 0; i < 100; i++)
                {
                    await SendAsync(callee, "beat");
                    Assert.Equal("beat", await ReceiveAsync(caller, 4));
                }
                Assert.Equal(0, callee.Available);
            }
            Assert.Equal("one two", await ReceiveAsync(callee, 7));
        }
    }

    [Fact]
    public async Task A_direction_that_was_cut_twice_opens_when_both_cuts_are_undone()
    {
        using var first = _forth.Cut();
        using var second = _forth.Cut();
        var waiting = _forth.WaitUntilOpenAsync(Stop);
        first.Dispose();
        first.Dispose();
        Assert.True(_forth.IsCut);
        Assert.False(waiting.IsCompleted);
        second.Dispose();
        await waiting;
    }

    [Fact]
    public async Task The_end_of_one_side_is_not_heard_on_the_other_while_the_direction_is_cut()
    {
        var (caller, callee) = await ConnectAsync();
        using (callee)
        {
            var cut = _forth.Cut();
            caller.Client.LingerState = new LingerOption(true, 0);
            caller.Dispose();
            // Half open: for the callee the connection still is, and takes what it sends.
            for (var i = 0; i < 100; i++)
                await SendAsync(callee, "anybody there?");
            Assert.False(callee.Client.Poll(0, SelectMode.SelectRead), "the callee has heard of the end");
            cut.Dispose();
            await MustBreakAsync(callee);
        }
    }

    [Fact]
    public async Task Nobody_is_told_that_a_node_is_gone_while_the_way_back_is_cut()
    {
        _node.Stop();
        var cut = _back.Cut();
        using var caller = await CallAsync();
        await SendAsync(caller, "anybody there?");
        using var other = await CallAsync();
        Assert.False(caller.Client.Poll(0, SelectMode.SelectRead), "the caller has heard something");
        cut.Dispose();
        await MustBreakAsync(caller);
        await MustBreakAsync(other);
    }

    [Fact]
    public async Task A_connection_that_is_made_while_the_way_is_cut_comes_about_when_it_is_mended()
    {
        var cut = _forth.Cut();
        using var caller = await CallAsync();
        await SendAsync(caller, "hello");
        Assert.False(_node.Pending());
        cut.Dispose();
        using var callee = await _node.AcceptTcpClientAsync(Stop);
        Assert.Equal("hello", await ReceiveAsync(callee, 5));
    }

    [Fact]
    public async Task Delayed_bytes_come_no_earlier_and_in_order()
    {
        var least = TimeSpan.FromMilliseconds(60);
        var (caller, callee) = await ConnectAsync();
        using (caller)
        using (callee)
        using (_forth.Delay(least, 3 * least))
        {
            var began = Stopwatch.GetTimestamp();
            foreach (var letter in "abcdefgh")
                await SendAsync(caller, letter.ToString());
            Assert.Equal("abcdefgh", await ReceiveAsync(callee, 8));
            Assert.True(Stopwatch.GetElapsedTime(began) >= least);
        }
    }

    [Fact]
    public async Task A_reset_breaks_both_ends_even_of_a_cut_connection_and_only_those_of_that_peer()
    {
        var (caller, callee) = await ConnectAsync();
        using (caller)
        using (callee)
        using (_forth.Cut())
        using (_back.Cut())
        {
            Assert.Equal(0, _proxy.Reset(Peer + 1));
            Assert.Equal(1, _proxy.Reset(Peer));
            await MustBreakAsync(caller);
            await MustBreakAsync(callee);
        }
    }

    [Fact]
    public async Task A_cut_direction_takes_no_more_than_what_fits_under_way()
    {
        var (caller, callee) = await ConnectAsync();
        using (caller)
        using (callee)
        using (var cut = _forth.Cut())
        {
            caller.Client.Blocking = false;
            var sent = 0L;
            var piece = new byte[64 * 1024];
            var began = Stopwatch.GetTimestamp();
            // The sender's system says for a whole second that there is no room: its window is closed, as on a cut wire.
            while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(1))
            {
                if (!caller.Client.Poll(TimeSpan.FromMilliseconds(10), SelectMode.SelectWrite))
                    continue;
                sent += caller.Client.Send(piece, SocketFlags.None, out var error);
                Assert.True(error is SocketError.Success or SocketError.WouldBlock, error.ToString());
                began = Stopwatch.GetTimestamp();
                Assert.True(sent < 64 << 20, $"{sent} bytes were taken");
            }
            cut.Dispose();
            var buffer = new byte[1 << 20];
            for (var received = 0L; received < sent;)
                received += await callee.GetStream().ReadAsync(buffer, Stop) is > 0 and var count
                    ? count : throw new EndOfStreamException();
        }
    }

    [Fact]
    public async Task A_connection_of_nobody_is_closed()
    {
        await using var proxy = new FaultProxy(new IPEndPoint(IPAddress.Loopback, 0), (IPEndPoint)_node.LocalEndpoint, _ => null);
        using var caller = new TcpClient();
        await caller.ConnectAsync(proxy.EndPoint, Stop);
        await MustBreakAsync(caller);
    }

    [Fact]
    public async Task The_process_at_the_other_end_of_a_connection_is_found()
    {
        using var caller = new TcpClient();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await caller.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Stop);
        using var accepted = await listener.AcceptTcpClientAsync(Stop);
        var from = (IPEndPoint)accepted.Client.RemoteEndPoint!;
        Assert.Null(SocketOwner.Find(from, (IPEndPoint)listener.LocalEndpoint, [null, 1 << 30]));
        Assert.Equal(2, SocketOwner.Find(from, (IPEndPoint)listener.LocalEndpoint, [null, 1 << 30, Environment.ProcessId]));
    }

    private async Task<TcpClient> CallAsync()
    {
        var caller = new TcpClient();
        await caller.ConnectAsync(_proxy.EndPoint, Stop);
        return caller;
    }

    private async Task<(TcpClient Caller, TcpClient Callee)> ConnectAsync() => (await CallAsync(), await _node.AcceptTcpClientAsync(Stop));

    private ValueTask SendAsync(TcpClient client, string text) =>
        client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(text), Stop);

    private async Task<string> ReceiveAsync(TcpClient client, int count)
    {
        var bytes = new byte[count];
        await client.GetStream().ReadExactlyAsync(bytes, Stop);
        return System.Text.Encoding.ASCII.GetString(bytes);
    }

    private async Task MustBreakAsync(TcpClient client)
    {
        try
        {
            while (await client.GetStream().ReadAsync(new byte[256], Stop) > 0)
            {
                // What was sent before it broke.
            }
        }
        catch (IOException broken)
        {
            Assert.IsType<SocketException>(broken.InnerException);
        }
    }
}
