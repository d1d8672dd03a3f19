// Decides which refusals at a door are worth a line: a node with a wrong certificate knocks once a second, and one line a minute tells it
// all. Asked by every door, on any thread.
namespace HotStandby.Actors.Security;

/// <summary>The memory of refusals of one door.</summary>
public sealed class RefusalLog(TimeProvider time)
{
    /// <summary>The same peer with the same reason is told of again after this.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // Beyond it everything is forgotten: a bound, not a number that anybody should reach.
    private const int MostRemembered = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Peer, string Reason), long> _said = [];

    /// <summary>True when a line is due for this refusal; it then counts as written.</summary>
    /// <param name="peer">Who, without its port: every attempt comes from another.</param>
    /// <param name="reason">Why.</param>
    public bool IsDue(string peer, string reason)
    {
        lock (_lock)
        {
            if (_said.TryGetValue((peer, reason), out var saidAt) && time.GetElapsedTime(saidAt) < Interval)
                return false;
            if (_said.Count >= MostRemembered)
                _said.Clear();
            _said[(peer, reason)] = time.GetTimestamp();
            return true;
        }
    }
}
