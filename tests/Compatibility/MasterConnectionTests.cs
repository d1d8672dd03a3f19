// The client of one master over real sockets: many calls in flight, and what a caller learns when there is no answer.
using System.Net;
using System.Net.Sockets;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility;

public sealed class MasterConnectionTests
{
    private static readonly TimeSpan Patience = Deadline.Step;

    [Fact]
    public async Task Call_brings_its_arguments_and_its_result()
    {
        await using var master = new ScriptedMaster(call => call.Rpc switch
        {
            Rpc.ServiceReady => call.AnswerAsync<Expected<ByteString>>((ByteString)RpcTable.StoreProtocolVersion),
            Rpc.ExistKey => call.AnswerAsync<Expected<WireBool>>(new WireBool(call.Arguments<ExistKeyRequest>().Key == "here")),
            _ => call.AnswerAsync<Expected<Nothing>>(ErrorCode.ObjectNotFound),
        });
        await using var connection = await MasterConnection.ConnectAsync(master.EndPoint);
        var client = new MasterClient(connection);
        Assert.Equal(RpcTable.StoreProtocolVersion, (await client.ServiceReadyAsync()).Value.ToString());
        Assert.True((await client.ExistKeyAsync(new("here", "default"))).Value.Value);
        Assert.False((await client.ExistKeyAsync(new("gone", "default"))).Value.Value);
        Assert.Equal(ErrorCode.ObjectNotFound, (await client.RemoveAsync(new("gone", false, "default"))).Error);
    }

    [Fact]
    public async Task Thousands_of_calls_from_many_threads_each_get_their_own_answer_even_in_reverse_order()
    {
        var held = new Stack<ReceivedCall>();
        await using var master = new ScriptedMaster(async call =>
        {
            held.Push(call);
            if (held.Count < 50)
                return;
            while (held.TryPop(out var last))
                await last.AnswerAsync<Expected<PingResponse>>(new PingResponse((long)last.Arguments<PingRequest>().Client.First, default));
        });
        await using var connection = await MasterConnection.ConnectAsync(master.EndPoint);
        var client = new MasterClient(connection);
        await Parallel.ForEachAsync(Enumerable.Range(0, 5000), new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (number, _) =>
        {
            var answer = await client.PingAsync(new(new Uuid((ulong)number, 0)), CancellationToken.None);
            Assert.Equal(number, answer.Value.ViewVersion);
        }).WaitAsync(Patience);
    }

    [Fact]
    public async Task More_calls_than_allowed_in_flight_wait_for_their_turn()
    {
        var (open, most) = (0, 0);
        var batch = new List<ReceivedCall>();
        await using var master = new ScriptedMaster(async call =>
        {
            most = Math.Max(most, ++open);
            batch.Add(call);
            if (batch.Count < 4)
                return;
            foreach (var one in batch)
            {
                open--;
                await one.AnswerAsync<Expected<Nothing>>(default(Nothing));
            }
            batch.Clear();
        });
        await using var connection = await MasterConnection.ConnectAsync(master.EndPoint, new() { MaximumInFlight = 4 });
        var client = new MasterClient(connection);
        var calls = Enumerable.Range(0, 40).Select(_ => client.RemoveAsync(new("k", false, "default")).AsTask()).ToArray();
        Assert.All(await Task.WhenAll(calls).WaitAsync(Patience), answer => Assert.True(answer.IsOk));
        Assert.Equal(4, most);
    }

    [Fact]
    public async Task Refusal_carries_its_code_and_leaves_the_connection_open()
    {
        await using var master = new ScriptedMaster(call => call.Rpc == Rpc.GetFsdir
            ? call.WriteAsync(output => FrameWriter.WriteExtendedError(output, call.Header.CallNumber, 1000, "no"))
            : call.RefuseAsync(RpcErrorCode.InvalidArguments, RpcError.InvalidArgumentsText));
        await using var connection = await MasterConnection.ConnectAsync(master.EndPoint);
        var client = new MasterClient(connection);
        var refused = await Assert.ThrowsAsync<MasterRpcException>(async () => await client.ServiceReadyAsync());
        Assert.Equal((MasterRpcFailure.Refused, new RpcError(RpcErrorCode.InvalidArguments, 0, "invalid rpc arg")),
            (refused.Failure, refused.Error));
        var extended = await Assert.ThrowsAsync<MasterRpcException>(async () => await client.GetFsdirAsync());
        Assert.Equal(new RpcError(RpcErrorCode.Extended, 1000, "no"), extended.Error);
        Assert.True(connection.IsOpen);
    }

    [Fact]
    public async Task Master_that_cannot_be_reached_was_sent_nothing()
    {
        using var reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var failure = await Assert.ThrowsAsync<MasterRpcException>(() => MasterConnection.ConnectAsync(reserved.LocalEndPoint!));
        Assert.Equal(MasterRpcFailure.NotSent, failure.Failure);
    }

