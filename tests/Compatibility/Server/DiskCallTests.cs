// The calls about replicas on disks, which no object has here: what a client is told.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class DiskCallTests : DoorTest
{
    public static TheoryData<long[], int, ErrorCode> Reports() => new()
    {
        { [], 0, ErrorCode.Ok },
        { [-1], 1, ErrorCode.Ok }, // not written
        { [-1, -1], 2, ErrorCode.Ok },
        { [-1], 0, ErrorCode.InvalidParams },
        { [], 1, ErrorCode.InvalidParams },
        { [4096], 1, ErrorCode.SegmentNotFound }, // no reader would be shown it
        { [-1, 0], 2, ErrorCode.SegmentNotFound },
    };

    [Theory]
    [MemberData(nameof(Reports))]
    public async Task Report_of_writes_is_judged_by_what_was_written(long[] written, int tasks, ErrorCode expected)
    {
        var client = await ConnectAsync();
        var report = new OffloadReport(
            new(1, 2), Enumerable.Repeat(new OffloadTask("t", "k", 4096), tasks).ToArray(),
            written.Select(bytes => new OffloadedObject(1, 0, 1, bytes, "host:1")).ToArray());
        await client.SendAsync(CallCatalog.EncodeRequest(1, Rpc.NotifyOffloadSuccess, report, StructPackFlavour.Plain));
        var answer = CallCatalog.Newest[Rpc.NotifyOffloadSuccess].Response((await client.ReceiveAsync()).AsMemory(ResponseHeader.Bytes));
        Assert.Equal(expected == ErrorCode.Ok ? "ok" : $"error {(int)expected}", answer?.Meaning);
        Assert.Equal(0, Gateway.Waiting);
    }

    [Fact]
    public async Task Evictions_say_which_replicas_are_meant()
    {
        var client = await ConnectAsync();
        await client.SendAsync(
            GoldenFile.DoorNewest.Single(frame => frame is { IsRequest: true, Function: "BatchEvictDiskReplica" }).Bytes);
        var call = await Gateway.NextKeyedAsync();
        Assert.Equal((KeyedOperation.ForgetOnDisk, ReplicaType.Disk, 2), (call.Operation, call.Selector, call.Keys.Length));
        StandardAnswers.Settle(call);
    }
}
