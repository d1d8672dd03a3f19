// The lag of a Standby in seconds, from when what was committed.
using HotStandby.Actors.Telemetry;

namespace HotStandby.Tests.Actors.Telemetry;

public sealed class CommitTimesTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private readonly CommitTimes _times = new();

    [Fact]
    public void Who_has_everything_is_not_behind()
    {
        Assert.Equal(0, _times.SecondsBehind(0, 5 * Second));
        _times.Committed(10, Second);
        Assert.Equal(0, _times.SecondsBehind(10, 5 * Second));
    }

    [Fact]
    public void Behind_is_counted_from_the_first_commit_that_is_lacking()
    {
        _times.Committed(10, Second);
        _times.Committed(20, 2 * Second);
        _times.Committed(30, 4 * Second);
        Assert.Equal(4, _times.SecondsBehind(9, 5 * Second));
        Assert.Equal(3, _times.SecondsBehind(10, 5 * Second));
        Assert.Equal(1, _times.SecondsBehind(25, 5 * Second));
    }

    [Fact]
    public void Commits_in_quick_succession_share_a_slot_and_none_is_missed()
    {
        _times.Committed(10, Second);
        _times.Committed(11, Second + (Second / 20));
        Assert.Equal(1, _times.SecondsBehind(10, 2 * Second));
        Assert.Equal(0, _times.SecondsBehind(11, 2 * Second));
    }

    [Fact]
    public void The_oldest_is_forgotten_and_another_reign_begins_anew()
    {
        for (var i = 1; i <= 5000; i++)
            _times.Committed((ulong)i, i * Second);
        Assert.Equal(4095, _times.SecondsBehind(0, 5000 * Second));
        _times.Restart();
        Assert.Equal(0, _times.SecondsBehind(0, 5000 * Second));
    }
}
