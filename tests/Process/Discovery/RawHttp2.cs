// HTTP/2 by hand, for what no client library would send. Headers are written without compression.
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace HotStandby.Tests.Process.Discovery;

internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Reset = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
}

internal sealed class RawHttp2 : IDisposable
{
    private const byte EndStream = 1, EndHeaders = 4, Acknowledges = 1;

    private readonly TcpClient _client = new();

    private RawHttp2()
    {
    }

    public NetworkStream Stream => _client.GetStream();

    public static async Task<RawHttp2> ConnectAsync(IPEndPoint endpoint, params (ushort Id, uint Value)[] settings)
    {
        var connection = new RawHttp2();
        await connection._client.ConnectAsync(endpoint);
        await connection.Stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        var payload = new byte[settings.Length * 6];
        for (var i = 0; i < settings.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(i * 6), settings[i].Id);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan((i * 6) + 2), settings[i].Value);
        }

        await connection.SendAsync(FrameType.Settings, 0, 0, payload);
        return connection;
    }

    public async Task SendAsync(FrameType type, byte flags, int stream, ReadOnlyMemory<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[0], frame[1], frame[2]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length);
        (frame[3], frame[4]) = ((byte)type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsMemory(9));
        await Stream.WriteAsync(frame);
    }

    /// <summary>Begins a gRPC call.</summary>
    public Task CallAsync(int stream, string path, bool isWhole = false, params (string Name, string Value)[] more)
    {
        var block = new List<byte>();
        foreach (var (name, value) in (IEnumerable<(string, string)>)[
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "node"), ("content-type", "application/grpc"),
            ("te", "trailers"), .. more])
        {
            block.Add(0); // literal, not indexed
            Add(block, name);
            Add(block, value);
        }

        return SendAsync(FrameType.Headers, (byte)(EndHeaders | (isWhole ? EndStream : 0)), stream, block.ToArray());
    }

    /// <summary>A gRPC message on a call.</summary>
    public Task MessageAsync(int stream, byte[] message, bool isLast = false)
    {
        var framed = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, 5);
        return SendAsync(FrameType.Data, isLast ? EndStream : (byte)0, stream, framed);
    }

    public Task ResetAsync(int stream) => SendAsync(FrameType.Reset, 0, stream, new byte[] { 0, 0, 0, 8 });

    public Task AcknowledgeSettingsAsync() => SendAsync(FrameType.Settings, Acknowledges, 0, default);

    /// <summary>The next frame; null when the server has closed the connection.</summary>
    public async Task<(FrameType Type, int Stream, byte[] Payload)?> NextAsync()
    {
        try
        {
            var header = new byte[9];
            await Stream.ReadExactlyAsync(header).AsTask().WaitAsync(Deadline.Step);
            var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            await Stream.ReadExactlyAsync(payload).AsTask().WaitAsync(Deadline.Step);
            return ((FrameType)header[3], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)) & int.MaxValue, payload);
        }
        catch (Exception gone) when (gone is IOException or EndOfStreamException)
        {
            return null;
        }
    }

    public void Dispose() => _client.Dispose();

    private static void Add(List<byte> block, string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        if (bytes.Length < 127)
        {
            block.Add((byte)bytes.Length);
        }
        else
        {
            block.Add(127);
            var rest = bytes.Length - 127;
            for (; rest >= 128; rest >>= 7)
                block.Add((byte)(128 | (rest & 127)));
            block.Add((byte)rest);
        }

        block.AddRange(bytes);
    }
}
