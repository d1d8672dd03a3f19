using CsCheck;
using HotStandby.Mooncake.Server;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class CallTimesTests
{
    [Fact]
    public void A_quantile_is_right_to_within_a_third_at_every_size() =>
        Gen.Int[1, int.MaxValue].Sample(static microseconds =>
        {
            var times = new CallTimes();
            var before = times.Counts();
            times.Add(TimeSpan.FromMicroseconds(microseconds));
            var found = CallTimes.Quantile(before, times.Counts(), 0.5)!.Value.TotalMicroseconds;
            Assert.InRange(found, microseconds, Math.Max(2, microseconds * 1.5 + 1));
        });

    [Fact]
    public void A_quantile_is_of_the_calls_between_two_looks()
    {
        var times = new CallTimes();
        Assert.Null(CallTimes.Quantile(times.Counts(), times.Counts(), 0.99));
        for (var i = 0; i < 1000; i++)
            times.Add(TimeSpan.FromSeconds(10));
        var before = times.Counts();
        for (var i = 0; i < 99; i++)
            times.Add(TimeSpan.FromMilliseconds(1));
        times.Add(TimeSpan.FromSeconds(1));
        var now = times.Counts();
        Assert.InRange(CallTimes.Quantile(before, now, 0.5)!.Value.TotalMilliseconds, 1, 1.5);
        Assert.InRange(CallTimes.Quantile(before, now, 0.99)!.Value.TotalMilliseconds, 1, 1.5);
        Assert.InRange(CallTimes.Quantile(before, now, 1)!.Value.TotalMilliseconds, 1000, 1500);
    }

    [Fact]
    public void Calls_of_no_time_and_of_hours_are_counted()
    {
        var times = new CallTimes();
        var before = times.Counts();
        times.Add(TimeSpan.Zero);
        times.Add(TimeSpan.FromHours(5));
        var now = times.Counts();
        Assert.Equal(2, now.Sum());
        Assert.InRange(CallTimes.Quantile(before, now, 0.5)!.Value.TotalMicroseconds, 0, 2);
        Assert.InRange(CallTimes.Quantile(before, now, 1)!.Value.TotalMinutes, 30, 60);
    }
}
