// How far clocks differ, and when that is worth a line: a question's way there and back bounds the error.
using HotStandby.Core.Membership;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Tests.Unit.Membership;

public sealed class ClockComparisonTests
{
    private const long Millisecond = TimeSpan.TicksPerMillisecond;
    private const long Wall = 638_000_000_000_000_000;

    private static readonly NodeId Other = new("n2");

    private readonly ClockComparison _comparison = new();
    private long _now = 1_000_000;

    [Fact]
    public void The_answer_that_came_back_soonest_counts()
    {
        Exchange(aheadMilliseconds: 300, wayMilliseconds: 40);
        Exchange(aheadMilliseconds: 300, wayMilliseconds: 2);
        Exchange(aheadMilliseconds: 300, wayMilliseconds: 500);
        var difference = Assert.Single(_comparison.Differences());
        Assert.Equal((Other, Millisecond), (difference.Node, difference.ErrorTicks));
        Assert.Equal(300 * Millisecond, difference.OffsetTicks);
        Assert.True(difference.IsTooLarge);
    }

    [Fact]
    public void What_may_be_the_way_alone_is_no_difference()
    {
        Exchange(aheadMilliseconds: 150, wayMilliseconds: 200);
        Assert.False(_comparison.Differences()[0].IsTooLarge);
        Assert.False(_comparison.IsNews(_comparison.Differences()[0], _now));
    }

    [Fact]
    public void A_difference_is_told_once_an_hour_until_it_is_mended()
    {
        Exchange(-250, 2);
        Assert.True(IsNews());
        Assert.False(IsNews());
        _now += ClockComparison.WarnsAgain.Ticks;
        Assert.True(IsNews());
        for (var i = 0; i < 6; i++)
            Exchange(5, 1);
        Assert.False(_comparison.Differences()[0].IsTooLarge);
        Assert.True(IsNews()); // mended
        Assert.False(IsNews());
    }

    [Fact]
    public void Answers_to_other_questions_and_of_strangers_are_ignored()
    {
        var question = _comparison.Ask(Other, _now);
        _comparison.Hear(Other, question + 1, Wall, Wall, _now);
        _comparison.Hear(new NodeId("stranger"), question, Wall, Wall, _now);
        Assert.Empty(_comparison.Differences());
        _comparison.Hear(Other, question, Wall, Wall, _now);
        _comparison.Hear(Other, question, Wall * 2, Wall, _now); // twice
        Assert.Equal(0, Assert.Single(_comparison.Differences()).OffsetTicks);
        _comparison.Forget(Other);
        Assert.Empty(_comparison.Differences());
    }

    [Fact]
    public void The_layout_never_changes_and_a_cut_or_longer_message_is_none()
    {
        var bytes = new ClockReading(0x0102030405060708, 0x1112131415161718).Encode();
        Assert.Equal("0807060504030201" + "1817161514131211", Convert.ToHexString(bytes));
        var reading = new ClockReading(7, Wall);
        Assert.True(ClockReading.TryDecode(reading.Encode(), out var decoded));
        Assert.Equal(reading, decoded);
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(ClockReading.TryDecode(reading.Encode().AsSpan(0, length), out _));
        Assert.False(ClockReading.TryDecode([.. reading.Encode(), 0], out _));
        Assert.False(ClockReading.TryDecode(new ClockReading(7, -1).Encode(), out _));
    }

    private bool IsNews() => _comparison.IsNews(_comparison.Differences()[0], _now);

    private void Exchange(long aheadMilliseconds, long wayMilliseconds)
    {
        var question = _comparison.Ask(Other, _now);
        _now += wayMilliseconds * Millisecond;
        // The answer was given in the middle of the way.
        _comparison.Hear(
            Other, question, Wall + ((aheadMilliseconds - (wayMilliseconds / 2)) * Millisecond), Wall, _now);
    }
}
