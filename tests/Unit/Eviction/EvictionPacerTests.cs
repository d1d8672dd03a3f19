using HotStandby.Core.Eviction;

namespace HotStandby.Tests.Unit.Eviction;

public sealed class EvictionPacerTests
{
    private const double Full = 0.95;
    private const double Empty = 0.1;
    private static readonly long Period = EvictionPacer.Period.Ticks;

    private readonly EvictionPacer _pacer = new(new EvictionPolicy(EvictionSettings.Default));

    [Fact]
    public void Nothing_is_asked_without_pressure() => Assert.False(_pacer.TryAsk(0, Empty));

    [Fact]
    public void One_cycle_at_a_time()
    {
        Assert.True(_pacer.TryAsk(0, Full));
        Assert.False(_pacer.TryAsk(100 * Period, Full));
        _pacer.Done(100 * Period, 1, 1);
        Assert.True(_pacer.TryAsk(101 * Period, Full));
    }

    [Fact]
    public void Cycles_in_vain_are_repeated_after_doubling_pauses_up_to_one_second()
    {
        var now = 0L;
        Assert.True(_pacer.TryAsk(now, Full));
        foreach (var pause in new[] { 1, 2, 4, 8, 16, 32, 64, 100, 100 })
        {
            _pacer.Done(now, 0, 0);
            Assert.False(_pacer.TryAsk(now + (pause * Period) - 1, Full));
            now += pause * Period;
            Assert.True(_pacer.TryAsk(now, Full), $"after {pause} periods");
        }
    }

    [Fact]
    public void Success_ends_the_back_off()
    {
        _pacer.TryAsk(0, Full);
        for (var i = 0; i < 5; i++)
        {
            _pacer.Done(i * 1000 * Period, 0, 0);
            Assert.True(_pacer.TryAsk((i + 1) * 1000 * Period, Full));
        }

        _pacer.Done(5000 * Period, 3, 30);
        Assert.True(_pacer.TryAsk(5001 * Period, Full));
        _pacer.Done(5001 * Period, 0, 0);
        Assert.True(_pacer.TryAsk(5002 * Period, Full));
    }

    [Fact]
    public void New_pressure_ends_the_back_off()
    {
        _pacer.TryAsk(0, Full);
        _pacer.Done(0, 0, 0);
        Assert.False(_pacer.TryAsk(1, Full));
        Assert.False(_pacer.TryAsk(2, Empty));
        Assert.True(_pacer.TryAsk(3, Full));
    }

    [Fact]
    public void A_failed_put_forces_cycles_until_one_has_evicted_something()
    {
        _pacer.Force(Empty);
        Assert.True(_pacer.TryAsk(0, Empty));
        _pacer.Done(0, 0, 0);
        Assert.True(_pacer.IsForced);
        _pacer.Force(Empty);
        Assert.False(_pacer.TryAsk(Period - 1, Empty), "another failed put does not shorten the pause");
        Assert.True(_pacer.TryAsk(Period, Empty));
        _pacer.Done(Period, 2, 20);
        Assert.False(_pacer.IsForced);
        Assert.False(_pacer.TryAsk(2 * Period, Empty));
    }

    [Fact]
    public void A_failed_put_is_forgotten_when_room_has_come_otherwise()
    {
        _pacer.Force(0.5);
        Assert.True(_pacer.TryAsk(0, 0.46));
        _pacer.Done(0, 0, 0);
        Assert.False(_pacer.TryAsk(Period, 0.44));
        Assert.False(_pacer.IsForced);
    }

    [Fact]
    public void Every_counter_moves()
    {
        _pacer.TryAsk(0, Full);
        _pacer.Done(0, 0, 0);
        _pacer.TryAsk(Period, Full);
        _pacer.Done(Period, 3, 300);
        Assert.Equal((2L, 1L, 3L, 300UL), (_pacer.Attempted, _pacer.Successful, _pacer.EvictedKeys, _pacer.EvictedBytes));
    }
}
