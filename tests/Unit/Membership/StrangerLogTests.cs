// What the log says of strangers: each once, at most one line of a kind a minute, and no memory without bound.
using HotStandby.Core.Membership;

namespace HotStandby.Tests.Unit.Membership;

public sealed class StrangerLogTests
{
    private readonly StrangerLog _log = new();
    private long _now = 1_000_000_000;

    [Fact]
    public void A_stranger_is_told_of_once()
    {
        Assert.True(_log.IsNews(StrangerKind.OtherShape, "a", _now, out _));
        for (var i = 0; i < 3000; i++)
        {
            _now += TimeSpan.FromSeconds(1).Ticks;
            Assert.False(_log.IsNews(StrangerKind.OtherShape, "a", _now, out _));
        }

        _now += TimeSpan.FromMinutes(10).Ticks;
        Assert.True(_log.IsNews(StrangerKind.OtherShape, "a", _now, out var skipped)); // an hour later again
        Assert.Equal(0, skipped);
    }

    [Fact]
    public void Many_strangers_are_one_line_a_minute_and_a_number()
    {
        var lines = 0;
        var skipped = 0;
        for (var i = 0; i < 100_000; i++)
        {
            _now += TimeSpan.FromMilliseconds(10).Ticks;
            if (!_log.IsNews(StrangerKind.OtherBirth, $"x{i}", _now, out var before))
                continue;
            lines++;
            skipped += before;
        }

        Assert.Equal(17, lines); // in 1000 s
        Assert.InRange(skipped, 90_000, 100_000);
        Assert.InRange(_log.Count, 1, StrangerLog.Capacity);
    }

    [Fact]
    public void No_more_are_remembered_than_fit_and_the_oldest_goes_first()
    {
        for (var i = 0; i < 3 * StrangerLog.Capacity; i++)
        {
            Assert.True(_log.IsNews(StrangerKind.OtherShape, $"x{i}", _now, out _));
            _now += StrangerLog.LineInterval.Ticks;
        }

        Assert.Equal(StrangerLog.Capacity, _log.Count);
    }

    [Fact]
    public void Kinds_do_not_hide_each_other()
    {
        Assert.True(_log.IsNews(StrangerKind.OtherShape, "a", _now, out _));
        Assert.True(_log.IsNews(StrangerKind.NameTaken, "a", _now, out _));
        Assert.False(_log.IsNews(StrangerKind.NameTaken, "b", _now, out _));
    }
}
