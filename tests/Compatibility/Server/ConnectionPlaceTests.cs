// Places at the door: connections that have never sent a request do not lock out clients, and clients are not locked out by each other.
namespace HotStandby.Tests.Compatibility.Server;

public sealed class ConnectionPlaceTests : DoorTest
{
    [Fact]
    public async Task A_connection_without_a_request_gives_way_and_one_that_has_spoken_does_not()
    {
        var client = await ConnectAsync();
        await AssertOpenAsync(client, 1);
        var idle = new List<RawClient>();
        for (var i = 1; i < Options.MaximumConnections; i++)
            idle.Add(await ConnectAsync());
        // Connections take their places in any order, so a newcomer may give way to an idle one that is late. It comes again then.
        await AssertServedAgainAsync();
        await await Task.WhenAny(idle.Select(connection => connection.AssertClosedAsync()));
        await AssertOpenAsync(client, 3);
    }

    [Fact]
    public async Task When_all_have_spoken_one_more_is_closed_at_once()
    {
        for (uint i = 0; i < Options.MaximumConnections; i++)
            await AssertOpenAsync(await ConnectAsync(), i);
        await (await ConnectAsync()).AssertClosedAsync();
    }
}
