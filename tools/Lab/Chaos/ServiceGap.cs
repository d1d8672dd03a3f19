// The measure of availability as a client has it.
using System.Diagnostics;

namespace HotStandby.Lab.Chaos;

/// <summary>The longest time without an acknowledged write, from the first one on.</summary>
internal sealed class ServiceGap
{
    private readonly Lock _lock = new();
    private long? _last;

    /// <summary>The longest so far.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>A write was acknowledged now.</summary>
    public void Served()
    {
        lock (_lock)
        {
            var now = Stopwatch.GetTimestamp();
            if (_last is { } last && Stopwatch.GetElapsedTime(last, now) is var gap && gap > Longest)
                Longest = gap;
            _last = now;
        }
    }
}
