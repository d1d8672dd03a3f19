// A request between its arrival and its answer. It is the call's reply sink: answering only queues it on its connection, so
// that whoever settled the last item (an actor) never encodes or writes.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;

namespace HotStandby.Mooncake.Server;

/// <summary>One request of one connection.</summary>
internal sealed class PendingReply(MooncakeConnection connection, uint callNumber, RpcFunction? function, long arrivedAt) : IReplySink
{
    private volatile bool _isDone;

    public uint CallNumber { get; } = callNumber;

    /// <summary>What was called; null when it is not known.</summary>
    public RpcFunction? Function { get; } = function;

    /// <summary>Why the RPC layer refuses the request; Ok when it does not.</summary>
    public RpcErrorCode Refusal { get; init; }

    /// <summary>Bytes of the node's budget that the request holds until its answer is written.</summary>
    public long ReservedBytes { get; init; }

    /// <summary>Timestamp of the monotonic clock.</summary>
    public long ArrivedAt { get; } = arrivedAt;

    /// <summary>When it was settled under a lease: timestamp of the monotonic clock; null when there was none.</summary>
    public long? IsTrueAt { get; set; }

    /// <summary>True once its answer is on its way to the client, or will never be.</summary>
    public bool IsDone => _isDone;

    /// <summary>The settled call; null for a request that the RPC layer refuses.</summary>
    public MasterCall? Call { get; private set; }

    public void Answer(MasterCall call)
    {
        Call = call;
        connection.Enqueue(this);
    }

    /// <summary>The connection has written the answer.</summary>
    public void Written() => _isDone = true;

    public void Abandon(MasterCall call)
    {
        _isDone = true;
        connection.Abandon();
    }
}
