// What every call writes into the OpLog. The table is compared with the calls that exist, so that a new one cannot be forgotten.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using HotStandby.Tests.Scenarios.Drivers;
using static HotStandby.Tests.Scenarios.Steps;

namespace HotStandby.Tests.Scenarios;

/// <summary>Each call makes exactly its entries, and they leave on a Standby what the call left on the Primary.</summary>
public sealed class EveryCallTests
{
    private static readonly Step[] Stored = [Mount("a"), Steps.Stored("k")];
    private static readonly Step[] TwoSegments =
        [Mount("a"), Steps.Stored("k"), Mount("b", client: "other")];

    private sealed record Row(string Call, Step[] Given, Step When, params OpType[] Entries);

    private static Row[] Table()
    {
        Uuid task = default, job = default;
        var createTask = Make("a copy task is created",
            sink => new CreateTaskCall(sink, TaskType.ReplicaCopy, ObjectKey.From("k"), null, ["b"]), call => task = call.TaskId);
        var createJob = Make("a drain job is created", sink => new CreateDrainJobCall(sink, ["a"], ["b"], 4), call => job = call.JobId);
        var fetch = Make("writer fetches tasks", sink => new FetchTasksCall(sink, Id("writer"), 10));
        return
        [
            Of(KeyedOperation.Exist, Stored, Exists("k")),
            Of(KeyedOperation.GetReplicaList, Stored, Get("k")),
            Of(KeyedOperation.Peek, Stored, CountReplicas("k")),
            Of(KeyedOperation.ForgetOnDisk, Stored, ForgetOnDisk("k")),
            Of(KeyedOperation.PutStart, [Mount("a")], PutStart("k"), OpType.PutStart),
            Of(KeyedOperation.PutEnd, [Mount("a"), PutStart("k")], PutEnd("k"), OpType.PutEnd),
            Of(KeyedOperation.PutRevoke, [Mount("a"), PutStart("k")], PutRevoke("k"), OpType.PutRevoke),
            Of(KeyedOperation.Remove, Stored, Remove("k"), OpType.Remove),
            Of(KeyedOperation.UpsertStart, Stored, Upsert("k"), OpType.UpsertReuse),
            Of(KeyedOperation.UpsertStart, Stored, Upsert("k", 8192), OpType.PutDiscard, OpType.PutStart),
            Of(KeyedOperation.UpsertStart, [Mount("a")], Upsert("k"), OpType.PutStart),
            Of(KeyedOperation.ReplicaClear, Stored, Clear("k"), OpType.Remove),
            Of(KeyedOperation.ReplicaClear, Stored, Clear("k", "a"), OpType.ReplicaCleared),
            Of(KeyedOperation.CopyStart, TwoSegments, CopyStart("k", "a", "b"), OpType.TransferStart),
            Of(KeyedOperation.CopyEnd, [.. TwoSegments, CopyStart("k", "a", "b")], Transfer(KeyedOperation.CopyEnd, "k"),
                OpType.TransferEnd),
            Of(KeyedOperation.CopyRevoke, [.. TwoSegments, CopyStart("k", "a", "b")], Transfer(KeyedOperation.CopyRevoke, "k"),
                OpType.TransferRevoke),
            Of(KeyedOperation.MoveStart, TwoSegments, MoveStart("k", "a", "b"), OpType.TransferStart),
            Of(KeyedOperation.MoveEnd, [.. TwoSegments, MoveStart("k", "a", "b")], Transfer(KeyedOperation.MoveEnd, "k"),
                OpType.TransferEnd),
            Of(KeyedOperation.MoveRevoke, [.. TwoSegments, MoveStart("k", "a", "b")], Transfer(KeyedOperation.MoveRevoke, "k"),
                OpType.TransferRevoke),

            Of<MountSegmentCall>([], Mount("a"), OpType.MountSegment),
            Of<MountSegmentCall>([Mount("a")], Mount("a")),
            Of<MountSegmentCall>(
                [Mount("a"), Steps.Stored("k"), PutStart("unfinished", client: "other")], MountAgain("a", "second", "a2", moved: true),
                [OpType.ClientReplaced, OpType.MountSegment, OpType.StrayWrites,
                    .. Enumerable.Repeat(OpType.SegmentDropped, InProcessMaster.Shards), OpType.SegmentErased]),
            Of<MountSegmentCall>(
                [Mount("a"), PutStart("own")], MountAgain("a", "second", "a2"),
                [OpType.ClientReplaced, OpType.PutDiscard, OpType.StrayWrites,
                    .. Enumerable.Repeat(OpType.SegmentDropped, InProcessMaster.Shards), OpType.SegmentErased, OpType.MountSegment]),
            Of<ReMountSegmentCall>(Stored, ReMountAgain("a", "second", "a2"),
                [OpType.ClientReplaced, .. Enumerable.Repeat(OpType.SegmentDropped, InProcessMaster.Shards), OpType.SegmentErased,
                    OpType.MountSegment]),
            Of<ReMountSegmentCall>([], ReMount("writer", "a"), OpType.MountSegment),
            Of<ReMountSegmentCall>([Mount("a")], ReMount("writer", "a")),
            Of<UnmountSegmentCall>(
                Stored, Unmount("a"), [OpType.UnmountSegment, .. Enumerable.Repeat(OpType.SegmentDropped, InProcessMaster.Shards),
                    OpType.SegmentErased]),
            Of<GracefulUnmountSegmentCall>(Stored, GracefullyUnmount("a", TimeSpan.FromSeconds(5)), OpType.SegmentStatus),
            Of<QuerySegmentStatusCall>(Stored, StatusOf("a")),
            Of<ListSegmentsCall>(Stored, Capacity("a")),
            Of<QueryIpCall>(Stored, Make("hosts are asked for", sink => new QueryIpCall(sink, [Id("writer")]))),
            Of<CreateTaskCall>(TwoSegments, createTask, OpType.TaskCreated),
            Of<QueryTaskCall>([.. TwoSegments, createTask], Make("a task is asked about", sink => new QueryTaskCall(sink, task))),
            Of<FetchTasksCall>([.. TwoSegments, createTask], fetch, OpType.TaskFetched),
            Of<CompleteTaskCall>(
                [.. TwoSegments, createTask, fetch],
                Make("writer ends its task", sink => new CompleteTaskCall(sink, Id("writer"), task, ReplicationTaskStatus.Success, "done")),
                OpType.TaskEnded),
            Of<CreateDrainJobCall>(TwoSegments, createJob, OpType.JobCreated, OpType.SegmentStatus),
            Of<DrainJobCall>([.. TwoSegments, createJob], Make("a job is asked about", sink => new DrainJobCall(sink, job, cancel: false))),
            Of<DrainJobCall>(
                [.. TwoSegments, createJob], Make("a job is canceled", sink => new DrainJobCall(sink, job, cancel: true)),
                OpType.JobChanged, OpType.SegmentStatus),

            Of(ScanOperation.ListKeys, Stored, Make("keys are listed", sink => new ScanCall(sink, ScanOperation.ListKeys, null, null))),
            Of(ScanOperation.GetReplicaLists, Stored, Find("k")),
            Of(ScanOperation.Remove, Stored, RemoveAll(), OpType.Remove),

            Time("a segment's grace period is over", [.. Stored, GracefullyUnmount("a", TimeSpan.FromMilliseconds(100))],
                TimeSpan.FromSeconds(1),
                [OpType.UnmountSegment, .. Enumerable.Repeat(OpType.SegmentDropped, InProcessMaster.Shards), OpType.SegmentErased]),
            Time("a client is silent", [.. Stored, FallsSilent()], TimeSpan.FromSeconds(15), OpType.ClientSuspected),
            Time("a soft pin is over",
                [Mount("a"), Steps.Stored("k", config: new() { SoftPinAction = SoftPinAction.Enable, SoftPinTtlMilliseconds = 500 })],
                TimeSpan.FromSeconds(1), OpType.SoftPinEnded),
            Time("a put is abandoned", [Mount("a"), PutStart("k")], TimeSpan.FromSeconds(601), OpType.PutDiscard, OpType.ReleaseParked),
            Time("a transfer is abandoned", [.. TwoSegments, CopyStart("k", "a", "b")], TimeSpan.FromSeconds(61), OpType.TransferRevoke),
            Time("a transfer was abandoned", [.. TwoSegments, CopyStart("k", "a", "b"), Later(TimeSpan.FromSeconds(61))],
                TimeSpan.FromSeconds(601), OpType.ReleaseParked),
            Time("writes to a dead life had their time",
                [Mount("a"), PutStart("k", client: "other"), MountAgain("a", "second", "a2")], TimeSpan.FromSeconds(601),
                OpType.StrayWritesOver),
            Time("memory is full", [Mount("a", 4096), Steps.Stored("k")], TimeSpan.FromSeconds(1), OpType.Eviction),
        ];
    }

