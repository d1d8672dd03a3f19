// A door on a loopback socket in front of a scripted node, for the tests beside it.
using System.Net;
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Server;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility.Server;

public abstract class DoorTest : IAsyncLifetime
{
    private protected const string ServiceReady = "150000000000000056bb817b0000000000000000";

    private readonly List<RawClient> _clients = [];

    private protected ScriptedGateway Gateway { get; } = new();

    private protected ManualTime Time { get; } = new();

    private protected MooncakeServer Server { get; private set; } = null!;

    private protected virtual ServerOptions Options => new(
        new IPEndPoint(IPAddress.Loopback, 0), FrameLimits.Default, MaximumRequestsInFlight: 8, MaximumConnections: 4,
        RequestTimeout: TimeSpan.FromSeconds(10));

    public async Task InitializeAsync() => Server = await MooncakeServer.StartAsync(Gateway, Options, Time);

    public async Task DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        await Server.DisposeAsync();
    }

    private protected async Task<RawClient> ConnectAsync()
    {
        var client = await RawClient.ConnectAsync(Server.Endpoint);
        _clients.Add(client);
        return client;
    }

    private protected static byte[] Exist(uint number, string key = "hit1") =>
        RawClient.Frame<ExistKeyRequest, Expected<WireBool>>(number, new ExistKeyRequest(key, "default"));

    private protected static Task<(uint Number, Expected<WireBool> Value)> ReceiveExistAsync(RawClient client) =>
        client.ReceiveAsync<ExistKeyRequest, Expected<WireBool>>();

    private protected static void Answer(KeyedCall call, bool exists = true)
    {
        foreach (ref var result in call.Results.AsSpan())
            result.Exists = exists;
        call.Settle(call.Results.Length);
    }

    /// <summary>A place for one more connection becomes free. Each look before that does something first.</summary>
    private protected async Task AssertServedAgainAsync(Action? beforeEachLook = null)
    {
        using var patience = new CancellationTokenSource(RawClient.Patience);
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            beforeEachLook?.Invoke();
            using var client = await RawClient.ConnectAsync(Server.Endpoint);
            try
            {
                await client.SendAsync(ServiceReady);
                await client.ReceiveAsync();
                return;
            }
            catch (Exception refused) when (refused is Xunit.Sdk.XunitException or System.Net.Sockets.SocketException)
            {
                // Still full: the server has closed it again.
            }
        }
    }

    /// <summary>The connection still works: a request is answered.</summary>
    private protected async Task AssertOpenAsync(RawClient client, uint number = 99)
    {
        await client.SendAsync(Exist(number));
        Answer(await Gateway.NextKeyedAsync());
        var (answered, value) = await ReceiveExistAsync(client);
        Assert.Equal((number, true), (answered, value.Value.Value));
    }
}
