// The steps of scenarios: calls of clients by name, and what happens to the cluster. Used with "using static".
using System.Text;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Scenarios;

/// <summary>Steps. A client is given by its name; "writer" where none is given.</summary>
internal static class Steps
{
    /// <summary>What a step says whose answer waits for a commit that is held back.</summary>
    public const string NoAnswerYet = "no answer yet";

    /// <summary>1 MiB in bytes.</summary>
    public const ulong MiB = 1 << 20;

    public static Uuid Id(string name) => new(ObjectKey.HashOf(Encoding.UTF8.GetBytes(name)), 7);

    public static Segment SegmentOf(string name, ulong size, string id) =>
        new(Id(id), name, 0x10_0000_0000 + (Id(id).First & 0xFFFF_FF00_0000), size, name + ":1", "tcp", name);

    public static Step Mount(string name, ulong size = MiB, string client = "writer", string? id = null) => Segment(
        $"{client} mounts {name}", sink => new MountSegmentCall(sink, Id(client), SegmentOf(name, size, id ?? name)));

    /// <summary>
    /// Another client mounts where the first one of that name was: the same endpoint, and the same memory unless it is moved.
    /// </summary>
    public static Step MountAgain(string name, string client, string id, ulong size = MiB, bool moved = false) => Segment(
        $"{client} mounts {id} where {name} was", sink => new MountSegmentCall(sink, Id(client), AgainAt(name, size, id, moved)));

    public static Step ReMountAgain(string name, string client, params string[] ids) => Segment(
        $"{client} remounts {string.Join(' ', ids)} where {name} was",
        sink => new ReMountSegmentCall(sink, Id(client), [.. ids.Select((id, i) => AgainAt(name, MiB, id, moved: i > 0))]));

    public static Step ReMount(string client, params string[] names) => Segment(
        $"{client} remounts", sink => new ReMountSegmentCall(sink, Id(client), [.. names.Select(name => SegmentOf(name, MiB, name))]));

    public static Step Unmount(string id, string client = "writer") => Segment(
        $"{client} unmounts {id}", sink => new UnmountSegmentCall(sink, Id(client), Id(id)));

    public static Step GracefullyUnmount(string id, TimeSpan grace, string client = "writer") => Segment(
        $"{client} unmounts {id} gracefully", sink => new GracefulUnmountSegmentCall(sink, Id(client), Id(id), grace));

    public static Step StatusOf(string name) => Segment<QuerySegmentStatusCall>(
        $"status of {name}", sink => new(sink, Uuid.None, name), call => call.Status.ToString());

    public static Step Capacity(string name) => Segment<ListSegmentsCall>(
        $"capacity of {name}", sink => new(sink), call => Sum(call.Segments, name, use => use.Segment.SizeBytes));

    public static Step UsedBytes(string name) => Segment<ListSegmentsCall>(
        $"used bytes of {name}", sink => new(sink), call => Sum(call.Segments, name, use => use.UsedBytes));

    public static Step PutStart(string key, ulong size = 4096, string client = "writer", ReplicateConfig? config = null) =>
        PutStarts([key], size, client, config);

    public static Step PutStarts(string[] keys, ulong size = 4096, string client = "writer", ReplicateConfig? config = null) =>
        Keyed(KeyedOperation.PutStart, keys, client, size: size, config: config);

    public static Step PutEnd(string key, string client = "writer") => Keyed(KeyedOperation.PutEnd, [key], client);

    public static Step PutRevoke(string key, string client = "writer") => Keyed(KeyedOperation.PutRevoke, [key], client);

    public static Step Upsert(string key, ulong size = 4096, string client = "writer") =>
        Keyed(KeyedOperation.UpsertStart, [key], client, size: size);

    public static Step Remove(string key, bool force = false) => Keyed(KeyedOperation.Remove, [key], "", force: force);

    public static Step Exists(params string[] keys) =>
        Keyed(KeyedOperation.Exist, keys, "", result => result.Error == ErrorCode.Ok ? result.Exists ? "true" : "false" : null);

    public static Step Get(params string[] keys) => Keyed(KeyedOperation.GetReplicaList, keys, "");

    /// <summary>How many replicas a reader is offered; the read grants a lease.</summary>
    public static Step Readable(string key) => Keyed(
        KeyedOperation.GetReplicaList, [key], "", result => result.Error == ErrorCode.Ok ? $"{result.Replicas.Count}" : null);

    public static Step CountReplicas(string key) => Keyed(
        KeyedOperation.Peek, [key], "", result => result.Error == ErrorCode.Ok ? $"{result.Replicas.Count}" : null);

    public static Step Clear(string key, string segment = "", string client = "writer") => Keyed(
        KeyedOperation.ReplicaClear, [key], client, result => result.Exists ? "cleared" : "left", segment: segment);

    public static Step CopyStart(string key, string source, params string[] targets) =>
        Keyed(KeyedOperation.CopyStart, [key], "writer", segment: source, targets: targets);

    public static Step MoveStart(string key, string source, string target) =>
        Keyed(KeyedOperation.MoveStart, [key], "writer", segment: source, targets: [target]);

    public static Step Transfer(KeyedOperation operation, string key) => Keyed(operation, [key], "writer");

