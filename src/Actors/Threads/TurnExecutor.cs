// Lets an actor's turn run on the thread that sent it the message. A hand-over to another thread costs more than most turns do: the thread
// must be woken, and the data moves to another processor's cache. A turn never runs inside of another: what a turn sends waits until that
// turn has ended. So the stack stays flat, and an actor still has one thread at a time.
using Akka.Configuration;
using Akka.Dispatch;

namespace HotStandby.Actors.Threads;

/// <summary>Runs turns where they were caused.</summary>
/// <param name="id">Of the dispatcher.</param>
/// <param name="anywhere">True: on any thread, also one that reads from a peer; for actors whose turns are short. False: only on threads
/// of the pool, to which other threads hand them over.</param>
internal sealed class TurnExecutor(string id, bool anywhere) : ExecutorService(id)
{
    /// <inheritdoc/>
    public override void Execute(IRunnable run) => TurnSeries.OfThisThread.Add(run, anywhere || Thread.CurrentThread.IsThreadPoolThread);

    /// <inheritdoc/>
    public override void Shutdown()
    {
    }
}

/// <summary>The turns that wait for the end of the one that a thread is in.</summary>
internal sealed class TurnSeries
{
    /// <summary>So many turns a thread runs before it goes back to its own work; the pool does the rest.</summary>
    public const int Longest = 64;

    // What one thread of the pool is woken for; with more than that to do, more threads are worth their waking.
    private const int TurnsOfWorkItem = 8;

    [ThreadStatic]
    private static TurnSeries? _ofThisThread;

    private readonly Queue<IRunnable> _here = [];
    private readonly List<IRunnable> _elsewhere = [];
    private bool _isRunning;

    /// <summary>One a thread.</summary>
    public static TurnSeries OfThisThread => _ofThisThread ??= new TurnSeries();

    /// <summary>Runs a turn, now or when the one that this thread is in has ended.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="here">False: a thread of the pool runs it.</param>
    public void Add(IRunnable turn, bool here)
    {
        if (here)
            _here.Enqueue(turn);
        else
            _elsewhere.Add(turn);
        if (!_isRunning)
            Run();
    }

    private void Run()
    {
        _isRunning = true;
        try
        {
            for (var turns = 0; turns < Longest && _here.TryDequeue(out var turn); turns++)
                turn.Run();
        }
        finally
        {
            _isRunning = false;
            while (_here.TryDequeue(out var left))
                _elsewhere.Add(left);
            HandOver();
        }
    }

    private void HandOver()
    {
        if (_elsewhere.Count == 0)
            return;
        for (var from = 0; from < _elsewhere.Count; from += TurnsOfWorkItem)
        {
            IRunnable[] turns = [.. _elsewhere[from..Math.Min(from + TurnsOfWorkItem, _elsewhere.Count)]];
            ThreadPool.UnsafeQueueUserWorkItem(new WorkItem(turns), preferLocal: false);
        }

        _elsewhere.Clear();
    }

    private sealed class WorkItem(IRunnable[] turns) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            var series = OfThisThread;
            foreach (var turn in turns)
                series._here.Enqueue(turn);
            series.Run();
        }
    }
}

/// <summary>What the setting <c>executor</c> of a dispatcher names, for actors whose turns are short.</summary>
internal sealed class ShortTurns(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new TurnExecutor(id, anywhere: true);
}

/// <summary>What the setting <c>executor</c> of a dispatcher names, for all other actors.</summary>
internal sealed class PoolTurns(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new TurnExecutor(id, anywhere: false);
}
