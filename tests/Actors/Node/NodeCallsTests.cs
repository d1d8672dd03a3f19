// Every family of calls on one real node, from its gateway through its actors and its journal: what the unit tests of the rules do not see
// are the ways between the segment table, the shards and the scans.
using HotStandby.Actors.Node;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Actors.Node;

public sealed class NodeCallsTests : IAsyncLifetime
{
    private const ulong SizeBytes = 4096;

    // A lease would hold up whoever removes.
    private const string Hocon = """
        hotstandby.objects { lease-ttl = 100ms, client-ttl = 2s, client-suspect-time = 1s }
        hotstandby.objects { put-start-discard-timeout = 1s, put-start-release-timeout = 2s }
        """;

    private static readonly Uuid Ann = new(1, 1);
    private static readonly Uuid Bob = new(2, 2);
    private static readonly Segment MemoryOfAnn = new(new Uuid(1, 9), "ann", 1UL << 40, 1UL << 24, "127.0.0.1:1", "tcp", "host-a");
    private static readonly Segment MemoryOfBob = new(new Uuid(2, 9), "bob", 2UL << 40, 1UL << 24, "127.0.0.1:2", "tcp", "host-b");

    private readonly TemporaryDirectory _directory = new();
    private readonly Nodes _nodes = new();
    private HotStandbyNode _node = null!;

    public async Task InitializeAsync()
    {
        _node = await Nodes.WaitForPrimaryAsync(await _nodes.StartAloneAsync(_directory.Path, Hocon));
        Assert.Equal(ErrorCode.Ok, (await SegmentAsync(sink => new MountSegmentCall(sink, Ann, MemoryOfAnn))).Error);
        Assert.Equal(ErrorCode.Ok, (await SegmentAsync(sink => new MountSegmentCall(sink, Bob, MemoryOfBob))).Error);
    }