    /// <summary>BatchEvictDiskReplica: there is nothing to evict.</summary>
    public static Step ForgetOnDisk(string key) => new($"{key} is to be forgotten on disks", async master =>
    {
        KeyedCall? call = null;
        var answered = master.SubmitAsync(sink => call = new KeyedCall(
            sink, KeyedOperation.ForgetOnDisk,
            [ObjectKey.From(master.Tenant, Encoding.UTF8.GetBytes(key))])
        { Selector = ReplicaType.Disk });
        return await Answered(master, answered) ?? call!.Results[0].Error.ToString();
    });

    /// <summary>PutStart and PutEnd.</summary>
    public static Step Stored(string key, ulong size = 4096, ReplicateConfig? config = null) => new($"{key} is stored", async master =>
    {
        var started = await PutStart(key, size, config: config).Do(master);
        return started == "Ok" ? await PutEnd(key).Do(master) : started;
    });

    public static Step Find(string pattern) => Scan(ScanOperation.GetReplicaLists, pattern, false);

    public static Step RemoveAll(bool force = false) => Scan(ScanOperation.Remove, null, force);

    public static Step RemoveMatching(string pattern, bool force = false) => Scan(ScanOperation.Remove, pattern, force);

    public static Step Ping(string client = "writer") =>
        new($"{client} pings", async master => (await master.PingAsync(Id(client))).ToString());

    public static Step FallsSilent(string client = "writer") => Event($"{client} falls silent", master =>
    {
        master.FallSilent(Id(client));
        return Task.CompletedTask;
    });

    public static Step Later(TimeSpan time) => Event($"{time} later", master => master.AdvanceAsync(time));

    public static Step FailOver() => Event("the Primary dies", master => master.FailOverAsync());

    public static Step Event(string words, Func<IScenarioMaster, Task> act) => new(words, async master =>
    {
        await act(master);
        return "Ok";
    });

    /// <summary>On which segments' hosts a reader finds an object, in the order in which it is told.</summary>
    public static Step Hosts(string key) => Keyed(
        KeyedOperation.GetReplicaList, [key], "",
        result => result.Error == ErrorCode.Ok
            ? string.Join(' ', Enumerable.Range(0, result.Replicas.Count).Select(i => result.Replicas[i].TransportEndpoint)) : null);

    private static Segment AgainAt(string name, ulong size, string id, bool moved)
    {
        var before = SegmentOf(name, size, name);
        return before with { Id = Id(id), BaseAddress = moved ? before.BaseAddress + (64 * MiB) : before.BaseAddress };
    }

    private static Step Segment(string words, Func<IReplySink, SegmentCall> make) => Segment(words, make, _ => "Ok");

    public static Step Segment<T>(string words, Func<IReplySink, T> make, Func<T, string> tell)
        where T : SegmentCall => new(words, async master =>
    {
        T? call = null;
        var answered = master.SubmitAsync(sink => call = make(sink));
        return await Answered(master, answered) ?? (call!.Error == ErrorCode.Ok ? tell(call) : call.Error.ToString());
    });

    private static Step Scan(ScanOperation operation, string? pattern, bool force) => new($"{operation} {pattern}", async master =>
    {
        ScanCall? call = null;
        var answered = master.SubmitAsync(sink => call = new ScanCall(sink, operation, master.Tenant, pattern) { Force = force });
        if (await Answered(master, answered) is { } waits)
            return waits;
        if (call!.Error != ErrorCode.Ok)
            return call.Error.ToString();
        return operation == ScanOperation.Remove
            ? $"{call.RemovedCount}"
            : string.Join(' ', call.Found.Select(found => Encoding.UTF8.GetString(found.Key.UserKey)).Order(StringComparer.Ordinal));
    });

    public static Step Keyed(
        KeyedOperation operation, string[] keys, string client, Func<ItemResult, string?>? tell = null, ulong size = 0,
        ReplicateConfig? config = null,
        bool force = false, string segment = "", string[]? targets = null) => new($"{client} {operation} {string.Join(' ', keys)}".Trim(),
        async master =>
    {
        KeyedCall? call = null;
        var answered = master.SubmitAsync(sink => call = new KeyedCall(
            sink, operation, [.. keys.Select(key => ObjectKey.From(master.Tenant, Encoding.UTF8.GetBytes(key)))])
        {
            Client = client.Length == 0 ? Uuid.None : Id(client),
            Sizes = size == 0 ? [] : [.. keys.Select(_ => size)],
            Config = config ?? ReplicateConfig.Default,
            Force = force,
            SegmentName = segment,
            TargetSegments = targets ?? [],
        });
        if (await Answered(master, answered) is { } waits)
            return waits;
        var said = call!.Results.Select(result => tell?.Invoke(result) ?? result.Error.ToString()).ToArray();
        return said.Length == 1 ? said[0] : $"[{string.Join(", ", said)}]";
    });

    private static string Sum(IEnumerable<SegmentUse> uses, string name, Func<SegmentUse, ulong> of) =>
        uses.Where(use => use.Segment.Name == name)
            .Aggregate(0UL, (sum, use) => sum + of(use)).ToString(System.Globalization.CultureInfo.InvariantCulture);

    // Drivers that hold commits back leave the task open; on all others it ends.
    private static async Task<string?> Answered(IScenarioMaster master, Task answered)
    {
        if (master.HoldsCommits && !answered.IsCompleted)
            return NoAnswerYet;
        await answered;
        return null;
    }
}
