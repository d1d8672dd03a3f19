using HotStandby.Actors.Security;

namespace HotStandby.Tests.Actors.Security;

public sealed class RefusalLogTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void The_same_refusal_is_worth_one_line_a_minute()
    {
        var log = new RefusalLog(_time);
        Assert.True(log.IsDue("10.0.0.7", "expired"));
        Assert.False(log.IsDue("10.0.0.7", "expired"));
        Assert.True(log.IsDue("10.0.0.7", "of another cluster"));
        Assert.True(log.IsDue("10.0.0.8", "expired"));
        _time.Advance(RefusalLog.Interval);
        Assert.True(log.IsDue("10.0.0.7", "expired"));
        Assert.False(log.IsDue("10.0.0.7", "expired"));
    }

    [Fact]
    public void Many_peers_are_forgotten_rather_than_remembered_without_bound()
    {
        var log = new RefusalLog(_time);
        for (var peer = 0; peer < 256; peer++)
            Assert.True(log.IsDue($"peer-{peer}", "expired"));
        Assert.False(log.IsDue("peer-0", "expired"));
        Assert.True(log.IsDue("one more", "expired"));
        Assert.True(log.IsDue("peer-0", "expired"));
    }
}
