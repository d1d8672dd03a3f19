// The requests of one connection that have no answer on its way yet, oldest first, so that the oldest can be watched. Added
// to by the connection's reading loop, looked at by the server's timer.

namespace HotStandby.Mooncake.Server;

/// <summary>Requests in the order of their arrival.</summary>
/// <param name="maximumOpen">The most that are open at once.</param>
internal sealed class OpenRequests(int maximumOpen)
{
    private readonly Queue<PendingReply> _requests = [];
    private readonly Lock _lock = new();

    /// <summary>Adds a request and forgets what is done.</summary>
    public void Add(PendingReply request)
    {
        lock (_lock)
        {
            ForgetDone();
            // Those behind one that takes long are done out of order: they must not be kept as long as it takes.
            if (_requests.Count >= 2 * maximumOpen)
                Compact();
            _requests.Enqueue(request);
        }
    }

    /// <summary>The oldest request that is open; null when none is.</summary>
    public PendingReply? Oldest()
    {
        lock (_lock)
        {
            ForgetDone();
            return _requests.TryPeek(out var oldest) ? oldest : null;
        }
    }

    private void ForgetDone()
    {
        while (_requests.TryPeek(out var oldest) && oldest.IsDone)
            _requests.Dequeue();
    }

    private void Compact()
    {
        for (var left = _requests.Count; left > 0; left--)
        {
            var request = _requests.Dequeue();
            if (!request.IsDone)
                _requests.Enqueue(request);
        }
    }
}
