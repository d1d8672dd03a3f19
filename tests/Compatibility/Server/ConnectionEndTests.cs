// When a connection must end without an answer, and that nothing of it is left behind then.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Server;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class ConnectionEndTests : DoorTest
{
    [Fact]
    public async Task Door_stops_reading_at_the_limit_and_goes_on_with_every_answer()
    {
        var client = await ConnectAsync();
        var limit = Options.MaximumRequestsInFlight;
        for (uint i = 0; i < 3 * limit; i++)
            await client.SendAsync(Exist(i));
        var taken = new List<KeyedCall>();
        for (var i = 0; i < limit; i++)
            taken.Add(await Gateway.NextKeyedAsync());
        for (var i = limit; i < 3 * limit; i++)
        {
            // Each answer makes room for exactly one.
            Assert.Equal(0, Gateway.Waiting);
            Answer(taken[i - limit]);
            Assert.Equal((uint)(i - limit), (await ReceiveExistAsync(client)).Number);
            taken.Add(await Gateway.NextKeyedAsync());
        }

        foreach (var call in taken.Skip(2 * limit))
            Answer(call);
        for (var i = 2 * limit; i < 3 * limit; i++)
            Assert.Equal((uint)i, (await ReceiveExistAsync(client)).Number);
    }

    [Fact]
    public async Task Reply_without_a_lease_is_not_sent_and_ends_the_connection()
    {
        var client = await ConnectAsync();
        await client.SendAsync(Exist(1));
        var call = await Gateway.NextKeyedAsync();
        Gateway.MayServe = false;
        Answer(call);
        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task Success_in_a_batch_of_refusals_ends_the_connection()
    {
        var client = await ConnectAsync();
        await client.SendAsync("150000000d000000b0a69fb81b00000000000000628df700030468697431046e6f7065036261640764656661756c74");
        var call = await Gateway.NextKeyedAsync();
        Gateway.MayServe = false;
        call.Results[0].Error = call.Results[2].Error = ErrorCode.UnavailableInCurrentMode;
        call.Settle(3);
        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task Refusal_leaves_without_a_lease()
    {
        Gateway.MayServe = false;
        var client = await ConnectAsync();
        await client.SendAsync(Exist(1));
        var call = await Gateway.NextKeyedAsync();
        call.Results[0].Error = ErrorCode.UnavailableInCurrentMode;
        call.Settle(1);
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, (await ReceiveExistAsync(client)).Value.Error);
    }

    [Fact]
    public async Task Abandoned_call_ends_its_connection_and_no_other()
    {
        var (one, other) = (await ConnectAsync(), await ConnectAsync());
        await one.SendAsync(Exist(1));
        var call = await Gateway.NextKeyedAsync();
        call.Abandon();
        await one.AssertClosedAsync();
        await AssertOpenAsync(other);
    }

    [Fact]
    public async Task Request_without_an_outcome_ends_its_connection()
    {
        var client = await ConnectAsync();
        await client.SendAsync(Exist(1));
        var late = await Gateway.NextKeyedAsync();
        Time.Advance(TimeSpan.FromSeconds(9));
        await client.SendAsync(Exist(2));
        Answer(await Gateway.NextKeyedAsync());
        Assert.Equal(2u, (await ReceiveExistAsync(client)).Number);
        Time.Advance(TimeSpan.FromSeconds(2));
        await client.AssertClosedAsync();
        Answer(late); // nobody is left to hear it
    }

    [Fact]
    public async Task Answered_requests_do_not_time_out()
    {
        var client = await ConnectAsync();
        for (uint i = 0; i < 50; i++)
        {
            await AssertOpenAsync(client, i);
            Time.Advance(TimeSpan.FromSeconds(9));
        }
    }

    [Fact]
    public async Task Old_request_is_still_watched_behind_many_answered_ones()
    {
        var client = await ConnectAsync();
        await client.SendAsync(Exist(1000));
        await Gateway.NextKeyedAsync();
        for (uint i = 0; i < 100; i++)
            await AssertOpenAsync(client, i);
        Time.Advance(TimeSpan.FromSeconds(11));
        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task Connection_that_ends_while_it_waits_for_room_leaves_its_place_to_another()
    {
        // All places are taken by connections whose requests nobody answers and who wait to send more.
        var clients = new List<RawClient>();
        for (var i = 0; i < Options.MaximumConnections; i++)
        {
            var client = await ConnectAsync();
            clients.Add(client);
            for (uint number = 0; number <= Options.MaximumRequestsInFlight + 1; number++)
                await client.SendAsync(Exist(number));
            for (var taken = 0; taken < Options.MaximumRequestsInFlight; taken++)
                await Gateway.NextKeyedAsync();
        }

        Time.Advance(TimeSpan.FromSeconds(11));
        foreach (var client in clients)
            await client.AssertClosedAsync();
        await AssertServedAgainAsync();
    }

    [Fact]
    public async Task Server_ends_every_connection_when_it_stops()
    {
        var client = await ConnectAsync();
        for (uint number = 0; number <= Options.MaximumRequestsInFlight + 1; number++)
            await client.SendAsync(Exist(number));
        for (var taken = 0; taken < Options.MaximumRequestsInFlight; taken++)
            await Gateway.NextKeyedAsync();
        await Server.DisposeAsync().AsTask().WaitAsync(RawClient.Patience);
        await client.AssertClosedAsync();
    }
}
