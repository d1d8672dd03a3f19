// What of a request reaches the node: every argument, under its right name. The bytes are tested beside this; here it is the call.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class CallContentTests : DoorTest
{
    private static readonly Uuid Caller = new(0x1122334455667788, 0x99aabbccddeeff00);

    [Fact]
    public async Task Upserts_are_puts_but_for_their_start()
    {
        var start = await TakeKeyedAsync("UpsertStart");
        Assert.Equal((KeyedOperation.UpsertStart, Caller, "team/k1"), (start.Operation, start.Client, start.Keys.Single().ToString()));
        Assert.Equal((4096UL, 2UL, SoftPinAction.Enable), (start.Sizes.Single(), start.Config.ReplicaCount, start.Config.SoftPinAction));
        var end = await TakeKeyedAsync("UpsertEnd");
        Assert.Equal((KeyedOperation.PutEnd, ReplicaType.All, 0), (end.Operation, end.Selector, end.Checksums.Length));
        var revoke = await TakeKeyedAsync("UpsertRevoke");
        Assert.Equal((KeyedOperation.PutRevoke, ReplicaType.Memory), (revoke.Operation, revoke.Selector));
        var starts = await TakeKeyedAsync("BatchUpsertStart");
        Assert.Equal([1UL, 2UL], starts.Sizes);
        Assert.Equal(["g1", ""], starts.Config.GroupIds);
    }

    [Fact]
    public async Task Batch_upserts_end_replicas_of_all_kinds()
    {
        var ends = await TakeKeyedAsync("BatchUpsertEnd");
        Assert.Equal((KeyedOperation.PutEnd, ReplicaType.All), (ends.Operation, ends.Selector));
        Assert.Equal([0UL, null], ends.Checksums);
        var revokes = await TakeKeyedAsync("BatchUpsertRevoke");
        Assert.Equal((KeyedOperation.PutRevoke, ReplicaType.All), (revokes.Operation, revokes.Selector));
    }

    [Fact]
    public async Task ReplicaClear_names_segment_and_caller()
    {
        var clear = await TakeKeyedAsync("BatchReplicaClear");
        Assert.Equal((KeyedOperation.ReplicaClear, Caller, "node-a"), (clear.Operation, clear.Client, clear.SegmentName));
        Assert.Equal(["k1", "k2"], clear.Keys.Select(key => key.ToString()));
    }

    [Fact]
    public async Task Transfers_name_source_and_targets()
    {
        var copy = await TakeKeyedAsync("CopyStart");
        Assert.Equal((KeyedOperation.CopyStart, "node-a", 0), (copy.Operation, copy.SegmentName, copy.Sizes.Length));
        Assert.Equal(["node-b"], copy.TargetSegments);
        var move = await TakeKeyedAsync("MoveStart");
        Assert.Equal((KeyedOperation.MoveStart, "node-a", "team/k1"), (move.Operation, move.SegmentName, move.Keys[0].ToString()));
        Assert.Equal(["node-b"], move.TargetSegments);
        foreach (var operation in new[]
            { KeyedOperation.CopyEnd, KeyedOperation.CopyRevoke, KeyedOperation.MoveEnd, KeyedOperation.MoveRevoke })
        {
            var end = await TakeKeyedAsync(operation.ToString());
            Assert.Equal((operation, Caller), (end.Operation, end.Client));
        }
    }

    [Fact]
    public async Task Scans_name_tenant_and_pattern()
    {
        var find = await TakeAsync<ScanCall>("GetReplicaListByRegex");
        Assert.Equal((ScanOperation.GetReplicaLists, "^k[0-9]", false), (find.Operation, find.Pattern, find.Force));
        Assert.Equal("default"u8.ToArray(), find.Tenant);
        var remove = await TakeAsync<ScanCall>("RemoveByRegex");
        Assert.Equal((ScanOperation.Remove, "k.*", true), (remove.Operation, remove.Pattern, remove.Force));
        var removeAll = await TakeAsync<ScanCall>("RemoveAll");
        Assert.Equal((ScanOperation.Remove, null, false), (removeAll.Operation, removeAll.Pattern, removeAll.Force));
        Assert.Null(removeAll.Tenant);
    }

    [Fact]
    public async Task Segment_calls_carry_their_arguments()
    {
        var graceful = await TakeAsync<GracefulUnmountSegmentCall>("GracefulUnmountSegment");
        Assert.Equal((Caller, new Uuid(5, 6), TimeSpan.FromSeconds(30)), (graceful.Client, graceful.SegmentId, graceful.GracePeriod));
        Assert.Equal("node-a", (await TakeAsync<QuerySegmentStatusCall>("QuerySegmentStatus")).Name);
        var byId = await TakeAsync<QuerySegmentStatusCall>("QuerySegmentStatusById");
        Assert.Equal((new Uuid(5, 6), null), (byId.SegmentId, byId.Name));
        Assert.Equal([new Uuid(5, 6)], (await TakeAsync<QueryIpCall>("BatchQueryIp")).Clients);
    }

    [Fact]
    public async Task Grace_period_beyond_all_time_is_the_longest_there_is()
    {
        var client = await ConnectAsync();
        await client.SendAsync(
            RawClient.Frame<GracefulUnmountSegmentRequest, Expected<Nothing>>(1, new(new(5, 6), Caller, ulong.MaxValue)));
        Assert.Equal(TimeSpan.MaxValue, (await Gateway.NextAsync<GracefulUnmountSegmentCall>()).GracePeriod);
    }

    [Fact]
    public async Task Task_calls_carry_their_arguments()
    {
        var copy = await TakeAsync<CreateTaskCall>("CreateCopyTask");
        Assert.Equal((TaskType.ReplicaCopy, "k1", null), (copy.Type, copy.Key.ToString(), copy.Source));
        Assert.Equal(["node-b", "node-c"], copy.Targets);
        var move = await TakeAsync<CreateTaskCall>("CreateMoveTask");
        Assert.Equal(
            (TaskType.ReplicaMove, "team/k1", "node-a", "node-b"), (move.Type, move.Key.ToString(), move.Source, move.Targets.Single()));
        Assert.Equal(new Uuid(3, 4), (await TakeAsync<QueryTaskCall>("QueryTask")).TaskId);
        var fetch = await TakeAsync<FetchTasksCall>("FetchTasks");
        Assert.Equal((Caller, 16), (fetch.Client, fetch.Maximum));
        var complete = await TakeAsync<CompleteTaskCall>("MarkTaskToComplete");
        Assert.Equal((Caller, new Uuid(3, 4)), (complete.Client, complete.TaskId));
        Assert.Equal((ReplicationTaskStatus.Success, "done"), (complete.Status, complete.Message));
    }

    [Fact]
    public async Task FetchTasks_without_tasks_is_an_empty_list()
    {
        var client = await ConnectAsync();
        await client.SendAsync(RawClient.Frame<FetchTasksRequest, Expected<WireList<TaskAssignment>>>(2, new(Caller, ulong.MaxValue)));
        var fetch = await Gateway.NextAsync<FetchTasksCall>();
        Assert.Equal(int.MaxValue, fetch.Maximum);
        fetch.Finish(ErrorCode.Ok);
        Assert.Equal(0, (await client.ReceiveAsync<FetchTasksRequest, Expected<WireList<TaskAssignment>>>()).Value.Value.Count);
    }

    [Fact]
    public async Task Move_to_where_a_replica_is_has_no_target()
    {
        var client = await ConnectAsync();
        await client.SendAsync(RawClient.Frame<MoveStartRequest, Expected<MoveStartResponse>>(1, new(Caller, "k1", "default", "a", "b")));
        var move = await Gateway.NextKeyedAsync();
        move.Results[0].Replicas = new(new ReplicaDescriptor(1, 10, 16, "tcp", "a:1", ReplicaStatus.Complete));
        move.Settle(1);
        var answer = (await client.ReceiveAsync<MoveStartRequest, Expected<MoveStartResponse>>()).Value.Value;
        Assert.Equal((1UL, null), (answer.Source.Id, answer.Target));
    }

    [Theory]
    [InlineData("_hidden")]
    [InlineData("a\u0001b")]
    [InlineData("\u007f")]
    public async Task Tenant_that_cannot_be_is_refused_before_anyone_scans_or_plans(string tenant)
    {
        await using var connection = await MasterConnection.ConnectAsync(Server.Endpoint);
        var client = new MasterClient(connection);
        Assert.Equal(ErrorCode.InvalidParams, (await client.GetReplicaListByRegexAsync(new("k", tenant))).Error);
        Assert.Equal(ErrorCode.InvalidParams, (await client.RemoveByRegexAsync(new("k", true, tenant))).Error);
        Assert.Equal((long)ErrorCode.InvalidParams, (await client.RemoveAllAsync(new(true, tenant))).Value);
        Assert.Equal(ErrorCode.TenantNotRegistered, (await client.CreateCopyTaskAsync(new("k", tenant, new ByteString[] { "a" }))).Error);
        Assert.Equal(0, Gateway.Waiting);
    }

    [Fact]
    public async Task Every_call_that_says_whose_it_is_is_heard()
    {
        Gateway.AnswersAtOnce = true;
        var client = await ConnectAsync();
        foreach (var request in GoldenFile.DoorNewest.Where(frame => frame is { IsRequest: true, HasCodec: true }))
        {
            await client.SendAsync(request.Bytes);
            await client.ReceiveAsync();
            Uuid[] expected = request.Meaning.Contains($"Client={Caller}", StringComparison.Ordinal) ? [Caller] : [];
            Assert.True(expected.SequenceEqual(Gateway.TakeHeard()), request.Function);
        }
    }

    private async Task<T> TakeAsync<T>(string function) where T : MasterCall
    {
        var client = await ConnectAsync();
        await client.SendAsync(GoldenFile.DoorNewest.Single(frame => frame.IsRequest && frame.Function == function).Bytes);
        var call = await Gateway.NextAsync<T>();
        StandardAnswers.Settle(call);
        await client.ReceiveAsync();
        return call;
    }

    private Task<KeyedCall> TakeKeyedAsync(string function) => TakeAsync<KeyedCall>(function);

    private protected override HotStandby.Mooncake.Server.ServerOptions Options => base.Options with
    {
        MaximumConnections = 20,
        Tenancy = new(IsolatesTenants: true),
    };
}
