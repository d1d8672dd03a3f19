// Whom the monitor finds silent, and when it gives grace instead.
using HotStandby.Core.Segments;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

public sealed class LivenessMonitorTests
{
    private const long Second = TimeSpan.TicksPerSecond;
    private readonly ClientRegistry _clients = new();
    private readonly LivenessMonitor _monitor;
    private long _now;

    public LivenessMonitorTests() =>
        _monitor = new LivenessMonitor(_clients, new(ClientTtlTicks, SuspectTicks, IntervalTicks), startTicks: 0);

    [Fact]
    public void Client_is_silent_at_the_ttl_and_not_before()
    {
        Watch(1);
        Assert.Empty(Pass(9));
        Assert.Empty(CheckAfter(Second - 1));
        Assert.Equal([Id(1)], CheckAfter(1).Select(silent => silent.Client));
    }

    [Fact]
    public void Late_check_forgives_the_silence_by_which_it_was_late()
    {
        Watch(1, 2);
        Assert.Empty(Pass(8));
        Assert.Empty(CheckAfter(15 * Second)); // 14 s late: silent for 23 s, of which 9 count
        Assert.Empty(CheckAfter(Second - 1));
        Assert.Equal(2, CheckAfter(1).Count);
    }

    [Fact]
    public void Clients_that_are_silent_beyond_a_late_check_fall_after_what_was_left_of_their_ttl()
    {
        Watch(1);
        Assert.Empty(Pass(4));
        Assert.Empty(CheckAfter(20 * Second)); // one second of these 20 counts
        Assert.Empty(Pass(4));
        Assert.Equal([Id(1)], CheckAfter(Second).Select(silent => silent.Client));
    }

    [Fact]
    public void Check_that_is_late_by_less_than_an_interval_forgives_nothing()
    {
        Watch(1);
        Assert.Empty(Pass(8));
        Assert.Single(CheckAfter(2 * Second));
    }

    [Theory]
    [InlineData(2, 2, false)] // two are no mass
    [InlineData(3, 1, false)]
    [InlineData(3, 2, true)]
    [InlineData(4, 2, false)] // half is not more than half
    [InlineData(4, 3, true)]
    [InlineData(100, 50, false)]
    [InlineData(100, 51, true)]
    public void Mass_silence_gives_grace_of_one_more_ttl_once(int watched, int silent, bool isMass)
    {
        var all = Enumerable.Range(1, watched).ToArray();
        Watch(all);
        var talking = all[silent..];
        Assert.Empty(Pass(9, talking));
        Assert.Equal(isMass ? 0 : silent, Pass(1, talking).Count);
        if (!isMass)
            return;
        Assert.Empty(Pass(9, talking));
        Assert.Equal(all[..silent].Select(Id), Pass(1, talking).Select(found => found.Client).Order());
    }

    [Fact]
    public void Mass_whose_last_words_lie_some_seconds_apart_is_still_a_mass()
    {
        Watch(1, 2, 3, 4);
        Assert.Empty(Pass(4, 1, 2, 3, 4));
        Assert.Empty(Pass(1, 3, 4));
        Assert.Empty(Pass(9)); // 1 and 2 at their TTL, 3 and 4 a second before
        Assert.Empty(Pass(9));
        Assert.Equal(4, Pass(1).Count);
    }

    [Fact]
    public void Grace_is_given_again_only_to_those_who_were_heard_since()
    {
        Watch(1, 2, 3, 4, 5);
        Assert.Empty(Pass(10)); // all five: grace
        Assert.Empty(Pass(5));
        Assert.Empty(Pass(4, 5)); // one of them speaks
        Assert.Equal([Id(1), Id(2), Id(3), Id(4)], Pass(1, 5).Select(found => found.Client)); // the grace of the others is spent
        Watch(1, 2, 3, 4);
        Assert.Empty(Pass(10)); // all were heard: grace again
        Assert.Empty(Pass(9));
        Assert.Equal(5, Pass(1).Count);
    }

    [Fact]
    public void Nobody_expires_during_a_grace_period_and_suspects_are_not_part_of_a_mass()
    {
        Watch(1, 2, 3, 4, 5, 6, 7);
        var talking = new[] { 4, 5, 6, 7 };
        Assert.Empty(Pass(9, talking));
        Assert.Equal(3, Pass(1, talking).Count); // 3 of 7
        foreach (var client in new[] { 1, 2, 3 })
            _clients.Suspect(Id(client), _now);
        Assert.Empty(Pass(3, 4)); // 5, 6, 7 fall silent together: three of the four that are no suspects
        Assert.Equal(3, Pass(2, 4).Count(found => found.IsDead)); // the dead die before the mass is a mass
        foreach (var client in new[] { 1, 2, 3 })
            _clients.Suspect(Id(client), _now); // suspect again at once
        Assert.Empty(Pass(4, 4));
        Assert.Empty(Pass(1, 4)); // grace for 5, 6, 7 is grace for all
        Assert.Empty(Pass(9, 4));
        var last = Pass(1, 4);
        Assert.Equal((3, 6), (last.Count(found => found.IsDead), last.Count));
    }

    [Fact]
    public void Registry_is_heard_from_many_threads_while_it_is_checked()
    {
        const int rounds = 20_000;
        var monitor = new LivenessMonitor(_clients, new(ClientTtlTicks, SuspectTicks, CheckIntervalTicks: ClientTtlTicks), startTicks: 0);
        Watch([.. Enumerable.Range(1, 50)]);
        Parallel.For(0, 8, thread =>
        {
            for (var round = 1; round <= rounds; round++)
            {
                _clients.Hear(Id(1 + ((round + thread) % 60)), round);
                if (thread == 0 && round % 1000 == 0)
                    Assert.Empty(monitor.Check(round));
            }
        });
        Assert.Equal(50, _clients.Count); // whoever is not watched is not remembered
        Assert.Empty(monitor.Check(rounds - 60 + ClientTtlTicks)); // everyone was heard in the last 60 rounds
    }

    private void Watch(params int[] clients)
    {
        foreach (var client in clients)
            _clients.Watch(Id(client), _now);
    }

    private IReadOnlyList<SilentClient> CheckAfter(long ticks, params int[] talking)
    {
        _now += ticks;
        foreach (var client in talking)
            _clients.Hear(Id(client), _now);
        return _monitor.Check(_now);
    }

    /// <summary>Seconds with a punctual check each; nobody may be silent before the last of them.</summary>
    private IReadOnlyList<SilentClient> Pass(int seconds, params int[] talking)
    {
        for (; seconds > 1; seconds--)
            Assert.Empty(CheckAfter(Second, talking));
        return CheckAfter(Second, talking);
    }
}
