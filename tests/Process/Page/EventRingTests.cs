// The node's events in memory: what is an event, what is forgotten, who is given up.
using HotStandby.Host.Events;
using Microsoft.Extensions.Logging;

namespace HotStandby.Tests.Process.Page;

public sealed class EventRingTests
{
    private readonly EventRing _ring = new("n1", TimeProvider.System);

    [Fact]
    public void Only_what_has_a_name_is_an_event_and_the_epoch_is_that_of_the_last_role()
    {
        var log = _ring.CreateLogger("any");
        log.Log(LogLevel.Information, 7, "nameless");
        log.Log(LogLevel.Debug, new EventId(2203, "Serves"), "too small");
        log.Log(LogLevel.Information, new EventId(1004, "Operator"), "for the audit log alone");
        Log(log, "NodeUp", "before");
        IReadOnlyList<KeyValuePair<string, object?>> values = [new("Node", "n1"), new("Role", "Standby"), new("Epoch", 5UL)];
        log.Log(LogLevel.Information, new EventId(2202, "RoleTaken"), values, null, static (_, _) => "role");
        Log(log, "Serves", "after");
        Assert.Equal(
            [(1, 0UL, "NodeUp", "before"), (2, 5UL, "RoleTaken", "role"), (3, 5UL, "Serves", "after")],
            _ring.Last(10).Select(static each => ((int)each.Number, each.Epoch, each.Kind, each.Text)));
    }

    [Fact]
    public void The_oldest_is_forgotten()
    {
        var log = _ring.CreateLogger("any");
        for (var i = 1; i <= EventRing.Capacity + 5; i++)
            Log(log, "NodeUp", "x");
        Assert.Equal([EventRing.Capacity + 4, EventRing.Capacity + 5], _ring.Last(2).Select(static each => each.Number));
        Assert.Equal(6, _ring.Last(int.MaxValue)[0].Number);
    }

    [Fact]
    public void A_listener_hears_what_was_before_and_one_that_does_not_read_is_given_up()
    {
        var log = _ring.CreateLogger("any");
        Log(log, "NodeUp", "before");
        using var stop = new CancellationTokenSource();
        var listener = _ring.Listen(stop.Token)!;
        Assert.True(listener.TryRead(out var first));
        Assert.Equal("before", first.Text);
        for (var i = 0; i < 5 * EventRing.Capacity; i++)
            Log(log, "NodeUp", "flood");
        while (listener.TryRead(out _))
        {
            // It gets what it had room for, and then the end.
        }

        Assert.True(listener.Completion.IsCompleted);
    }

    [Fact]
    public void There_are_so_many_listeners_and_a_place_is_free_again_when_one_ends()
    {
        using var stop = new CancellationTokenSource();
        for (var i = 0; i < EventRing.MostListeners - 1; i++)
            Assert.NotNull(_ring.Listen(CancellationToken.None));
        Assert.NotNull(_ring.Listen(stop.Token));
        Assert.Null(_ring.Listen(CancellationToken.None));
        stop.Cancel();
        Assert.NotNull(_ring.Listen(CancellationToken.None));
        Assert.Null(_ring.Listen(CancellationToken.None));
    }

    private static void Log(ILogger log, string name, string text) =>
        log.Log(LogLevel.Information, new EventId(1, name), text, null, static (state, _) => state);
}
