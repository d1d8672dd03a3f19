// A master of a few lines, for tests of the client: reads requests off a real socket and does with each what the test says.
using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility;

/// <summary>One request as the master got it, and the ways to react to it.</summary>
public sealed record ReceivedCall(RequestHeader Header, byte[] Body, Socket Socket)
{
    public Rpc Rpc => RpcTable.Newest.TryFind(Header.FunctionId, out var function)
        ? function.Rpc : throw new InvalidOperationException("unknown id");

    public T Arguments<T>() where T : struct, IWireValue<T> =>
        StructPackMessage.TryRead<T>(Body, RpcTable.Newest[Rpc].Arguments!, out var value)
            ? value : throw new InvalidOperationException("bad body");

    public Task AnswerAsync<T>(T result) where T : struct, IWireWritable => AnswerAsync(result, Rpc);

    public Task AnswerAsync<T>(T result, Rpc asIfFor) where T : struct, IWireWritable =>
        WriteAsync(output => FrameWriter.WriteResponse(output, Header.CallNumber, RpcTable.Newest[asIfFor].Result, result));

    public Task RefuseAsync(RpcErrorCode code, string text) =>
        WriteAsync(output => FrameWriter.WriteError(output, Header.CallNumber, code, text));

    public Task WriteAsync(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return Socket.SendAsync(output.WrittenMemory).AsTask();
    }
}

/// <summary>Serves one connection after another, calls in order of arrival.</summary>
public sealed class ScriptedMaster : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<ReceivedCall, Task> _react;
    private readonly Task _serving;

    public ScriptedMaster(Func<ReceivedCall, Task> react)
    {
        _react = react;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _serving = Task.Run(ServeAsync);
    }

    public EndPoint EndPoint => _listener.LocalEndPoint!;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var socket = await _listener.AcceptAsync(_stop.Token);
                await ServeAsync(socket);
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException or IOException)
            {
                // The client went away or the test is over.
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var input = PipeReader.Create(new NetworkStream(socket));
        while (true)
        {
            var received = await input.ReadAsync(_stop.Token);
            var buffer = received.Buffer;
            while (FrameReader.ReadRequest(ref buffer, FrameLimits.Default, out var header, out var body) == FrameStatus.Complete)
                await _react(new ReceivedCall(header, body.ToArray(), socket));
            input.AdvanceTo(buffer.Start, buffer.End);
            if (received.IsCompleted)
                return;
        }
    }
}
