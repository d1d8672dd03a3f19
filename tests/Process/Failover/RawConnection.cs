// A client that sends whatever bytes the test wants.
using System.Net;
using System.Net.Sockets;
using HotStandby.Mooncake.Frames;

namespace HotStandby.Tests.Process.Failover;

internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client = new();

    public static async Task<RawConnection> OpenAsync(string address, CancellationToken stop)
    {
        var connection = new RawConnection();
        await connection._client.ConnectAsync(IPEndPoint.Parse(address), stop);
        return connection;
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop) => _client.GetStream().WriteAsync(bytes, stop);

    /// <summary>Sends a header and, behind it, these bytes; they need not be as many as the header says.</summary>
    public async Task SendAsync(RequestHeader header, ReadOnlyMemory<byte> body, CancellationToken stop)
    {
        var frame = new byte[RequestHeader.Bytes + body.Length];
        header.Write(frame);
        body.CopyTo(frame.AsMemory(RequestHeader.Bytes));
        await SendAsync(frame, stop);
    }

    /// <summary>The next answer.</summary>
    public async Task<(ResponseHeader Header, byte[] Body)> ReceiveAsync(CancellationToken stop)
    {
        var bytes = new byte[ResponseHeader.Bytes];
        await _client.GetStream().ReadExactlyAsync(bytes, stop);
        Assert.True(ResponseHeader.TryRead(bytes, out var header));
        var body = new byte[header.BodyBytes];
        await _client.GetStream().ReadExactlyAsync(body, stop);
        return (header, body);
    }

    /// <summary>The node must end the connection, without a byte of an answer.</summary>
    public async Task MustBeClosedAsync(CancellationToken stop)
    {
        try
        {
            Assert.Equal(0, await _client.GetStream().ReadAsync(new byte[1], stop));
        }
        catch (IOException reset) when (reset.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // Closed while bytes of ours were still unread: that is what TCP makes of it.
        }
    }

    /// <summary>The node must end the connection, whatever it says before.</summary>
    public async Task MustEndAsync(CancellationToken stop)
    {
        try
        {
            await _client.GetStream().CopyToAsync(Stream.Null, stop);
        }
        catch (IOException reset) when (reset.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // As above.
        }
    }

    public void Dispose() => _client.Dispose();
}
