// A client of a node in this process: submits calls to its gateway and waits for the answers.
using HotStandby.Actors.Node;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Doubles;

/// <summary>The calls of one client that owns one segment.</summary>
internal sealed class NodeClient(Uuid id)
{
    private static readonly TimeSpan Patience = Deadline.Step;

    private static readonly Segment Memory = new(new Uuid(9, 9), "memory", 1UL << 40, 1UL << 30, "127.0.0.1:1", "tcp", "host");

    public Task<ErrorCode> MountAsync(HotStandbyNode node) => CallAsync(node, sink => new MountSegmentCall(sink, id, Memory));

    public Task<ErrorCode> ReMountAsync(HotStandbyNode node) => CallAsync(node, sink => new ReMountSegmentCall(sink, id, [Memory]));

    /// <summary>Starts and ends the write of each key; every step must succeed.</summary>
    public async Task PutAsync(HotStandbyNode node, params string[] keys)
    {
        var started = await CallAsync(node, KeyedOperation.PutStart, keys, [.. keys.Select(_ => 4096UL)]);
        Assert.All(started, result => Assert.Equal((ErrorCode.Ok, 1), (result.Error, result.Replicas.Count)));
        Assert.All(await CallAsync(node, KeyedOperation.PutEnd, keys), result => Assert.Equal(ErrorCode.Ok, result.Error));
    }

    public async Task<bool[]> ExistAsync(HotStandbyNode node, params string[] keys) =>
        [.. (await CallAsync(node, KeyedOperation.Exist, keys)).Select(result => result is { Error: ErrorCode.Ok, Exists: true })];

    public async Task<ErrorCode> RemoveAsync(HotStandbyNode node, string key) =>
        (await CallAsync(node, KeyedOperation.Remove, [key]))[0].Error;

    public async Task<ItemResult> GetAsync(HotStandbyNode node, string key) =>
        (await CallAsync(node, KeyedOperation.GetReplicaList, [key]))[0];

    /// <summary>Submits any call; returns it with its results.</summary>
    public static async Task<T> SubmitAsync<T>(HotStandbyNode node, Func<IReplySink, T> make) where T : MasterCall
    {
        var sink = new CallSink();
        var call = make(sink);
        node.Gateway.Submit(call);
        await Task.WhenAny(sink.Answered).WaitAsync(Patience);
        Assert.False(sink.Answered.IsCanceled, "the call was abandoned");
        return call;
    }

    private static async Task<ErrorCode> CallAsync(HotStandbyNode node, Func<IReplySink, SegmentCall> make) =>
        (await SubmitAsync(node, make)).Error;

    private async Task<ItemResult[]> CallAsync(HotStandbyNode node, KeyedOperation operation, string[] keys, ulong[]? sizes = null)
    {
        node.Gateway.Hear(id); // as the door does
        return (await SubmitAsync(
            node, sink => new KeyedCall(sink, operation, [.. keys.Select(ObjectKey.From)]) { Client = id, Sizes = sizes ?? [] })).Results;
    }
}
