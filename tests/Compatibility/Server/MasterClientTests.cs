// The client's methods, each against the door: it calls the function it is named after and reads what the node answered.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class MasterClientTests : DoorTest
{
    private static readonly Uuid Caller = new(7, 8);

    [Fact]
    public async Task Upserts_are_started_ended_and_revoked()
    {
        await using var connection = await AnsweringAsync();
        var client = new MasterClient(connection);
        Assert.Equal(2, (await client.UpsertStartAsync(new(Caller, "k", 1, new(), "default"))).Value.Count);
        Assert.True((await client.UpsertEndAsync(new(Caller, new("k", 1), ReplicaType.All, "default"))).IsOk);
        Assert.True((await client.UpsertRevokeAsync(new(Caller, "k", ReplicaType.All, "default"))).IsOk);
        var keys = new ByteString[] { "k", "l" };
        var starts = await client.BatchUpsertStartAsync(new(Caller, keys, new ulong[] { 1, 2 }, new(), "default"));
        Assert.Equal([ErrorCode.Ok, ErrorCode.ObjectNotFound], starts.ToArray().Select(item => item.Error));
        Assert.Equal(2, (await client.BatchUpsertEndAsync(new(Caller, new ObjectMeta[] { new("k", 1), new("l", 2) }, "default"))).Count);
        Assert.Equal(2, (await client.BatchUpsertRevokeAsync(new(Caller, keys, "default"))).Count);
    }

    [Fact]
    public async Task Many_objects_are_found_cleared_and_removed()
    {
        await using var connection = await AnsweringAsync();
        var client = new MasterClient(connection);
        var found = (await client.GetReplicaListByRegexAsync(new("k.*", "default"))).Value;
        Assert.Equal(("k1", 1), (found[0].Key.ToString(), found[0].Value.Count));
        Assert.Equal(42, (await client.RemoveByRegexAsync(new("k.*", true, "default"))).Value.Value);
        Assert.Equal(42, (await client.RemoveAllAsync(new(true, "default"))).Value);
        Assert.Equal("[k]", (await client.BatchReplicaClearAsync(new(new ByteString[] { "k", "l" }, Caller, ""))).Value.ToString());
    }

    [Fact]
    public async Task Transfers_are_started_ended_and_revoked()
    {
        await using var connection = await AnsweringAsync();
        var client = new MasterClient(connection);
        var copy = (await client.CopyStartAsync(new(Caller, "k", "default", "a", new ByteString[] { "b" }))).Value;
        Assert.Equal((20UL, 21UL), (copy.Source.Id, copy.Targets[0].Id));
        Assert.Equal(21UL, (await client.MoveStartAsync(new(Caller, "k", "default", "a", "b"))).Value.Target?.Id);
        var transfer = new TransferRequest(Caller, "k", "default");
        Assert.True((await client.CopyEndAsync(transfer)).IsOk);
        Assert.True((await client.CopyRevokeAsync(transfer)).IsOk);
        Assert.True((await client.MoveEndAsync(transfer)).IsOk);
        Assert.True((await client.MoveRevokeAsync(transfer)).IsOk);
    }

    [Fact]
    public async Task Tasks_are_created_fetched_completed_and_asked_about()
    {
        await using var connection = await AnsweringAsync();
        var client = new MasterClient(connection);
        Assert.Equal(new Uuid(3, 4), (await client.CreateCopyTaskAsync(new("k", "default", new ByteString[] { "b" }))).Value.Value);
        Assert.Equal(new Uuid(3, 4), (await client.CreateMoveTaskAsync(new("k", "default", "a", "b"))).Value.Value);
        Assert.Equal(2, (await client.FetchTasksAsync(new(Caller, 16))).Value.Count);
        Assert.True((await client.MarkTaskToCompleteAsync(new(Caller, new(3, 4), ReplicationTaskStatus.Success, "done"))).IsOk);
        var task = (await client.QueryTaskAsync(new Uuid(3, 4))).Value;
        Assert.Equal((ReplicationTaskStatus.Success, "done"), (task.Status, task.Message.ToString()));
    }

    [Fact]
    public async Task Segments_are_asked_about_and_leave_gracefully()
    {
        await using var connection = await AnsweringAsync();
        var client = new MasterClient(connection);
        Assert.True((await client.GracefulUnmountSegmentAsync(new(new(5, 6), Caller, 1000))).IsOk);
        Assert.Equal((int)SegmentStatus.GracefullyUnmounting, (await client.QuerySegmentStatusAsync("node-a")).Value.Value);
        Assert.Equal((int)SegmentStatus.GracefullyUnmounting, (await client.QuerySegmentStatusByIdAsync(new Uuid(5, 6))).Value.Value);
        var hosts = (await client.BatchQueryIpAsync(new(new WireUuid[] { new(new(5, 6)) }))).Value;
        Assert.Equal((new Uuid(5, 6), "[10.0.0.1, fd00::1]"), (hosts[0].Key.Value, hosts[0].Value.ToString()));
    }

    [Fact]
    public async Task Task_that_nobody_knows_is_not_found()
    {
        await using var connection = await MasterConnection.ConnectAsync(Server.Endpoint);
        var answer = new MasterClient(connection).QueryTaskAsync(new Uuid(9, 9));
        (await Gateway.NextAsync<QueryTaskCall>()).Finish(ErrorCode.Ok);
        Assert.Equal(ErrorCode.TaskNotFound, (await answer).Error);
    }

    private Task<MasterConnection> AnsweringAsync()
    {
        Gateway.AnswersAtOnce = true;
        return MasterConnection.ConnectAsync(Server.Endpoint);
    }
}
