// On which thread an actor's turn runs, and that turns do not nest.
using System.Collections.Concurrent;
using Akka.Dispatch;
using HotStandby.Actors.Threads;

namespace HotStandby.Tests.Actors.Threads;

public sealed class TurnExecutorTests
{
    private static readonly TurnExecutor Short = new("short", areShort: true);
    private static readonly TurnExecutor Pool = new("pool", areShort: false);

    [Fact]
    public void A_short_turn_runs_on_the_thread_that_asked_for_turns_before_that_goes_on() => OnThread(() =>
    {
        Thread? ran = null;
        Series(() => Short.Execute(new Turn(() => ran = Thread.CurrentThread)));
        Assert.Same(Thread.CurrentThread, ran);
    });

    [Fact]
    public void A_thread_that_has_not_asked_for_turns_runs_none() => OnThread(() =>
    {
        var ran = new BlockingCollection<Thread>();
        Short.Execute(new Turn(() => ran.Add(Thread.CurrentThread)));
        Pool.Execute(new Turn(() => ran.Add(Thread.CurrentThread)));
        for (var i = 0; i < 2; i++)
        {
            Assert.True(ran.TryTake(out var thread, Deadline.Step));
            Assert.True(thread.IsThreadPoolThread);
        }
    });

    [Fact]
    public void What_is_done_inside_of_a_series_returns_at_once_and_its_turns_follow() => OnThread(() =>
    {
        var seen = new List<string>();
        Series(() =>
        {
            Series(() => Short.Execute(new Turn(() => seen.Add("turn"))));
            seen.Add("returned");
        });
        Assert.Equal(["returned", "turn"], seen);
    });

    [Fact]
    public void Turns_that_a_turn_causes_follow_it_in_order() => OnThread(() =>
    {
        var seen = new List<string>();
        Series(() => Short.Execute(new Turn(() =>
        {
            seen.Add("first begins");
            Short.Execute(new Turn(() =>
            {
                seen.Add("second");
                Short.Execute(new Turn(() => seen.Add("fourth")));
            }));
            Short.Execute(new Turn(() => seen.Add("third")));
            seen.Add("first ends");
        })));
        Assert.Equal(["first begins", "first ends", "second", "third", "fourth"], seen);
    });

    [Fact]
    public void Other_turns_leave_a_thread_that_is_not_of_the_pool() => OnThread(() =>
    {
        using var done = new CountdownEvent(20);
        var strangers = 0;
        // From outside of a turn, and from inside of one.
        Series(() => Short.Execute(new Turn(() =>
        {
            for (var i = 1; i < done.InitialCount; i++)
                Pool.Execute(new Turn(Note));
        })));
        Pool.Execute(new Turn(Note));
        Assert.True(done.Wait(Deadline.Step));
        Assert.Equal(0, strangers);

        void Note()
        {
            if (!Thread.CurrentThread.IsThreadPoolThread)
                Interlocked.Increment(ref strangers);
            done.Signal();
        }
    });

    [Fact]
    public async Task They_stay_on_a_thread_of_the_pool()
    {
        var (here, ran) = await Task.Run(() =>
        {
            Thread? ran = null;
            Series(() => Pool.Execute(new Turn(() => ran = Thread.CurrentThread)));
            return (Thread.CurrentThread, ran);
        });
        Assert.Same(here, ran);
    }

    [Fact]
    public async Task Short_turns_go_before_others_so_that_a_long_one_holds_none_of_them_up()
    {
        var seen = new List<string>();
        await Task.Run(() => Series(() => Pool.Execute(new Turn(() =>
        {
            Pool.Execute(new Turn(() => seen.Add("of a shard")));
            Short.Execute(new Turn(() =>
            {
                seen.Add("of the replica");
                Short.Execute(new Turn(() => seen.Add("of remoting")));
            }));
        }))));
        Assert.Equal(["of the replica", "of remoting", "of a shard"], seen);
    }

    [Fact]
    public void A_thread_gets_back_to_its_own_work_whatever_is_left_to_do() => OnThread(() =>
    {
        var (here, turns) = (0, 0);
        var own = Thread.CurrentThread;
        var elsewhere = new ManualResetEventSlim(); // not disposed: the last turn may come after the test
        var seen = new ManualResetEventSlim();
        Action? more = null;
        more = () =>
        {
            if (Thread.CurrentThread == own)
                here++;
            else
            {
                elsewhere.Set();
                if (seen.IsSet)
                    return;
            }

            turns++;
            Short.Execute(new Turn(more!)); // without an end
        };
        Series(() => Short.Execute(new Turn(more)));
        Assert.Equal(TurnSeries.Longest, here);
        Assert.True(elsewhere.Wait(Deadline.Step));
        seen.Set();
    });

    [Fact]
    public void A_turn_that_throws_takes_no_other_with_it() => OnThread(() =>
    {
        using var ran = new ManualResetEventSlim();
        Assert.Throws<InvalidOperationException>(() => Series(() => Short.Execute(new Turn(() =>
        {
            Short.Execute(new Turn(ran.Set));
            throw new InvalidOperationException("of the test");
        }))));
        Assert.True(ran.Wait(Deadline.Step));
        var after = false;
        Series(() => Short.Execute(new Turn(() => after = true)));
        Assert.True(after);
    });

    private static void Series(Action work) => TurnSeries.Run(static work => work(), work);

    // A thread of the test's own: not the pool's, and without turns of other tests.
    private static void OnThread(Action test)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(test));
        thread.Start();
        Assert.True(thread.Join(Deadline.Step));
        if (failure is not null)
            throw new Xunit.Sdk.XunitException(failure.ToString());
    }

    private sealed class Turn(Action run) : IRunnable
    {
        public void Run() => run();

        public void Execute() => run();
    }
}
