// The measure of availability as a client has it.
using System.Diagnostics;

namespace HotStandby.Host.Chaos;

/// <summary>The longest time without an acknowledged write.</summary>
public sealed class ServiceGap
{
    private readonly Lock _lock = new();
    private long _last = Stopwatch.GetTimestamp();

    /// <summary>The longest so far.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>A write was acknowledged now.</summary>
    public void Served()
    {
        lock (_lock)
        {
            var gap = Stopwatch.GetElapsedTime(_last);
            _last = Stopwatch.GetTimestamp();
            if (gap > Longest)
                Longest = gap;
        }
    }
}