    [Fact]
    public async Task Master_that_does_not_answer_the_connection_attempt_is_given_up_in_time()
    {
        // Nobody accepts: once the queue of the listener is full, further attempts get no answer at all.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var connections = new List<MasterConnection>();
        var failure = await Assert.ThrowsAsync<MasterRpcException>(async () =>
        {
            while (connections.Count < 100)
                connections.Add(await MasterConnection.ConnectAsync(
                    listener.LocalEndPoint!, new() { ConnectTimeout = TimeSpan.FromMilliseconds(200) }));
        });
        Assert.Equal(MasterRpcFailure.NotSent, failure.Failure);
        Assert.Contains("not within 00:00:00.2", failure.Message, StringComparison.Ordinal);
        foreach (var connection in connections)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task Connection_that_breaks_leaves_the_outcome_of_sent_calls_unknown_and_later_calls_unsent()
    {
        await using var master = new ScriptedMaster(call =>
        {
            call.Socket.Close();
            return Task.CompletedTask;
        });
        await using var connection = await MasterConnection.ConnectAsync(master.EndPoint);
        var client = new MasterClient(connection);
        var sent = await Assert.ThrowsAsync<MasterRpcException>(async () => await client.ServiceReadyAsync().AsTask().WaitAsync(Patience));
        Assert.Equal(MasterRpcFailure.OutcomeUnknown, sent.Failure);
        await connection.Closed.WaitAsync(Patience);
        Assert.False(connection.IsOpen);
        var later = await Assert.ThrowsAsync<MasterRpcException>(async () => await client.ServiceReadyAsync());
        Assert.Equal(MasterRpcFailure.NotSent, later.Failure);
    }

    [Fact]
    public async Task Calls_still_queued_when_the_connection_breaks_are_known_to_be_unsent()
    {
        // A peer that accepts and never reads: the socket's buffers fill up, and what is queued behind them never leaves.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var connection = await MasterConnection.ConnectAsync(listener.LocalEndPoint!);
        using var peer = await listener.AcceptAsync();
        var client = new MasterClient(connection);
        var first = client.ServiceReadyAsync().AsTask();
        var large = Enumerable.Range(0, 64)
            .Select(_ => client.ExistKeyAsync(new(new ByteString(new byte[1 << 20]), "default")).AsTask()).ToArray();
        Assert.True(await peer.ReceiveAsync(new byte[RequestHeader.Bytes]) > 0);
        await connection.DisposeAsync();
        Assert.Equal(MasterRpcFailure.OutcomeUnknown, (await Assert.ThrowsAsync<MasterRpcException>(() => first)).Failure);
        Assert.Equal(MasterRpcFailure.NotSent, (await Assert.ThrowsAsync<MasterRpcException>(() => large[^1])).Failure);
    }

    [Fact]
    public async Task Answer_that_does_not_come_in_time_leaves_the_outcome_unknown_and_may_come_late()
    {
        var silent = new TaskCompletionSource<ReceivedCall>();
        await using var master = new ScriptedMaster(async call =>
        {
            if (call.Rpc == Rpc.GetFsdir)
            {
                silent.SetResult(call);
                return;
            }
            await (await silent.Task).AnswerAsync<Expected<ByteString>>((ByteString)"late");
            await call.AnswerAsync<Expected<ByteString>>((ByteString)"in time");
        });
        var time = new ManualTime();
        await using var connection = await MasterConnection.ConnectAsync(
            master.EndPoint, new() { ResponseTimeout = TimeSpan.FromSeconds(3), Time = time });
        var client = new MasterClient(connection);
        var call = client.GetFsdirAsync().AsTask();
        await silent.Task.WaitAsync(Patience);
        time.Advance(TimeSpan.FromSeconds(4));
        var overdue = await Assert.ThrowsAsync<MasterRpcException>(() => call.WaitAsync(Patience));
        Assert.Equal(MasterRpcFailure.OutcomeUnknown, overdue.Failure);
        Assert.Equal("in time", (await client.ServiceReadyAsync()).Value.ToString());
        Assert.True(connection.IsOpen);
    }

    [Fact]
    public async Task Caller_that_gives_up_is_cancelled_and_the_connection_goes_on()
    {
        using var cancellation = new CancellationTokenSource();
        await using var master = new ScriptedMaster(call => call.Rpc == Rpc.GetFsdir
            ? cancellation.CancelAsync()
            : call.AnswerAsync<Expected<ByteString>>((ByteString)"2.0.0"));
        await using var connection = await MasterConnection.ConnectAsync(master.EndPoint);
        var client = new MasterClient(connection);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await client.GetFsdirAsync(cancellation.Token));
        Assert.True((await client.ServiceReadyAsync()).IsOk);
    }

    [Fact]
    public async Task Answer_of_another_type_closes_the_connection()
    {
        await using var master = new ScriptedMaster(call => call.AnswerAsync<Expected<WireBool>>(new WireBool(true), Rpc.ExistKey));
        await AssertFatalAsync(master);
    }

    [Fact]
    public async Task Answer_to_a_call_that_was_never_made_closes_the_connection()
    {
        await using var master = new ScriptedMaster(call => call.WriteAsync(output =>
            FrameWriter.WriteError(output, call.Header.CallNumber + 1, RpcErrorCode.InvalidArguments, "")));
        await AssertFatalAsync(master);
    }

    [Fact]
    public async Task Peer_of_another_protocol_closes_the_connection()
    {
        await using var master = new ScriptedMaster(call => call.Socket.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray()));
        await AssertFatalAsync(master);
    }

    [Fact]
    public async Task Answer_beyond_the_limit_closes_the_connection()
    {
        await using var master = new ScriptedMaster(call => call.AnswerAsync<Expected<ByteString>>(new ByteString(new byte[1000])));
        await AssertFatalAsync(master, new() { Limits = new FrameLimits(999) });
    }

    private static async Task AssertFatalAsync(ScriptedMaster master, MasterConnectionSettings? settings = null)
    {
        await using var connection = await MasterConnection.ConnectAsync(master.EndPoint, settings);
        var failure = await Assert.ThrowsAsync<MasterRpcException>(
            async () => await new MasterClient(connection).ServiceReadyAsync().AsTask().WaitAsync(Patience));
        Assert.Equal(MasterRpcFailure.OutcomeUnknown, failure.Failure);
        await connection.Closed.WaitAsync(Patience);
        Assert.False(connection.IsOpen);
    }
}