    public async Task DisposeAsync()
    {
        _nodes.NoneMustHaveFailed();
        await _nodes.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task An_object_is_copied_and_moved_from_one_memory_to_another_and_a_transfer_can_be_given_up()
    {
        await PutOnAsync("ann", "k");
        Assert.Equal((ErrorCode.Ok, 2), await TransferAsync(KeyedOperation.CopyStart, "k", "ann", "bob"));
        Assert.Equal(ErrorCode.Ok, (await KeyedAsync(KeyedOperation.CopyRevoke, "k")).Error);
        Assert.Equal(1, (await KeyedAsync(KeyedOperation.Peek, "k")).Replicas.Count);

        Assert.Equal((ErrorCode.Ok, 2), await TransferAsync(KeyedOperation.CopyStart, "k", "ann", "bob"));
        Assert.Equal(ErrorCode.Ok, (await KeyedAsync(KeyedOperation.CopyEnd, "k")).Error);
        Assert.Equal(2, (await KeyedAsync(KeyedOperation.Peek, "k")).Replicas.Count);
        Assert.True((await KeyedAsync(KeyedOperation.ReplicaClear, "k", segment: "bob")).Exists);

        Assert.Equal((ErrorCode.Ok, 2), await TransferAsync(KeyedOperation.MoveStart, "k", "ann", "bob"));
        Assert.Equal(ErrorCode.Ok, (await KeyedAsync(KeyedOperation.MoveEnd, "k")).Error);
        var moved = (await KeyedAsync(KeyedOperation.Peek, "k")).Replicas;
        Assert.Equal((1, MemoryOfBob.TransportEndpoint), (moved.Count, moved[0].TransportEndpoint));
        Assert.NotEqual(ErrorCode.Ok, (await TransferAsync(KeyedOperation.CopyStart, "k", "nobody", "bob")).Error);
        Assert.Equal(ErrorCode.ObjectNotFound, (await TransferAsync(KeyedOperation.CopyStart, "none", "ann", "bob")).Error);
    }

    [Fact]
    public async Task A_task_goes_to_the_client_that_holds_the_object_and_is_remembered_when_it_has_ended()
    {
        await PutOnAsync("ann", "k");
        var created = await SegmentAsync(sink => new CreateTaskCall(sink, TaskType.ReplicaCopy, ObjectKey.From("k"), null, ["bob"]));
        Assert.Equal(ErrorCode.Ok, created.Error);
        Assert.Empty((await SegmentAsync(sink => new FetchTasksCall(sink, Bob, 10))).Tasks);
        var task = Assert.Single((await SegmentAsync(sink => new FetchTasksCall(sink, Ann, 10))).Tasks);
        Assert.Equal((created.TaskId, "ann"), (task.Id, task.Source));
        Assert.Equal(ErrorCode.Ok,
            (await SegmentAsync(sink => new CompleteTaskCall(sink, Ann, task.Id, ReplicationTaskStatus.Success, "done"))).Error);
        Assert.Equal(ReplicationTaskStatus.Success, (await SegmentAsync(sink => new QueryTaskCall(sink, task.Id))).Task!.Status);
        Assert.Equal(ErrorCode.ObjectNotFound,
            (await SegmentAsync(sink => new CreateTaskCall(sink, TaskType.ReplicaCopy, ObjectKey.From("none"), null, ["bob"]))).Error);
    }

    [Fact]
    public async Task A_drain_job_asks_the_shards_what_lies_on_a_segment_and_makes_a_move_of_each_object()
    {
        var keys = Enumerable.Range(0, 6).Select(number => $"key-{number}").ToArray();
        await PutOnAsync("ann", keys);
        var job = (await SegmentAsync(sink => new CreateDrainJobCall(sink, ["ann"], ["bob"], 3))).JobId;
        var moved = new HashSet<string>();
        await Nodes.WaitUntilAsync("every object was moved", async () =>
        {
            Hear(Ann, Bob);
            foreach (var task in (await SegmentAsync(sink => new FetchTasksCall(sink, Ann, 10))).Tasks)
            {
                Assert.Equal((job, TaskType.ReplicaMove), (task.JobId, task.Type));
                Assert.Equal(
                    (ErrorCode.Ok, 2), await TransferAsync(KeyedOperation.MoveStart, task.Key.ToString(), "ann", [.. task.Targets]));
                Assert.Equal(ErrorCode.Ok, (await KeyedAsync(KeyedOperation.MoveEnd, task.Key.ToString())).Error);
                await SegmentAsync(sink => new CompleteTaskCall(sink, Ann, task.Id, ReplicationTaskStatus.Success, ""));
                moved.Add(task.Key.ToString());
            }

            return await JobAsync(job) is { Status: JobStatus.Succeeded };
        });
        Assert.Equal(keys.Length, moved.Count);
        foreach (var key in keys)
            Assert.Equal(MemoryOfBob.TransportEndpoint, (await KeyedAsync(KeyedOperation.Peek, key)).Replicas[0].TransportEndpoint);
        Assert.Equal((SegmentStatus.Drained, 0UL), await UseOfAsync("ann"));
    }

    [Fact]
    public async Task A_drain_job_that_is_canceled_gives_the_segment_back()
    {
        await PutOnAsync("ann", "k");
        var job = (await SegmentAsync(sink => new CreateDrainJobCall(sink, ["ann"], [], 1))).JobId;
        Assert.Equal(SegmentStatus.Draining, (await UseOfAsync("ann")).Status);
        Assert.Equal(ErrorCode.Ok, (await SegmentAsync(sink => new DrainJobCall(sink, job, cancel: true))).Error);
        Assert.Equal(JobStatus.Canceled, (await JobAsync(job))!.Status);
        Assert.Equal(SegmentStatus.Ok, (await UseOfAsync("ann")).Status);
    }

    [Fact]
    public async Task What_lies_on_an_unmounted_segment_is_gone_and_nothing_else()
    {
        await PutOnAsync("ann", "a1", "a2", "a3");
        await PutOnAsync("bob", "b1");
        Assert.Equal(ErrorCode.Ok, (await SegmentAsync(sink => new UnmountSegmentCall(sink, Ann, MemoryOfAnn.Id))).Error);
        await Nodes.WaitUntilAsync("the segment is gone", async () =>
        {
            Hear(Bob);
            return (await SegmentAsync(sink => new ListSegmentsCall(sink))).Segments.All(use => use.Segment.Name != "ann");
        });
        foreach (var key in (string[])["a1", "a2", "a3"])
            Assert.Equal(ErrorCode.ObjectNotFound, (await KeyedAsync(KeyedOperation.Peek, key)).Error);
        Assert.Equal(ErrorCode.Ok, (await KeyedAsync(KeyedOperation.Peek, "b1")).Error);
        Assert.Equal(["127.0.0.1"], (await SegmentAsync(sink => new QueryIpCall(sink, [Ann, Bob]))).Hosts[Bob]);
        Assert.Equal(ErrorCode.Ok,
            (await SegmentAsync(sink => new GracefulUnmountSegmentCall(sink, Bob, MemoryOfBob.Id, TimeSpan.FromMinutes(1)))).Error);
        Assert.Equal(SegmentStatus.GracefullyUnmounting,
            (await SegmentAsync(sink => new QuerySegmentStatusCall(sink, MemoryOfBob.Id, null))).Status);
        Assert.NotEqual(ErrorCode.Ok, (await PutStartAsync("bob", "b2"))[0].Error);
    }

    [Fact]
    public async Task A_client_that_falls_silent_takes_its_memory_and_its_unfinished_puts_along()
    {
        await PutOnAsync("ann", "of ann");
        Assert.Equal(ErrorCode.Ok, (await PutStartAsync("bob", Ann, "unfinished"))[0].Error);
        await PutOnAsync("bob", "of bob");
        await Nodes.WaitUntilAsync("Ann is given up", async () =>
        {
            Hear(Bob);
            return (await KeyedAsync(KeyedOperation.Peek, "of ann", client: Bob)).Error == ErrorCode.ObjectNotFound
                && (await KeyedAsync(KeyedOperation.Peek, "unfinished", client: Bob)).Error == ErrorCode.ObjectNotFound;
        });
        Assert.Equal(ErrorCode.Ok, (await KeyedAsync(KeyedOperation.Peek, "of bob", client: Bob)).Error);
        Assert.Equal(ClientStatus.NeedRemount, _node.Gateway.Ping(Ann));
    }

    [Fact]
    public async Task A_put_that_nobody_ends_is_swept_and_its_memory_comes_back()
    {
        Assert.Equal(ErrorCode.Ok, (await PutStartAsync("ann", "k"))[0].Error);
        Assert.Equal(SizeBytes, (await UseOfAsync("ann")).UsedBytes);
        await Nodes.WaitUntilAsync("its memory is free", async () =>
        {
            Hear(Ann, Bob);
            return (await UseOfAsync("ann")).UsedBytes == 0;
        });
        Assert.Equal(ErrorCode.ObjectNotFound, (await KeyedAsync(KeyedOperation.Peek, "k")).Error);
    }

    [Fact]
    public async Task Calls_on_many_objects_find_and_remove_what_their_pattern_says()
    {
        await PutOnAsync("ann", "a1", "a2", "b1");
        var listed = await NodeClient.SubmitAsync(_node, sink => new ScanCall(sink, ScanOperation.ListKeys, null, null));
        Assert.Equal(["a1", "a2", "b1"], listed.Found.Select(found => found.Key.ToString()).Order(StringComparer.Ordinal));
        var read = await NodeClient.SubmitAsync(_node, sink => new ScanCall(sink, ScanOperation.GetReplicaLists, null, "^a"));
        Assert.Equal(2, read.Found.Count(found => found.Replicas.Count == 1));
        var removed = await NodeClient.SubmitAsync(_node, sink => new ScanCall(sink, ScanOperation.Remove, null, "1$") { Force = true });
        Assert.Equal((ErrorCode.Ok, 2L), (removed.Error, removed.RemovedCount));
        Assert.Equal(ErrorCode.Ok, (await KeyedAsync(KeyedOperation.Peek, "a2")).Error);
        Assert.Equal(ErrorCode.InvalidParams,
            (await NodeClient.SubmitAsync(_node, sink => new ScanCall(sink, ScanOperation.ListKeys, null, "("))).Error);
    }

    [Fact]
    public async Task An_upsert_replaces_an_object_and_one_that_is_given_up_leaves_none()
    {
        await PutOnAsync("ann", "k");
        var upsert = (await NodeClient.SubmitAsync(_node, sink =>
            new KeyedCall(sink, KeyedOperation.UpsertStart, [ObjectKey.From("k")]) { Client = Ann, Sizes = [2 * SizeBytes] })).Results[0];
        Assert.Equal((ErrorCode.Ok, 2 * SizeBytes), (upsert.Error, upsert.Replicas[0].SizeBytes));
        Assert.Equal(ErrorCode.Ok, (await KeyedAsync(KeyedOperation.PutEnd, "k")).Error);
        Assert.Equal(2 * SizeBytes, (await KeyedAsync(KeyedOperation.GetReplicaList, "k")).Replicas[0].SizeBytes);
        Assert.Equal(ErrorCode.Ok, (await PutStartAsync("ann", "other"))[0].Error);
        Assert.Equal(ErrorCode.Ok, (await KeyedAsync(KeyedOperation.PutRevoke, "other")).Error);
        Assert.False((await KeyedAsync(KeyedOperation.Exist, "other")).Exists);
    }

    private async Task PutOnAsync(string segment, params string[] keys)
    {
        Assert.All(await PutStartAsync(segment, keys), result => Assert.Equal(ErrorCode.Ok, result.Error));
        foreach (var key in keys)
            Assert.Equal(ErrorCode.Ok, (await KeyedAsync(KeyedOperation.PutEnd, key, client: segment == "bob" ? Bob : Ann)).Error);
    }

    private Task<ItemResult[]> PutStartAsync(string segment, params string[] keys) =>
        PutStartAsync(segment, segment == "bob" ? Bob : Ann, keys);

    private async Task<ItemResult[]> PutStartAsync(string segment, Uuid client, params string[] keys) =>
        (await NodeClient.SubmitAsync(_node, sink =>
        new KeyedCall(sink, KeyedOperation.PutStart, [.. keys.Select(ObjectKey.From)])
        {
            Client = client,
            Sizes = [.. keys.Select(_ => SizeBytes)],
            Config = ReplicateConfig.Default with { PreferredSegment = segment },
        })).Results;

    private async Task<ItemResult> KeyedAsync(KeyedOperation operation, string key, string segment = "", Uuid? client = null) =>
        (await NodeClient.SubmitAsync(
        _node, sink => new KeyedCall(sink, operation, [ObjectKey.From(key)]) { Client = client ?? Ann, SegmentName = segment })).Results[0];

    private async Task<(ErrorCode Error, int Replicas)> TransferAsync(KeyedOperation operation, string key, string from, params string[] to)
    {
        var call = await NodeClient.SubmitAsync(
            _node, sink => new KeyedCall(sink, operation, [ObjectKey.From(key)]) { Client = Ann, SegmentName = from, TargetSegments = to });
        return (call.Results[0].Error, call.Results[0].Replicas.Count);
    }

    private Task<T> SegmentAsync<T>(Func<IReplySink, T> make) where T : SegmentCall => NodeClient.SubmitAsync(_node, make);

    private async Task<(SegmentStatus Status, ulong UsedBytes)> UseOfAsync(string segment)
    {
        var use = (await SegmentAsync(sink => new ListSegmentsCall(sink))).Segments.Single(use => use.Segment.Name == segment);
        return (use.Status, use.UsedBytes);
    }

    private async Task<DrainJob?> JobAsync(Uuid job) => (await SegmentAsync(sink => new DrainJobCall(sink, job, cancel: false))).Job;

    // As the door does for every call that names its client.
    private void Hear(params Uuid[] clients)
    {
        foreach (var client in clients)
            _node.Gateway.Hear(client);
    }
}
