// One node behind two ports: clients of both generations work on the same objects at the same time.
using System.Net;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Server;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class TwoGenerationsTests : IAsyncLifetime
{
    private static readonly Uuid Caller = new(1, 2);

    private readonly ScriptedGateway _gateway = new() { AnswersAtOnce = false };
    private MooncakeServer _newest = null!, _previous = null!;

    public async Task InitializeAsync()
    {
        var options = new ServerOptions(
            new IPEndPoint(IPAddress.Loopback, 0), FrameLimits.Default, MaximumRequestsInFlight: 8, MaximumConnections: 4,
            RequestTimeout: TimeSpan.FromSeconds(30));
        _newest = await MooncakeServer.StartAsync(_gateway, options, TimeProvider.System);
        _previous = await MooncakeServer.StartAsync(_gateway, options with { Functions = RpcTable.Previous }, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await _newest.DisposeAsync();
        await _previous.DisposeAsync();
    }

    [Fact]
    public async Task Both_read_the_same_object_each_in_its_own_words()
    {
        _gateway.AnswersAtOnce = true;
        await using var newest = await ConnectAsync(_newest, RpcTable.Newest);
        await using var previous = await ConnectAsync(_previous, RpcTable.Previous);
        for (var round = 0; round < 20; round++)
        {
            var both = await Task.WhenAll(
                new MasterClient(newest).GetReplicaListAsync(new("k1", "default")).AsTask(),
                new MasterClient(previous).GetReplicaListAsync(new("k1", "default")).AsTask());
            Assert.Equal(both[0].Value.Replicas, both[1].Value.Replicas);
            Assert.Equal((0xdeadbeefUL, null), (both[0].Value.ObjectChecksum, both[1].Value.ObjectChecksum));
        }
    }

    [Theory]
    [InlineData(SoftPinAction.Enable, SoftPinAction.Enable)]
    [InlineData(SoftPinAction.Preserve, SoftPinAction.Preserve)]
    [InlineData(SoftPinAction.Disable, SoftPinAction.Preserve)] // the previous generation has no word for it
    public async Task Soft_pin_of_the_previous_generation_is_enable_or_preserve(SoftPinAction sent, SoftPinAction understood)
    {
        await using var connection = await ConnectAsync(_previous, RpcTable.Previous);
        var config = new WireReplicateConfig { SoftPinAction = sent, HardPin = true, PreferredSegment = "node-a", HostId = "host-1" };
        var answer = new MasterClient(connection).PutStartAsync(new(Caller, "k1", 4096, config, "default"));
        var start = await _gateway.NextKeyedAsync();
        Assert.Equal(
            (understood, null, 0UL), (start.Config.SoftPinAction, start.Config.SoftPinTtlMilliseconds, start.Config.DfsReplicaCount));
        Assert.Equal((true, "node-a", "host-1"), (start.Config.HardPin, start.Config.PreferredSegment, start.Config.HostId));
        StandardAnswers.Settle(start);
        Assert.Equal(2, (await answer).Value.Count);
    }

    [Fact]
    public async Task End_of_the_previous_generation_carries_no_checksum()
    {
        await using var connection = await ConnectAsync(_previous, RpcTable.Previous);
        var client = new MasterClient(connection);
        var answer = client.PutEndAsync(new(Caller, new("k1", 7), ReplicaType.Memory, "default"));
        var end = await _gateway.NextKeyedAsync();
        Assert.Equal(("k1", 0, ReplicaType.Memory), (end.Keys[0].ToString(), end.Checksums.Length, end.Selector));
        StandardAnswers.Settle(end);
        Assert.True((await answer).IsOk);

        var answers = client.BatchUpsertEndAsync(new(Caller, new ObjectMeta[] { new("k1", 7), new("k2", null) }, "default"));
        var ends = await _gateway.NextKeyedAsync();
        Assert.Equal(["k1", "k2"], ends.Keys.Select(key => key.ToString()));
        Assert.Equal([null, null], ends.Checksums);
        StandardAnswers.Settle(ends);
        Assert.Equal([ErrorCode.Ok, ErrorCode.ObjectNotFound], (await answers).ToArray().Select(item => item.Error));
    }

    [Fact]
    public async Task Client_of_the_wrong_port_is_refused_and_not_misread()
    {
        await using var connection = await ConnectAsync(_newest, RpcTable.Previous);
        var failure = await Assert.ThrowsAsync<MasterRpcException>(
            async () => await new MasterClient(connection).PutEndAsync(new(Caller, new("k1", null), ReplicaType.All, "default")));
        Assert.Equal((MasterRpcFailure.Refused, RpcErrorCode.InvalidArguments), (failure.Failure, failure.Error?.Code));
        Assert.Equal(0, _gateway.Waiting);
    }

    private static Task<MasterConnection> ConnectAsync(MooncakeServer server, RpcTable functions) =>
        MasterConnection.ConnectAsync(server.Endpoint, new MasterConnectionSettings { Functions = functions });
}
