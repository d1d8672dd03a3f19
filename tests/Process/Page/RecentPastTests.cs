// What a node remembers for the page's charts and its list of slow calls.
using HotStandby.Actors.Node;
using HotStandby.Host.Events;
using HotStandby.Host.Http;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Server;
using HotStandby.Tests.Process.Http;

namespace HotStandby.Tests.Process.Page;

public sealed class RecentPastTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void A_point_is_what_came_since_the_last_one()
    {
        var times = new CallTimes();
        NodeReport? report = AdminServerFixture.Report(committed: 100);
        var past = new RecentPast(() => report, times, _time);
        Second(past);
        Assert.Equal((null, 0.0, null), (past.Newest!.Entries, past.Newest.Calls, past.Newest.P50)); // nothing to compare with yet
        for (var i = 0; i < 98; i++)
            times.Add(TimeSpan.FromMilliseconds(1));
        times.Add(TimeSpan.FromMilliseconds(40));
        times.Add(TimeSpan.FromMilliseconds(40));
        report = AdminServerFixture.Report(committed: 350);
        Second(past);
        Assert.Equal((250.0, 100.0), (past.Newest!.Entries, past.Newest.Calls));
        Assert.InRange(past.Newest.P50!.Value, 1, 1.5);
        Assert.InRange(past.Newest.P99!.Value, 40, 60);
        report = null;
        Second(past);
        Assert.Equal((null, 0.0, null, null), (past.Newest!.Entries, past.Newest.Calls, past.Newest.P99, past.Newest.Lag));
    }

    [Fact]
    public void Ten_minutes_are_kept()
    {
        var times = new CallTimes();
        var past = new RecentPast(static () => null, times, _time);
        times.Add(TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < RecentPast.Capacity; i++)
            Second(past);
        Assert.Equal((RecentPast.Capacity, 1.0), (past.All.Count, past.All[0].Calls));
        Second(past);
        Assert.Equal((RecentPast.Capacity, 0.0), (past.All.Count, past.All[0].Calls));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(999)]
    [InlineData(1_000_000)]
    [InlineData(86_400_000_000)]
    public void A_quantile_is_never_below_the_time_and_above_it_by_half_at_most(long microseconds)
    {
        var times = new CallTimes();
        var before = times.Counts();
        times.Add(TimeSpan.FromMicroseconds(microseconds));
        var found = CallTimes.Quantile(before, times.Counts(), 0.5)!.Value.TotalMicroseconds;
        if (microseconds < 1L << 31)
            Assert.InRange(found, microseconds, Math.Max(2, microseconds * 1.5));
        else
            Assert.True(found >= 1L << 31); // the last class has no end
    }

    [Fact]
    public void Only_slow_calls_are_kept_the_last_ones_and_few_in_a_second()
    {
        var slow = new SlowCalls(_time);
        slow.Add(Rpc.PutStart, Call("fast"), SlowCalls.Threshold - TimeSpan.FromTicks(1));
        Assert.Empty(slow.Latest);
        for (var i = 0; i < 20; i++)
            slow.Add(Rpc.PutStart, Call($"k{i}"), SlowCalls.Threshold);
        Assert.Equal(8, slow.Latest.Count);
        for (var second = 0; second < 40; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            slow.Add(Rpc.BatchPutStart, Call($"second-{second}", "another"), TimeSpan.FromSeconds(2));
        }

        Assert.Equal(SlowCalls.Capacity, slow.Latest.Count);
        Assert.Equal((Rpc.BatchPutStart, 2, "second-39"), (slow.Latest[0].Function, slow.Latest[0].Items, slow.Latest[0].FirstKey));
        slow.Add(Rpc.GetReplicaList, Call(new string('x', 4000)), TimeSpan.FromSeconds(1));
        Assert.Equal(SlowCalls.LongestKey + 1, slow.Latest[0].FirstKey.Length);
    }

    private void Second(RecentPast past)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        past.Add();
    }

    private static KeyedCall Call(params string[] keys) =>
        new(new AwaitedCall(), KeyedOperation.PutStart, [.. keys.Select(ObjectKey.From)]);
}
