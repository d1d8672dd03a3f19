// Every function of each generation through a real socket, byte for byte: the request of the golden file goes in, the node
// answers as StandardAnswers does, and the response of the golden file must come out.
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Server;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Tests.Compatibility.Server;

public abstract class DoorGoldenTest(RpcTable table, IReadOnlyList<GoldenFrame> frames) : DoorTest
{
    private protected override ServerOptions Options => base.Options with { Functions = table };

    private protected async Task AssertAnsweredAsync(string function)
    {
        Gateway.AnswersAtOnce = true;
        var client = await ConnectAsync();
        await client.SendAsync(frames.Single(frame => frame.IsRequest && frame.Function == function).Bytes);
        var expected = frames.Single(frame => !frame.IsRequest && frame.Function == function).Bytes;
        Assert.Equal(Convert.ToHexStringLower(expected), await client.ReceiveHexAsync());
    }

    [Fact]
    public async Task What_is_not_offered_is_answered_in_the_result_and_the_connection_stays()
    {
        Gateway.AnswersAtOnce = true;
        var client = await ConnectAsync();
        var notOffered = frames.Where(frame => !frame.HasCodec).ToArray();
        Assert.Equal(table == RpcTable.Newest ? 30 : 22, notOffered.Length);
        foreach (var pair in notOffered.Chunk(2))
        {
            await client.SendAsync(pair[0].Bytes);
            Assert.Equal(Convert.ToHexStringLower(pair[1].Bytes), await client.ReceiveHexAsync());
            Assert.Contains("error -1012", pair[1].Meaning, StringComparison.Ordinal);
        }
    }

    // The types of the other generation are another function's: refused by the RPC layer, not misread.
    [Fact]
    public async Task Arguments_of_the_other_generation_are_refused()
    {
        var (other, others) = table == RpcTable.Newest
            ? (RpcTable.Previous, GoldenFile.DoorPrevious) : (RpcTable.Newest, GoldenFile.DoorNewest);
        var client = await ConnectAsync();
        var refused = 0;
        foreach (var function in table.Functions)
        {
            if (other.Functions.All(theirs => theirs.Rpc != function.Rpc)
                || other[function.Rpc].Arguments?.Hash == function.Arguments?.Hash)
                continue;
            await client.SendAsync(others.Single(frame => frame.IsRequest && frame.Function == function.Rpc.ToString()).Bytes);
            Assert.True(ResponseHeader.TryRead(await client.ReceiveAsync(), out var header));
            Assert.Equal(RpcErrorCode.InvalidArguments, header.Error);
            refused++;
        }
        Assert.Equal((8, 0), (refused, Gateway.Waiting));
    }
}

public sealed class NewestDoorGoldenTests() : DoorGoldenTest(RpcTable.Newest, GoldenFile.DoorNewest)
{
    public static TheoryData<string> Functions() => [.. GoldenFile.Functions.Select(function => function.Name)];

    // As a client with a local disk really sends it, with the type's literal.
    [Fact]
    public async Task Recorded_request_for_what_is_not_offered_is_answered_in_the_result()
    {
        var client = await ConnectAsync();
        var requests = GoldenFile.Frames.Where(frame => frame is { IsRequest: true, HasCodec: false } && frame.Function != "-").ToArray();
        Assert.Equal(2, requests.Length);
        foreach (var request in requests)
        {
            await client.SendAsync(request.Bytes);
            var answer = await client.ReceiveAsync();
            Assert.Equal("00" + "0cfcffff", Convert.ToHexStringLower(answer[^5..]));
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public Task Newest_generation_is_answered_byte_for_byte(string function) => AssertAnsweredAsync(function);
}

public sealed class PreviousDoorGoldenTests() : DoorGoldenTest(RpcTable.Previous, GoldenFile.DoorPrevious)
{
    public static TheoryData<string> Functions() => [.. GoldenFile.PreviousFunctions.Select(function => function.Name)];

    [Theory]
    [MemberData(nameof(Functions))]
    public Task Previous_generation_is_answered_byte_for_byte(string function) => AssertAnsweredAsync(function);

    [Fact]
    public async Task Function_that_came_later_is_not_registered()
    {
        var client = await ConnectAsync();
        await client.SendAsync(GoldenFile.DoorNewest.Single(frame => frame.IsRequest && frame.Function == "DynamicReplicaCopyEnd").Bytes);
        Assert.True(ResponseHeader.TryRead(await client.ReceiveAsync(), out var header));
        Assert.Equal(RpcErrorCode.FunctionNotRegistered, header.Error);
    }
}
