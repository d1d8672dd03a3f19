// Who gives way when a port has as many connections as it may have.
using HotStandby.Messages.Network;
using HotStandby.Mooncake.Server;

namespace HotStandby.Tests.Compatibility.Server;

public sealed class ConnectionSlotsTests
{
    private readonly List<string> _ended = [];
    private int _refused;

    private ConnectionSlots Of(int most) => new(most, _ => _refused++);

    [Fact]
    public void The_one_that_has_been_idle_for_the_longest_time_gives_way()
    {
        var slots = Of(3);
        Enter(slots, "a");
        var b = Enter(slots, "b");
        Enter(slots, "c");
        Enter(slots, "d");
        Assert.Equal(["a"], _ended);
        b.Begin();
        Enter(slots, "e");
        Assert.Equal(["a", "c"], _ended);
        b.End();
        Enter(slots, "f");
        Enter(slots, "g");
        Enter(slots, "h");
        Assert.Equal(["a", "c", "d", "e", "b"], _ended);
        Assert.Equal(0, _refused);
    }

    [Fact]
    public void When_all_are_in_use_the_newcomer_is_refused()
    {
        var slots = Of(2);
        Enter(slots, "a").Begin();
        var b = Enter(slots, "b");
        b.Begin();
        b.Begin();
        b.End(); // two requests of one connection
        Assert.Null(slots.Enter(() => { }));
        Assert.Equal((0, 1), (_ended.Count, _refused));
        b.Dispose();
        Enter(slots, "c");
    }

    [Fact]
    public void A_connection_that_ends_leaves_its_place_once()
    {
        var slots = Of(2);
        var a = Enter(slots, "a");
        a.Dispose();
        a.Dispose();
        Enter(slots, "b").Begin();
        Enter(slots, "c").Begin();
        Assert.Null(slots.Enter(() => { }));
        a.End(); // its request was still running
        a.Begin();
        a.End();
        Assert.Null(slots.Enter(() => { }));
    }

    [Fact]
    public void Many_threads_never_take_more_places_than_there_are()
    {
        const int most = 8;
        var slots = Of(most);
        var (now, highest) = (0, 0);
        Parallel.For(0, 20_000, number =>
        {
            var isIn = 0;
            void Leave()
            {
                if (Interlocked.Exchange(ref isIn, 2) == 1)
                    Interlocked.Decrement(ref now);
            }

            using var slot = slots.Enter(Leave);
            if (slot is null)
                return;
            slot.Begin(); // from here it gives way to none
            if (Interlocked.CompareExchange(ref isIn, 1, 0) == 0)
            {
                var count = Interlocked.Increment(ref now);
                for (var seen = highest; count > seen; seen = highest)
                    Interlocked.CompareExchange(ref highest, count, seen);
            }

            Leave();
        });
        Assert.InRange(highest, 1, most);
        Assert.Equal(0, now);
    }

    private ConnectionSlots.Slot Enter(ConnectionSlots slots, string name) =>
        Assert.IsType<ConnectionSlots.Slot>(slots.Enter(() => _ended.Add(name)));
}
