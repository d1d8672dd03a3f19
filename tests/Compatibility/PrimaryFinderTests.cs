// The finder among several nodes: a Primary that says nothing any more is left for one that serves, and only for one that does.
using System.Collections.Concurrent;
using HotStandby.Messages;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility;

public sealed class PrimaryFinderTests
{
    private static readonly TimeSpan Patience = Deadline.Step;

    // Much shorter than the response timeout, which must play no part here.
    private static readonly MasterConnectionSettings Settings = new() { SilencePatience = TimeSpan.FromMilliseconds(100) };

    private volatile bool _secondServes;
    private int _secondAsked;

    [Fact]
    public async Task A_call_to_a_silent_Primary_ends_with_unknown_outcome_as_soon_as_another_node_serves()
    {
        var held = new TaskCompletionSource<ReceivedCall>();
        await using var silent = new ScriptedMaster(call =>
            call.Rpc == Rpc.ServiceReady ? Ready(call) : HoldAsync(held, call));
        await using var second = new ScriptedMaster(Second);
        await using var finder = new PrimaryFinder([silent.EndPoint.ToString()!, second.EndPoint.ToString()!], Settings);
        var first = await finder.GetAsync();
        Assert.Equal(silent.EndPoint, first.EndPoint);
        var call = Task.Run(() => new MasterClient(first).ExistKeyAsync(new("key", "default")).AsTask());
        await held.Task.WaitAsync(Patience);
        await UntilAsync(() => Volatile.Read(ref _secondAsked) >= 3); // again and again, and in vain: the call goes on
        Assert.False(call.IsCompleted);
        Assert.True(first.IsOpen);

        _secondServes = true;
        var failure = await Assert.ThrowsAsync<MasterRpcException>(() => call.WaitAsync(Patience));
        Assert.Equal(MasterRpcFailure.OutcomeUnknown, failure.Failure);
        Assert.False(first.IsOpen);
        var now = await finder.GetAsync();
        Assert.Equal(second.EndPoint, now.EndPoint);
        Assert.True((await new MasterClient(now).ExistKeyAsync(new("key", "default")).AsTask().WaitAsync(Patience)).Value.Value);
    }

    [Fact]
    public async Task A_slow_answer_is_taken_while_no_other_node_serves()
    {
        var held = new TaskCompletionSource<ReceivedCall>();
        await using var slow = new ScriptedMaster(call =>
            call.Rpc == Rpc.ServiceReady ? Ready(call) : HoldAsync(held, call));
        await using var second = new ScriptedMaster(Second);
        await using var finder = new PrimaryFinder([slow.EndPoint.ToString()!, second.EndPoint.ToString()!], Settings);
        var first = await finder.GetAsync();
        var call = Task.Run(() => new MasterClient(first).ExistKeyAsync(new("key", "default")).AsTask());
        var request = await held.Task.WaitAsync(Patience);
        await UntilAsync(() => Volatile.Read(ref _secondAsked) >= 3);
        await request.AnswerAsync<Expected<WireBool>>(new WireBool(true));
        Assert.True((await call.WaitAsync(Patience)).Value.Value);
        Assert.Same(first, await finder.GetAsync());
    }

    [Fact]
    public async Task A_node_that_never_says_whether_it_serves_does_not_hold_up_the_search()
    {
        await using var mute = new ScriptedMaster(_ => Task.CompletedTask);
        await using var second = new ScriptedMaster(Second);
        var settings = new MasterConnectionSettings { ConnectTimeout = TimeSpan.FromMilliseconds(200) };
        await using var finder = new PrimaryFinder([mute.EndPoint.ToString()!, second.EndPoint.ToString()!], settings);
        // A machine that is busy with other things may keep the second node waiting for longer, too: then it is asked again.
        MasterRpcException failure;
        var began = TimeProvider.System.GetTimestamp();
        do
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, "the second node never answers in time");
            failure = await Assert.ThrowsAsync<MasterRpcException>(() => finder.GetAsync().AsTask().WaitAsync(Patience));
            Assert.Equal(MasterRpcFailure.NotSent, failure.Failure);
        }
        while (!failure.Message.Contains($"{mute.EndPoint} does not answer within 0.2 s", StringComparison.Ordinal)
            || !failure.Message.Contains($"{second.EndPoint} is a Standby", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_where_nothing_listens_is_told_from_a_Standby()
    {
        string gone;
        await using (var closed = new ScriptedMaster(Ready))
            gone = closed.EndPoint.ToString()!;
        await using var second = new ScriptedMaster(Second);
        await using var finder = new PrimaryFinder([gone, second.EndPoint.ToString()!], Settings);
        var failure = await Assert.ThrowsAsync<MasterRpcException>(() => finder.GetAsync().AsTask().WaitAsync(Patience));
        Assert.Contains($"{gone} refuses connections", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"{second.EndPoint} is a Standby", failure.Message, StringComparison.Ordinal);
    }

    // What a slow machine does: the timer of a search fires just as the search, long since answered, has let go of it.
    [Fact]
    public async Task A_timer_that_fires_after_the_search_harms_nobody()
    {
        await using var first = new ScriptedMaster(Ready);
        var time = new TimersThatFireLate();
        await using var finder = new PrimaryFinder([first.EndPoint.ToString()!], Settings with { Time = time });
        await finder.GetAsync().AsTask().WaitAsync(Patience);
        Assert.True(time.FireAllOnce() > 0);
        Assert.True((await finder.GetAsync()).IsOpen);
    }

    private Task Second(ReceivedCall call)
    {
        if (call.Rpc != Rpc.ServiceReady)
            return call.AnswerAsync<Expected<WireBool>>(new WireBool(true));
        Interlocked.Increment(ref _secondAsked);
        return _secondServes ? Ready(call) : call.AnswerAsync<Expected<ByteString>>(ErrorCode.UnavailableInCurrentMode);
    }

    private static Task Ready(ReceivedCall call) => call.AnswerAsync<Expected<ByteString>>((ByteString)RpcTable.StoreProtocolVersion);

    private static Task HoldAsync(TaskCompletionSource<ReceivedCall> held, ReceivedCall call)
    {
        held.TrySetResult(call);
        return Task.CompletedTask;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
            await timer.WaitForNextTickAsync(deadline.Token);
    }

    /// <summary>
    /// The system's time, which remembers the single shots it was asked for and fires them when told to, disposed or not.
    /// </summary>
    private sealed class TimersThatFireLate : TimeProvider
    {
        private readonly ConcurrentQueue<Action> _shots = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (period == Timeout.InfiniteTimeSpan)
                _shots.Enqueue(() => callback(state));
            return base.CreateTimer(callback, state, dueTime, period);
        }

        public int FireAllOnce()
        {
            var fired = 0;
            for (; _shots.TryDequeue(out var shot); fired++)
                shot();
            return fired;
        }
    }
}
