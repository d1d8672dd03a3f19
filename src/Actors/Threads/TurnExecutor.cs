// Lets an actor's turn run on the thread that sent it the message. A hand-over to another thread costs more than most turns do: the thread
// must be woken, and the data moves to another processor's cache. A turn never runs inside of another: what a turn sends waits until that
// turn has ended. So the stack stays flat, and an actor still has one thread at a time.
using System.Diagnostics.CodeAnalysis;
using Akka.Configuration;
using Akka.Dispatch;

namespace HotStandby.Actors.Threads;

/// <summary>Runs turns where they were caused.</summary>
/// <param name="id">Of the dispatcher.</param>
/// <param name="areShort">True: the turns of its actors are short, and may run on any thread, also one that reads from a peer. False: they
/// run on threads of the pool, to which other threads hand them over.</param>
internal sealed class TurnExecutor(string id, bool areShort) : ExecutorService(id)
{
    /// <inheritdoc/>
    public override void Execute(IRunnable run) => TurnSeries.OfThisThread.Add(run, areShort);

    /// <inheritdoc/>
    public override void Shutdown()
    {
    }
}

/// <summary>The turns that wait for the end of the one that a thread is in. Short ones go first: a long one holds none up.</summary>
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
    private bool _isRunning;

    /// <summary>One a thread.</summary>
    public static TurnSeries OfThisThread => _ofThisThread ??= new TurnSeries();

    /// <summary>Runs a turn: now, when the one that this thread is in has ended, or on a thread of the pool.</summary>
    public void Add(IRunnable turn, bool isShort)
    {
        (isShort ? _short : _others).Enqueue(turn);
        if (!_isRunning)
            Run();
    }

    private void Run()
    {
        _isRunning = true;
        try
        {
            for (var turns = 0; turns < Longest && TryTake(out var turn); turns++)
                turn.Run();
        }
        finally
        {
            _isRunning = false;
            HandOver();
        }
    }

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
        public void Execute()
        {
            var series = OfThisThread;
            foreach (var turn in turns)
                (areShort ? series._short : series._others).Enqueue(turn);
            series.Run();
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
