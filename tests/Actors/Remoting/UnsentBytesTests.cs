// The sending half of a connection between nodes, over a real socket whose other side reads late or never.
using System.Net;
using System.Net.Sockets;
using HotStandby.Actors.Remoting;

namespace HotStandby.Tests.Actors.Remoting;

public sealed class UnsentBytesTests : IDisposable
{
    private const int Most = 8 << 20;

    private readonly Socket _here = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _there;
    private readonly TaskCompletionSource<Exception> _failed = new();
    private readonly UnsentBytes _unsent;

    public UnsentBytesTests()
    {
        using var door = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        door.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        door.Listen();
        _here.Connect(door.LocalEndPoint!);
        _there = door.Accept();
        _unsent = new UnsentBytes(_here, Most, error => _failed.TrySetResult(error));
    }

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
    }

    [Fact]
    public async Task What_the_kernel_does_not_take_at_once_follows_in_order_and_nobody_waits()
    {
        var all = new byte[Most - 1];
        new Random(1).NextBytes(all);
        // In one thread: if a send waited for the other side, this would never come to read.
        for (var at = 0; at < all.Length;)
        {
            var length = Math.Min(100_003, all.Length - at);
            Assert.True(_unsent.Append(all.AsSpan(at, length / 3), all.AsSpan(at + (length / 3), length - (length / 3))));
            _unsent.Send();
            at += length;
        }

        var got = new byte[all.Length];
        for (var at = 0; at < got.Length;)
            at += await _there.ReceiveAsync(got.AsMemory(at)).AsTask().WaitAsync(Deadline.Step);
        Assert.Equal(all, got);
        Assert.False(_failed.Task.IsCompleted);
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_is_given_up_at_the_bound()
    {
        var piece = new byte[1 << 20];
        var taken = 0;
        while (_unsent.Append(piece, []))
        {
            _unsent.Send();
            Assert.True(++taken < 1000, "there is no bound");
        }

        Assert.Contains("takes nothing", (await _failed.Task.WaitAsync(Deadline.Step)).Message, StringComparison.Ordinal);
        Assert.False(_unsent.Append([1], []));
    }

    [Fact]
    public async Task A_connection_that_is_gone_is_reported()
    {
        _there.Close(0);
        while (_unsent.Append(new byte[1000], []))
            _unsent.Send();
        Assert.IsType<SocketException>(await _failed.Task.WaitAsync(Deadline.Step));
    }
}
