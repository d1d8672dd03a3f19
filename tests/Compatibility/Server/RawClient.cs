// A client that sends bytes and looks at bytes: nothing of the project's own client is between the test and the socket.
using System.Buffers;
using System.Net;
using System.Net.Sockets;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Tests.Compatibility.Server;

internal sealed class RawClient : IDisposable
{
    public static readonly TimeSpan Patience = Deadline.Step;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    public static async Task<RawClient> ConnectAsync(IPEndPoint endpoint)
    {
        var client = new RawClient();
        await client._socket.ConnectAsync(endpoint).WaitAsync(Patience);
        return client;
    }

    /// <summary>A request as a client of Mooncake would send it.</summary>
    public static byte[] Frame<TRequest, TResponse>(uint number, TRequest request)
        where TRequest : struct, IRpcRequest<TRequest, TResponse>
        where TResponse : struct, IWireValue<TResponse>
    {
        var frame = new ArrayBufferWriter<byte>();
        FrameWriter.WriteRequest(frame, number, RpcTable.Newest[TRequest.Function], request);
        return frame.WrittenSpan.ToArray();
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes).AsTask().WaitAsync(Patience)..];
    }

    public Task SendAsync(string hex) => SendAsync(Convert.FromHexString(hex));

    /// <summary>One response, header and body, as hexadecimal digits.</summary>
    public async Task<string> ReceiveHexAsync() => Convert.ToHexStringLower(await ReceiveAsync());

    /// <summary>One response, header and body.</summary>
    public async Task<byte[]> ReceiveAsync()
    {
        var header = await ReadAsync(ResponseHeader.Bytes);
        Assert.True(ResponseHeader.TryRead(header, out var read));
        return [.. header, .. await ReadAsync((int)read.BodyBytes)];
    }

    /// <summary>A response that the test knows the type of.</summary>
    public async Task<(uint Number, TResponse Value)> ReceiveAsync<TRequest, TResponse>()
        where TRequest : struct, IRpcRequest<TRequest, TResponse>
        where TResponse : struct, IWireValue<TResponse>
    {
        var frame = await ReceiveAsync();
        Assert.True(ResponseHeader.TryRead(frame, out var header));
        Assert.Equal(RpcErrorCode.Ok, header.Error);
        Assert.True(StructPackMessage.TryRead<TResponse>(
            frame.AsMemory(ResponseHeader.Bytes), RpcTable.Newest[TRequest.Function].Result, out var value));
        return (header.CallNumber, value);
    }

    /// <summary>The server ends the connection and has sent nothing (more).</summary>
    public async Task AssertClosedAsync()
    {
        try
        {
            Assert.Equal(0, await _socket.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        }
        catch (SocketException reset)
        {
            Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        }
    }

    /// <summary>Reads, whatever it is, until the server ends the connection; returns how many bytes.</summary>
    public async Task<long> DrainAsync()
    {
        var total = 0L;
        var buffer = new byte[64 << 10];
        try
        {
            while (await _socket.ReceiveAsync(buffer).WaitAsync(Patience) is > 0 and var read)
                total += read;
        }
        catch (SocketException reset)
        {
            Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        }

        return total;
    }

    /// <summary>Sends nothing more; still reads.</summary>
    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => _socket.Dispose();

    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        for (var got = 0; got < count;)
        {
            var read = await _socket.ReceiveAsync(bytes.AsMemory(got)).AsTask().WaitAsync(Patience);
            Assert.True(read > 0, $"the server closed the connection after {got} of {count} bytes");
            got += read;
        }

        return bytes;
    }
}
