// A node that stops serving lets go of its clients: what was taken is answered, nothing else is taken, every connection ends, and a
// client that comes back is refused and sent away until the node serves again. One that never served refuses and keeps its clients.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Server;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class ServiceEndTests : DoorTest
{
    private protected override ServerOptions Options => base.Options with { MaximumConnections = 16 };

    [Fact]
    public async Task Idle_and_used_connections_are_closed()
    {
        var (idle, used) = (await ConnectAsync(), await ConnectAsync());
        await AssertOpenAsync(used);
        await AssertOpenAsync(idle); // else it may not have been accepted yet
        Gateway.EndService();
        await used.AssertClosedAsync();
        await idle.AssertClosedAsync();
    }

    [Fact]
    public async Task What_was_taken_is_answered_before_the_connection_is_closed()
    {
        var client = await ConnectAsync();
        for (uint i = 1; i <= 3; i++)
            await client.SendAsync(Exist(i));
        var taken = new[] { await Gateway.NextKeyedAsync(), await Gateway.NextKeyedAsync(), await Gateway.NextKeyedAsync() };
        Answer(taken[1]);
        Assert.Equal(2u, (await ReceiveExistAsync(client)).Number);

        Gateway.EndService(leaseHolds: true); // a hand-over: answers still leave
        Answer(taken[2]);
        Answer(taken[0]);
        Assert.Equal(3u, (await ReceiveExistAsync(client)).Number);
        Assert.Equal(1u, (await ReceiveExistAsync(client)).Number);
        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task Answer_that_was_settled_under_the_lease_leaves_after_it()
    {
        var client = await ConnectAsync();
        await client.SendAsync(Exist(1));
        var call = await Gateway.NextKeyedAsync();
        Gateway.EndLeaseAfterOneLook(); // which is the one when the call is settled
        Answer(call);
        Assert.Equal(1u, (await ReceiveExistAsync(client)).Number);
        Gateway.EndService();
        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task Answer_that_is_settled_after_the_lease_does_not_leave()
    {
        var client = await ConnectAsync();
        await client.SendAsync(Exist(1));
        var call = await Gateway.NextKeyedAsync();
        Gateway.EndService();
        Answer(call);
        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task Call_without_an_outcome_is_waited_for_but_not_for_ever()
    {
        var client = await ConnectAsync();
        await client.SendAsync(Exist(1));
        var late = await Gateway.NextKeyedAsync();
        Gateway.EndService(leaseHolds: true);
        await PassPatienceUntilAsync(client.AssertClosedAsync());
        Answer(late); // nothing is left to hear it
    }

    [Fact]
    public async Task Request_that_is_half_read_is_not_taken()
    {
        var client = await ConnectAsync();
        await AssertOpenAsync(client);
        var large = RawClient.Frame<BatchExistKeyRequest, WireList<Expected<WireBool>>>(
            1, new BatchExistKeyRequest(
                Enumerable.Range(0, 200).Select(i => (ByteString)$"{i}{new string('k', 500)}").ToArray(), "default"));
        await client.SendAsync(large.AsMemory(0, large.Length - 1));
        Gateway.EndService();
        await client.AssertClosedAsync();
        Assert.Equal(0, Gateway.Waiting);
        Assert.Equal(0, Options.Budget.ReservedBytes);
    }

    [Fact]
    public async Task Requests_behind_the_limit_are_not_taken()
    {
        var client = await ConnectAsync();
        for (uint i = 0; i < Options.MaximumRequestsInFlight + 5; i++)
            await client.SendAsync(Exist(i));
        var taken = new List<KeyedCall>();
        for (var i = 0; i < Options.MaximumRequestsInFlight; i++)
            taken.Add(await Gateway.NextKeyedAsync());

        Gateway.EndService(leaseHolds: true);
        foreach (var call in taken)
            Answer(call);
        for (uint i = 0; i < Options.MaximumRequestsInFlight; i++)
            Assert.Equal(i, (await ReceiveExistAsync(client)).Number);
        // The first of the others may be read before the connection knows that it is over; then it is refused.
        await client.DrainAsync();
        Assert.Equal(0, Gateway.Waiting);
    }

    [Fact]
    public async Task Client_that_does_not_read_its_answers_is_waited_for_but_not_for_ever()
    {
        const int Keys = 50_000;
        const int Requests = 4;
        const int LeastBytesOfAnswer = 50; // of one key
        var client = await ConnectAsync();
        var keys = Enumerable.Range(0, Keys).Select(i => (ByteString)$"{i}").ToArray();
        var request = RawClient.Frame<BatchGetReplicaListRequest, WireList<Expected<ReplicaListResponse>>>(
            1, new BatchGetReplicaListRequest(keys, "default"));
        var replica = new ReplicaList(new ReplicaDescriptor(1, 4096, 0x1000, "tcp", "host:1", ReplicaStatus.Complete));
        for (var i = 0; i < Requests; i++)
        {
            await client.SendAsync(request);
            var call = await Gateway.NextKeyedAsync();
            foreach (ref var result in call.Results.AsSpan())
                result.Replicas = replica;
            call.Settle(Keys);
        }

        Gateway.EndService();
        Gateway.ServeAgain();
        for (var others = 1; others < Options.MaximumConnections; others++)
            await AssertOpenAsync(await ConnectAsync());
        await AssertServedAgainAsync(() => Time.Advance(Options.LastAnswersPatience + TimeSpan.FromTicks(1)));
        Assert.InRange(await client.DrainAsync(), 1, (Requests * Keys * LeastBytesOfAnswer) - 1);
    }

    [Fact]
    public async Task Client_that_comes_back_is_refused_and_closed_until_the_node_serves_again()
    {
        Gateway.EndService();
        for (var i = 0; i < 3; i++)
        {
            var early = await ConnectAsync();
            await early.SendAsync(ServiceReady);
            var (_, ready) = await early.ReceiveAsync<ServiceReadyRequest, Expected<ByteString>>();
            Assert.Equal(ErrorCode.UnavailableInCurrentMode, ready.Error);
            await early.AssertClosedAsync();
        }

        var waiting = await ConnectAsync(); // has asked nothing yet
        Gateway.ServeAgain();
        await AssertOpenAsync(waiting);
        await AssertOpenAsync(waiting);
        Gateway.EndService();
        await waiting.AssertClosedAsync();
    }

    [Fact]
    public async Task Connection_of_an_earlier_service_is_closed_even_if_the_next_begins_at_once()
    {
        var client = await ConnectAsync();
        await AssertOpenAsync(client);
        Gateway.EndService();
        Gateway.ServeAgain();
        await client.AssertClosedAsync();
        await AssertOpenAsync(await ConnectAsync());
    }

    [Fact]
    public async Task Node_that_hands_over_does_not_say_that_it_is_ready()
    {
        Gateway.EndService(leaseHolds: true);
        var client = await ConnectAsync();
        await client.SendAsync(ServiceReady);
        var (_, ready) = await client.ReceiveAsync<ServiceReadyRequest, Expected<ByteString>>();
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, ready.Error);
    }

    [Fact]
    public async Task Node_that_never_served_refuses_for_a_while_and_then_closes()
    {
        Gateway.MayServe = false;
        var (asking, idle) = (await ConnectAsync(), await ConnectAsync());
        for (uint i = 0; i < 9; i++)
        {
            await AssertRefusedAsync(asking, i);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        // It begins to serve, so the time of refusals begins again.
        Gateway.MayServe = true;
        await AssertOpenAsync(asking);
        Gateway.MayServe = false;
        await AssertRefusedAsync(asking, 10);
        Time.Advance(TimeSpan.FromSeconds(9));
        await AssertRefusedAsync(asking, 11);
        Time.Advance(TimeSpan.FromSeconds(1));
        await AssertRefusedAsync(asking, 12);
        await asking.AssertClosedAsync();

        Gateway.MayServe = true;
        await AssertOpenAsync(idle);
    }

    private async Task AssertRefusedAsync(RawClient client, uint number)
    {
        await client.SendAsync(Exist(number));
        (await Gateway.NextAsync()).Refuse(ErrorCode.UnavailableInCurrentMode);
        var (answered, value) = await ReceiveExistAsync(client);
        Assert.Equal((number, ErrorCode.UnavailableInCurrentMode), (answered, value.Error));
    }

    // The connection begins to wait at a moment of its own: so the clock moves on until it has ended.
    private async Task PassPatienceUntilAsync(Task ended)
    {
        using var patience = new CancellationTokenSource(RawClient.Patience);
        while (!ended.IsCompleted)
        {
            patience.Token.ThrowIfCancellationRequested();
            Time.Advance(Options.LastAnswersPatience + TimeSpan.FromTicks(1));
            await Task.WhenAny(ended, Task.Delay(10, patience.Token));
        }

        await ended;
    }
}
