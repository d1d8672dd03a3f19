// A client's call on its way through the node: decoded once at the door, filled in by the partitions, answered once when
// every item is settled and, for writes, committed. One object a call; nothing is allocated per item on the way.
// The object is local to its process and never serialized.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Messages.Calls;

/// <summary>Where the answer of a call goes: the connection it came from.</summary>
public interface IReplySink
{
    /// <summary>Every item is settled. Called once, on whatever thread settled the last item; must not block.</summary>
    void Answer(MasterCall call);

    /// <summary>
    /// The outcome of at least one item will never be known here (the node stopped leading before a commit). The
    /// connection must be closed without an answer. Called at most once, and never after <see cref="Answer"/>.
    /// </summary>
    void Abandon(MasterCall call);
}

/// <summary>A call with a fixed number of items, each settled exactly once or abandoned.</summary>
public abstract class MasterCall(IReplySink sink, int items)
{
    private const int Abandoned = int.MinValue / 2;
    private int _open = items;

    /// <summary>The connection's own mark (the frame's seq_num); not looked at on the way.</summary>
    public uint Tag { get; init; }

    /// <summary>Says that so many items have their final result. The last one sends the answer.</summary>
    public void Settle(int count)
    {
        if (Interlocked.Add(ref _open, -count) == 0)
            sink.Answer(this);
    }

    /// <summary>Gives every item of a call that nobody has worked on this error, and settles them all.</summary>
    public abstract void Refuse(ErrorCode error);

    /// <summary>Says that the outcome of an item stays unknown.</summary>
    public void Abandon()
    {
        if (Interlocked.Exchange(ref _open, Abandoned) > 0)
            sink.Abandon(this);
    }
}

/// <summary>Does a node take calls?</summary>
public enum ServiceState : byte
{
    /// <summary>No, and it has not since its process started.</summary>
    NotYet,
    /// <summary>Yes: it leads, its lease holds, and it is not handing over.</summary>
    Serving,
    /// <summary>It did until it stepped down, began to hand over, or lost its lease.</summary>
    Ended,
}

/// <summary>The way into the node: what the door calls.</summary>
public interface IMasterGateway
{
    /// <summary>
    /// The node has stopped taking calls. Raised once each time, on the thread of the actor that decides it: handlers must not block.
    /// </summary>
    event Action? ServiceEnded;

    /// <summary>Whether it takes calls now.</summary>
    ServiceState Service { get; }

    /// <summary>
    /// True while this node leads and its lease holds, a hand-over included. Asked again when a call is settled: the result of one that
    /// finds no lease is not sent.
    /// </summary>
    bool MayServe { get; }

    /// <summary>The Primary's epoch (Mooncake's view version); 0 while unknown.</summary>
    ulong Epoch { get; }

    /// <summary>A client has shown that it is alive. Called for every call that says whose it is, on any thread; must be cheap.</summary>
    void Hear(Uuid client);

    /// <summary>
    /// Answers Ping at once, from what the node knows of its clients: Ok, or NeedRemount for a client that has not remounted
    /// since this node leads. Null while this node does not serve. <see cref="Hear"/> has been called before.
    /// </summary>
    ClientStatus? Ping(Uuid client);

    /// <summary>Takes a call. Never blocks; the sink hears of it exactly once.</summary>
    void Submit(MasterCall call);
}
