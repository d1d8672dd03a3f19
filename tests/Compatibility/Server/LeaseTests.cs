// A node that has lost its lease while a call was on its way: whatever the function, its answer must not leave; that it does not
// serve may.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class LeaseTests : DoorTest
{
    // What the door answers by itself says at the moment of writing whether the node serves.
    private static readonly Rpc[] OfTheDoor =
        [Rpc.ServiceReady, Rpc.GetFsdir, Rpc.GetStorageConfig, Rpc.Ping, Rpc.NotifyOffloadSuccess, Rpc.GetAllNoFSegments];

    public static TheoryData<Rpc> OfTheNode() => [.. CallCatalog.Newest.Keys.Except(OfTheDoor)];

    public static TheoryData<Rpc> All() => [.. CallCatalog.Newest.Keys];

    [Theory]
    [MemberData(nameof(OfTheNode))]
    public async Task Answer_does_not_leave_without_a_lease(Rpc rpc)
    {
        var client = await ConnectAsync();
        await client.SendAsync(RequestOf(rpc));
        var call = await Gateway.NextAsync();
        Gateway.MayServe = false;
        StandardAnswers.Settle(call);
        await client.AssertClosedAsync();
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Node_that_does_not_serve_says_so_to_every_function(Rpc rpc)
    {
        Gateway.MayServe = false;
        var client = await ConnectAsync();
        await client.SendAsync(RequestOf(rpc));
        if (!OfTheDoor.Contains(rpc))
            (await Gateway.NextAsync()).Refuse(ErrorCode.UnavailableInCurrentMode);
        var answer = CallCatalog.Newest[rpc]
            .Decode(isRequest: false, (await client.ReceiveAsync()).AsMemory(Mooncake.Frames.ResponseHeader.Bytes));
        Assert.NotNull(answer);
        var one = rpc == Rpc.RemoveAll ? "-1011" : "error -1011";
        Assert.Contains(answer.Meaning, new[] { one, $"[{one}, {one}]" });
    }

    [Fact]
    public async Task Task_that_is_refused_for_its_segments_tells_of_them_only_with_a_lease()
    {
        var client = await ConnectAsync();
        await client.SendAsync(RequestOf(Rpc.CreateMoveTask));
        var call = await Gateway.NextAsync();
        Gateway.MayServe = false;
        call.Refuse(ErrorCode.InvalidParams);
        await client.AssertClosedAsync();
    }

    [Fact]
    public async Task Cleared_keys_leave_out_what_was_refused_unless_the_node_stopped_serving()
    {
        var client = await ConnectAsync();
        await client.SendAsync(RequestOf(Rpc.BatchReplicaClear));
        var call = await Gateway.NextKeyedAsync();
        (call.Results[0].Error, call.Results[1].Exists) = (ErrorCode.InvalidParams, true);
        call.Settle(2);
        var cleared = await client.ReceiveAsync<ReplicaClearRequest, Expected<WireList<ByteString>>>();
        Assert.Equal("[k2]", cleared.Value.Value.ToString());

        await client.SendAsync(RequestOf(Rpc.BatchReplicaClear));
        call = await Gateway.NextKeyedAsync();
        (call.Results[0].Exists, call.Results[1].Error) = (true, ErrorCode.UnavailableInCurrentMode);
        call.Settle(2);
        cleared = await client.ReceiveAsync<ReplicaClearRequest, Expected<WireList<ByteString>>>();
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, cleared.Value.Error);
    }

    private static byte[] RequestOf(Rpc rpc) =>
        GoldenFile.DoorNewest.Single(frame => frame.IsRequest && frame.Function == rpc.ToString()).Bytes;
}
