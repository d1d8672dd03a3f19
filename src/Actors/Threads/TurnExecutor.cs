// Lets an actor's turn run on the thread that caused it. A hand-over to another thread costs more than most turns do: the thread must be
// woken, and the data moves to another processor's cache. A thread has to ask for it (TurnSeries.Run): those that bring a client's call, a
// message of another node or the end of a write. What any other thread causes, such as a timer's or one of Akka's own actors, goes to the
// pool. A turn never runs inside of another: what a turn causes waits until it has ended. So the stack stays flat, and an actor still has
// one thread at a time.
using System.Diagnostics.CodeAnalysis;
using Akka.Configuration;
using Akka.Dispatch;

namespace HotStandby.Actors.Threads;

/// <summary>Runs turns where they were caused.</summary>
/// <param name="id">Of the dispatcher.</param>
/// <param name="areShort">True: the turns of its actors are short, and may run on any thread that asks for them, also one that reads from a
/// peer. False: they run on threads of the pool.</param>
internal sealed class TurnExecutor(string id, bool areShort) : ExecutorService(id)
{
    /// <inheritdoc/>
    public override void Execute(IRunnable run) => TurnSeries.Add(run, areShort);

    /// <inheritdoc/>
    public override void Shutdown()
    {
    }
}

/// <summary>The turns that a thread has caused and will run. Short ones go first: a long one holds none up.</summary>
internal sealed class TurnSeries
{
    /// <summary>So many turns a thread runs before it goes back to its own work; the pool does the rest.</summary>
    public const int Longest = 64;

    // What one thread of the pool is woken for; with more than that to do, more threads are worth their waking.
    private const int TurnsOfWorkItem = 8;

    [ThreadStatic]
    private static TurnSeries? _ofThisThread;

    private readonly bool _isOfPool = Thread.CurrentThread.IsThreadPoolThread;
    private readonly Queue<IRunnable> _short = [];
    private readonly Queue<IRunnable> _others = [];
    private bool _isOpen;

    /// <summary>Does something on this thread, and then runs the turns that follow from it.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="with">Its argument.</param>
    /// <returns>What it returns.</returns>
    public static TResult Run<T, TResult>(Func<T, TResult> work, T with)
    {
        ArgumentNullException.ThrowIfNull(work);
        var series = _ofThisThread ??= new TurnSeries();
        if (series._isOpen)
            return work(with); // a part of what this thread does already

        series._isOpen = true;
        try
        {
            var result = work(with);
            for (var turns = 0; turns < Longest && series.TryTake(out var turn); turns++)
                turn.Run();
            return result;
        }
        finally
        {
            series._isOpen = false;
            series.HandOver();
        }
    }

    /// <summary>As the other one, for work without a result.</summary>
    public static void Run<T>(Action<T> work, T with) =>
        Run(static call => { call.work(call.with); return true; }, (work, with));

    /// <summary>Takes a turn: it runs on this thread later on, or on one of the pool.</summary>
    public static void Add(IRunnable turn, bool isShort)
    {
        if (_ofThisThread is { _isOpen: true } series)
            series.Enqueue(turn, isShort);
        else
            ThreadPool.UnsafeQueueUserWorkItem(new WorkItem([turn], isShort), preferLocal: false);
    }

    private void Enqueue(IRunnable turn, bool isShort) => (isShort ? _short : _others).Enqueue(turn);

    private bool TryTake([NotNullWhen(true)] out IRunnable? turn) =>
        _short.TryDequeue(out turn) || (_isOfPool && _others.TryDequeue(out turn));

    private void HandOver()
    {
        while (_short.TryDequeue(out var turn))
            ThreadPool.UnsafeQueueUserWorkItem(new WorkItem([turn], areShort: true), preferLocal: false);
        while (_others.Count > 0)
        {
            var turns = new IRunnable[Math.Min(TurnsOfWorkItem, _others.Count)];
            for (var i = 0; i < turns.Length; i++)
                turns[i] = _others.Dequeue();
            ThreadPool.UnsafeQueueUserWorkItem(new WorkItem(turns, areShort: false), preferLocal: false);
        }
    }

    private sealed class WorkItem(IRunnable[] turns, bool areShort) : IThreadPoolWorkItem
    {
        public void Execute() => Run(static item => item.Begin(), this);

        private void Begin()
        {
            foreach (var turn in turns)
                Add(turn, areShort);
        }
    }
}

/// <summary>What the setting <c>executor</c> of a dispatcher names, for actors whose turns are short.</summary>
internal sealed class ShortTurns(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new TurnExecutor(id, areShort: true);
}

/// <summary>What the setting <c>executor</c> of a dispatcher names, for all other actors.</summary>
internal sealed class PoolTurns(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new TurnExecutor(id, areShort: false);
}
