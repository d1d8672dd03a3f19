// What the door answers, byte for byte, and in which order.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class AnswerTests : DoorTest
{
    private const string Client = "887766554433221100ffeeddccbbaa99";

    [Fact]
    public async Task Door_answers_by_itself_what_is_about_the_service()
    {
        var client = await ConnectAsync();
        await client.SendAsync("150000000000000056bb817b0000000000000000"); // ServiceReady
        Assert.Equal("15000000000000000b0000000000000034ccb31c0105322e302e30", await client.ReceiveHexAsync());
        await client.SendAsync(RawClient.Frame<GetFsdirRequest, Expected<ByteString>>(1, default));
        Assert.Equal(ByteString.Empty, (await client.ReceiveAsync<GetFsdirRequest, Expected<ByteString>>()).Value.Value);
        Assert.Equal(0, Gateway.Waiting);
    }

    [Fact]
    public async Task Node_that_does_not_serve_says_so_to_what_is_about_the_service()
    {
        Gateway.MayServe = false;
        var client = await ConnectAsync();
        await client.SendAsync("150000000000000056bb817b0000000000000000"); // ServiceReady
        Assert.Equal("15000000000000000900000000000000" + "34ccb31c" + "000dfcffff", await client.ReceiveHexAsync());
    }

    [Fact]
    public async Task Ping_carries_epoch_and_status()
    {
        var client = await ConnectAsync();
        await client.SendAsync("1500000003000000e5dac2d61400000000000000e0836d3c" + Client);
        Assert.Equal("15000000030000001100000000000000528f2a7401050000000000000001000000", await client.ReceiveHexAsync());
        Assert.Equal([new Uuid(0x1122334455667788, 0x99aabbccddeeff00)], Gateway.TakeHeard());

        await client.SendAsync(RawClient.Frame<PingRequest, Expected<PingResponse>>(4, new(new(1, 2))));
        Assert.Equal(ClientStatus.NeedRemount, (await client.ReceiveAsync<PingRequest, Expected<PingResponse>>()).Value.Value.Status);
        Assert.Equal(0, Gateway.Waiting);

        Gateway.MayServe = false;
        await client.SendAsync(RawClient.Frame<PingRequest, Expected<PingResponse>>(5, new(new(1, 2))));
        Assert.Equal(
            ErrorCode.UnavailableInCurrentMode, (await client.ReceiveAsync<PingRequest, Expected<PingResponse>>()).Value.Error);
    }

    [Fact]
    public async Task Single_and_batch_reads_are_one_call_each()
    {
        var client = await ConnectAsync();
        await client.SendAsync("1500000009000000095f38891100000000000000d81ef97c04686974310764656661756c74"); // ExistKey hit1
        var single = await Gateway.NextKeyedAsync();
        Assert.Equal(ObjectKey.From("hit1"), Assert.Single(single.Keys));
        Answer(single);
        Assert.Equal("15000000090000000600000000000000d200e8900101", await client.ReceiveHexAsync());

        await client.SendAsync("150000000d000000b0a69fb81b00000000000000628df700030468697431046e6f7065036261640764656661756c74");
        var batch = await Gateway.NextKeyedAsync();
        Assert.Equal(["hit1", "nope", "bad"], batch.Keys.Select(key => key.ToString()));
        batch.Results[0].Exists = true;
        batch.Results[2].Error = (ErrorCode)(-400);
        batch.Settle(1);
        batch.Settle(2);
        Assert.Equal("150000000d0000000e000000000000005c8c5f2a03010101000070feffff", await client.ReceiveHexAsync());
    }

    [Fact]
    public async Task PutStart_carries_the_replicas_and_PutEnd_nothing()
    {
        var client = await ConnectAsync();
        var zeros = new string('0', 66);
        await client.SendAsync(
            "1500000011000000c19aea654b000000000000000ebd85e3" + Client + "046f626a31001000000000000001" + zeros + "0764656661756c74");
        var start = await Gateway.NextKeyedAsync();
        Assert.Equal((KeyedOperation.PutStart, 4096UL), (start.Operation, Assert.Single(start.Sizes)));
        start.Results[0].Replicas = new ReplicaList(
            new ReplicaDescriptor(20, 4096, 139637976727552, "tcp", "10.0.0.1:12345", ReplicaStatus.Processing));
        start.Settle(1);
        Assert.Equal(
            "15000000110000003600000000000000a62739c40101140000000000000000001000000000000000000000007f0000037463700e31302e302e302e31"
            + "3a313233343502000000",
            await client.ReceiveHexAsync());

        await client.SendAsync("150000001500000099208b8e2600000000000000229281d1" + Client + "046f626a3100040000000764656661756c74");
        var end = await Gateway.NextKeyedAsync();
        Assert.Equal(KeyedOperation.PutEnd, end.Operation);
        end.Settle(1);
        Assert.Equal("15000000150000000500000000000000cc6828af01", await client.ReceiveHexAsync());
    }

    [Fact]
    public async Task Answers_leave_in_the_order_in_which_they_are_known()
    {
        var client = await ConnectAsync();
        await client.SendAsync(new[] { Exist(1), Exist(2), Exist(3), Exist(4), Exist(5) }.SelectMany(frame => frame).ToArray());
        var calls = new List<KeyedCall>();
        for (var i = 0; i < 5; i++)
            calls.Add(await Gateway.NextKeyedAsync());
        foreach (var number in new[] { 3, 5, 1, 2, 4 })
        {
            Answer(calls[number - 1], exists: number % 2 == 0);
            var (answered, value) = await ReceiveExistAsync(client);
            Assert.Equal(((uint)number, number % 2 == 0), (answered, value.Value.Value));
        }
    }

    [Fact]
    public async Task Lists_of_different_lengths_are_refused_item_by_item()
    {
        var client = await ConnectAsync();
        await client.SendAsync(RawClient.Frame<BatchPutStartRequest, WireList<Expected<WireList<WireReplica>>>>(
            7, new(new(1, 2), new ByteString[] { "a", "b", "c" }, new ulong[] { 1, 2 }, new WireReplicateConfig(), "default")));
        var (number, results) = await client.ReceiveAsync<BatchPutStartRequest, WireList<Expected<WireList<WireReplica>>>>();
        Assert.Equal(7u, number);
        Assert.Equal(Enumerable.Repeat(ErrorCode.InvalidParams, 3), results.Items.ToArray().Select(item => item.Error));
        Assert.Equal(0, Gateway.Waiting);
        await AssertOpenAsync(client);
    }

    [Fact]
    public async Task No_keys_give_an_empty_list()
    {
        var client = await ConnectAsync();
        await client.SendAsync(RawClient.Frame<BatchExistKeyRequest, WireList<Expected<WireBool>>>(14, new(default, "default")));
        Assert.Equal("150000000e00000005000000000000005c8c5f2a00", await client.ReceiveHexAsync());
        Assert.Equal(0, Gateway.Waiting);
    }

    [Fact]
    public async Task Request_larger_than_the_transports_buffers_is_taken()
    {
        var client = await ConnectAsync();
        var keys = Enumerable.Range(0, 40_000).Select(i => ByteString.FromText($"{new string('k', 90)}{i:D10}")).ToArray();
        var sending = client.SendAsync(RawClient.Frame<BatchExistKeyRequest, WireList<Expected<WireBool>>>(1, new(keys, "default")));
        var call = await Gateway.NextKeyedAsync();
        await sending;
        Assert.Equal((40_000, keys[^1].ToString()), (call.Keys.Length, call.Keys[^1].ToString()));
        Answer(call);
        Assert.Equal(40_000, (await client.ReceiveAsync<BatchExistKeyRequest, WireList<Expected<WireBool>>>()).Value.Count);
    }
}
