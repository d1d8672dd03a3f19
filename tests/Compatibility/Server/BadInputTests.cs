// Frames that are no calls: which are answered, which end the connection.
using System.Buffers.Binary;
using System.Net;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Server;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class BadInputTests : DoorTest
{
    private protected override ServerOptions Options => new(
        new IPEndPoint(IPAddress.Loopback, 0), new FrameLimits(1000), MaximumRequestsInFlight: 8, MaximumConnections: 2,
        RequestTimeout: TimeSpan.FromSeconds(10));

    [Fact]
    public async Task Wrong_type_hash_is_refused_with_4_and_the_connection_stays()
    {
        var client = await ConnectAsync();
        var frame = Exist(3);
        frame[RequestHeader.Bytes] ^= 0x40;
        await client.SendAsync(frame);
        await AssertRefusedAsync(client, 3, RpcErrorCode.InvalidArguments, RpcError.InvalidArgumentsText);
        await AssertOpenAsync(client);
    }

    [Fact]
    public async Task Body_that_ends_too_early_is_refused_with_4_and_the_connection_stays()
    {
        var client = await ConnectAsync();
        var frame = Exist(3)[..^4];
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(12), (uint)(frame.Length - RequestHeader.Bytes));
        await client.SendAsync(frame);
        await AssertRefusedAsync(client, 3, RpcErrorCode.InvalidArguments, RpcError.InvalidArgumentsText);
        await AssertOpenAsync(client);
    }

    [Fact]
    public async Task Unknown_function_is_refused_with_11_and_the_connection_stays()
    {
        var client = await ConnectAsync();
        var frame = Exist(8);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), 0xdeadbeef);
        await client.SendAsync(frame);
        await AssertRefusedAsync(client, 8, RpcErrorCode.FunctionNotRegistered, RpcError.FunctionNotRegisteredText);
        await AssertOpenAsync(client);
    }

    [Fact]
    public async Task More_refusals_than_may_be_in_flight_are_all_answered()
    {
        var client = await ConnectAsync();
        for (uint i = 0; i < 20; i++)
        {
            var frame = Exist(i);
            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), 0xdeadbeef);
            await client.SendAsync(frame);
        }

        for (uint i = 0; i < 20; i++)
            await AssertRefusedAsync(client, i, RpcErrorCode.FunctionNotRegistered, RpcError.FunctionNotRegisteredText);
        await AssertOpenAsync(client);
    }

    [Theory]
    [InlineData(0, 22)] // magic
    [InlineData(1, 1)] // version
    [InlineData(2, 1)] // serialization
    public async Task Other_protocol_is_closed_without_an_answer(int place, byte value)
    {
        var client = await ConnectAsync();
        var frame = Exist(1);
        frame[place] = value;
        await client.SendAsync(frame);
        await client.AssertClosedAsync();
        Assert.Equal(0, Gateway.Waiting);
    }

    [Theory]
    [InlineData(12, 1001u)]
    [InlineData(12, uint.MaxValue)]
    [InlineData(16, 1000u)]
    [InlineData(16, uint.MaxValue)]
    public async Task Oversized_frame_is_closed_without_an_answer(int place, uint bytes)
    {
        var client = await ConnectAsync();
        var frame = Exist(1);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(place), bytes);
        await client.SendAsync(frame);
        await client.AssertClosedAsync();
        Assert.Equal(0, Gateway.Waiting);
    }

    [Fact]
    public async Task Frame_in_pieces_is_a_frame()
    {
        var client = await ConnectAsync();
        foreach (var octet in Exist(6))
            await client.SendAsync(new[] { octet });
        Answer(await Gateway.NextKeyedAsync());
        Assert.Equal(6u, (await ReceiveExistAsync(client)).Number);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(19)]
    [InlineData(20)]
    [InlineData(30)]
    public async Task Frame_that_never_ends_is_no_call(int bytes)
    {
        var client = await ConnectAsync();
        await client.SendAsync(Exist(1).AsMemory(0, bytes));
        client.FinishSending();
        await client.AssertClosedAsync();
        Assert.Equal(0, Gateway.Waiting);
    }

    [Fact]
    public async Task Connection_beyond_the_limit_is_closed_at_once()
    {
        await AssertOpenAsync(await ConnectAsync());
        await AssertOpenAsync(await ConnectAsync());
        await (await ConnectAsync()).AssertClosedAsync();
    }

    private static async Task AssertRefusedAsync(RawClient client, uint number, RpcErrorCode code, string text)
    {
        var frame = await client.ReceiveAsync();
        Assert.True(ResponseHeader.TryRead(frame, out var header));
        Assert.Equal((number, code), (header.CallNumber, header.Error));
        Assert.Equal(new RpcError(code, 0, text), RpcError.Read(code, frame.AsMemory(ResponseHeader.Bytes)));
    }
}
