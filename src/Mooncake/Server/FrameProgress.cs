// Since when a connection's next frame is under way, and what it waits for. Written by the reading loop, looked at by the
// server's timer. A connection between two frames waits for nothing and may do so for ever.

namespace HotStandby.Mooncake.Server;

/// <summary>What the reading loop of one connection waits for.</summary>
internal sealed class FrameProgress(TimeProvider time)
{
    /// <summary>Why a connection ends whose large frame found no memory in time.</summary>
    public const string Busy = "busy";

    /// <summary>Why a connection ends that began a frame and did not complete it in time.</summary>
    public const string Unfinished = "unfinished";

    private const long Nothing = 0;

    private long _since = Nothing;
    private volatile string _waitsFor = Unfinished;

    /// <summary>A frame has begun and the client is to send the rest of it; the time runs from the first call.</summary>
    public void Receiving()
    {
        if (Volatile.Read(ref _since) == Nothing)
            Restart(Unfinished);
    }

    /// <summary>A large frame waits for memory; the client can do nothing about it.</summary>
    public void WaitingForMemory() => Restart(Busy);

    /// <summary>The memory is there; the client has its whole time for the body.</summary>
    public void ReceivingBody() => Restart(Unfinished);

    /// <summary>The frame is complete.</summary>
    public void Done() => Volatile.Write(ref _since, Nothing);

    /// <summary>What was waited for longer than this; null when nothing was.</summary>
    public string? Overdue(TimeSpan patience)
    {
        var reason = _waitsFor;
        var since = Volatile.Read(ref _since);
        return since != Nothing && time.GetElapsedTime(since) > patience ? reason : null;
    }

    private void Restart(string reason)
    {
        Done();
        _waitsFor = reason;
        Volatile.Write(ref _since, time.GetTimestamp());
    }
}