    public static TheoryData<int, string> Rows()
    {
        var rows = new TheoryData<int, string>();
        foreach (var (index, row) in Table().Index())
            rows.Add(index, $"{row.Call}: {string.Join(' ', row.Entries.Distinct())}");
        return rows;
    }

    [Fact]
    public void Every_call_that_exists_is_in_the_table()
    {
        var calls = typeof(SegmentCall).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(SegmentCall)) && !type.IsAbstract)
            .Select(type => type.Name)
            .Concat(Enum.GetNames<KeyedOperation>()).Concat(Enum.GetNames<ScanOperation>().Select(name => "Scan" + name));

        Assert.Empty(calls.Except(Table().Select(row => row.Call)));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_call_makes_exactly_its_entries_and_they_survive_a_failover(int index, string name)
    {
        Assert.NotEmpty(name);
        var row = Table()[index];
        var master = new InProcessMaster();
        foreach (var step in row.Given)
            Assert.Equal("Ok", await step.Do(master));
        var before = master.Entries.Count;

        var outcome = await row.When.Do(master);

        Assert.DoesNotContain(outcome, Enum.GetNames<ErrorCode>().Where(error => error != nameof(ErrorCode.Ok)));
        Assert.Equal(row.Entries, master.Entries.Skip(before));
        Assert.True(await master.DigestsAgreeAsync(), "the nodes hold different things");
        await master.FailOverAsync();
        Assert.True(await master.DigestsAgreeAsync(), "the log, read again, leaves something else");
    }

    private static Row Of(KeyedOperation operation, Step[] given, Step when, params OpType[] entries) =>
        new(operation.ToString(), given, when, entries);

    private static Row Of(ScanOperation operation, Step[] given, Step when, params OpType[] entries) =>
        new("Scan" + operation, given, when, entries);

    private static Row Of<T>(Step[] given, Step when, params OpType[] entries)
        where T : SegmentCall => new(typeof(T).Name, given, when, entries);

    private static Row Time(string what, Step[] given, TimeSpan time, params OpType[] entries) => new(what, given, Later(time), entries);

    private static Step Make<T>(string words, Func<IReplySink, T> make, Action<T>? keep = null)
        where T : MasterCall => new(words, async master =>
    {
        T? call = null;
        await master.SubmitAsync(sink => call = make(sink));
        keep?.Invoke(call!);
        return call is SegmentCall segmentCall ? segmentCall.Error.ToString() : "Ok";
    });
}
