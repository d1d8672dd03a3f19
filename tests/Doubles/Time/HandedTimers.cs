// A clock whose timers a test is handed, one at a time, and fires by hand.
using System.Threading.Channels;

namespace HotStandby.Tests.Doubles;

/// <param name="isHanded">Which timers, by the time after which they are due; the others never fire. Null: all.</param>
internal sealed class HandedTimers(Func<TimeSpan, bool>? isHanded = null) : TimeProvider
{
    private readonly Channel<(TimeSpan, Action)> _started = Channel.CreateUnbounded<(TimeSpan, Action)>();

    /// <summary>Timers that were started and not handed to the test yet.</summary>
    public int Waiting => _started.Reader.Count;

    /// <summary>The next timer, when it is started.</summary>
    public Task<(TimeSpan DueTime, Action Fire)> NextAsync() => _started.Reader.ReadAsync().AsTask().WaitAsync(Deadline.Step);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (isHanded?.Invoke(dueTime) ?? true)
            Assert.True(_started.Writer.TryWrite((dueTime, () => callback(state))));
        return new Idle();
    }

    private sealed class Idle : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
