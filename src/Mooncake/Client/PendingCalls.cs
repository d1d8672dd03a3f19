// The book of calls in flight on one connection: who waits under which number, and who has waited too long. Not
// thread-safe: MasterConnection holds its lock around every use.
namespace HotStandby.Mooncake.Client;

/// <summary>Calls in flight, by number.</summary>
internal sealed class PendingCalls
{
    private readonly Dictionary<uint, PendingCall> _byNumber = [];
    private uint _next;

    /// <summary>Bytes of all frames that were handed out so far.</summary>
    public long StreamEnd { get; private set; }

    /// <summary>The number the next call will have.</summary>
    public uint NextNumber => _next;

    /// <summary>Enters a call.</summary>
    public PendingCall Add(int frameBytes, long deadline)
    {
        StreamEnd += frameBytes;
        var call = new PendingCall(_next++, StreamEnd, deadline);
        _byNumber.Add(call.Number, call);
        return call;
    }

    /// <summary>Takes out the call that an answer is for; null when it waits no longer.</summary>
    public PendingCall? Take(uint number)
    {
        _byNumber.Remove(number, out var call);
        return call;
    }

    /// <summary>True for a number that was given to a call of this connection, however long ago.</summary>
    public bool WasIssued(uint number) => (int)(_next - number) > 0;

    /// <summary>
    /// Takes out every call whose deadline has come. Looks at all of them: they are few, and it happens some ten times a second.
    /// </summary>
    public List<PendingCall> TakeExpired(long now)
    {
        var expired = new List<PendingCall>();
        foreach (var call in _byNumber.Values)
        {
            if (call.Deadline <= now)
                expired.Add(call);
        }
        foreach (var call in expired)
            _byNumber.Remove(call.Number);
        return expired;
    }

    /// <summary>The earliest deadline of all that wait; null when nobody does.</summary>
    public long? EarliestDeadline()
    {
        long? earliest = null;
        foreach (var call in _byNumber.Values)
        {
            if (earliest is not { } least || call.Deadline < least)
                earliest = call.Deadline;
        }
        return earliest;
    }

    /// <summary>Takes out everything.</summary>
    public PendingCall[] TakeAll()
    {
        PendingCall[] all = [.. _byNumber.Values];
        _byNumber.Clear();
        return all;
    }
}
