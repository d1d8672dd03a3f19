// How far behind a Standby applies: lately, and no longer than that.
using HotStandby.Actors.Replication;

namespace HotStandby.Tests.Actors.Replication;

public sealed class ApplyLagRecorderTests
{
    private static readonly long Interval = ApplyLagRecorder.Interval.Ticks;
    private readonly ApplyLagRecorder _recorder = new();
    private ulong _sequence;

    [Fact]
    public void A_report_covers_this_interval_and_the_one_before()
    {
        Apply(milliseconds: 40, at: Interval);
        Apply(milliseconds: 2, at: 2 * Interval);
        Assert.Equal((2, 40_000), LongestAt(2 * Interval));
        Apply(milliseconds: 3, at: 3 * Interval);
        Assert.Equal((2, 3_000), LongestAt(3 * Interval));
        Assert.Equal((1, 3_000), LongestAt((4 * Interval) + 1));
        Assert.Equal((0, 0), LongestAt((6 * Interval) + 2));
    }

    [Fact]
    public void One_notice_of_several_commits_counts_each_when_it_is_applied()
    {
        _recorder.Committed(5, Interval);
        _recorder.Committed(5, Interval + 1);
        _recorder.Committed(9, Interval + TimeSpan.TicksPerMillisecond);
        _recorder.Applied(6, Interval + (2 * TimeSpan.TicksPerMillisecond));
        Assert.Equal((1, 2_000), LongestAt(Interval + (3 * TimeSpan.TicksPerMillisecond)));
        _recorder.Applied(9, Interval + (9 * TimeSpan.TicksPerMillisecond));
        Assert.Equal((2, 8_000), LongestAt(Interval + (9 * TimeSpan.TicksPerMillisecond)));
    }

    [Fact]
    public void What_was_under_way_in_another_role_is_forgotten()
    {
        _recorder.Committed(5, Interval);
        _recorder.Restart();
        _recorder.Applied(9, 2 * Interval);
        Assert.Equal((0, 0), LongestAt(2 * Interval));
    }

    [Fact]
    public void While_nothing_is_applied_so_many_commits_are_kept_and_the_oldest_lag_is_reported()
    {
        const int commits = 10 * ApplyLagRecorder.MostAwaited;
        for (var i = 1; i <= commits; i++)
            _recorder.Committed((ulong)i, Interval + i);
        _recorder.Applied(commits, Interval + (9 * TimeSpan.TicksPerMillisecond));
        Assert.Equal((ApplyLagRecorder.MostAwaited, 9_000), LongestAt(Interval + (9 * TimeSpan.TicksPerMillisecond)));
        _recorder.Committed(commits + 1, 2 * Interval);
        _recorder.Applied(commits + 1, 2 * Interval);
        Assert.Equal(ApplyLagRecorder.MostAwaited + 1, LongestAt(2 * Interval).Count);
    }

    private void Apply(int milliseconds, long at)
    {
        _recorder.Committed(++_sequence, at - (milliseconds * TimeSpan.TicksPerMillisecond));
        _recorder.Applied(_sequence, at);
    }

    // Three digits are kept.
    private (long Count, long Microseconds) LongestAt(long nowTicks)
    {
        var report = _recorder.Report(nowTicks);
        return (report.Count, (long)Math.Round(report.MaximumMicroseconds / 100.0) * 100);
    }
}
