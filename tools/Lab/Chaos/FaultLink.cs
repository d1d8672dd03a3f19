// One direction between two processes, as the proxies see it: open or cut, and how long bytes take. Faults change it, the streams of the
// proxies obey. Nothing is lost on a cut link: like TCP, it delivers late what was sent meanwhile.
namespace HotStandby.Lab.Chaos;

/// <summary>The condition of one direction. Safe for use by many threads.</summary>
internal sealed class FaultLink
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _open = Opened();
    private int _cuts;
    private (TimeSpan Least, TimeSpan Most) _delay;

    /// <summary>Nothing passes while this holds.</summary>
    public bool IsCut => Volatile.Read(ref _cuts) > 0;

    /// <summary>Cuts the direction until the result is disposed; cuts may overlap.</summary>
    public IDisposable Cut()
    {
        lock (_lock)
        {
            if (_cuts++ == 0)
                _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        return new Undo(Mend);
    }

    /// <summary>Makes everything take so long until the result is disposed; of two at once the later one counts.</summary>
    /// <param name="least">Of any bytes.</param>
    /// <param name="most">Of any bytes; what lies between is drawn for each piece. The order stays.</param>
    public IDisposable Delay(TimeSpan least, TimeSpan most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, least);
        lock (_lock)
            _delay = (least, most);
        return new Undo(() =>
        {
            lock (_lock)
                _delay = default;
        });
    }

    /// <summary>When bytes that are sent now may arrive, between 0 and the longest delay from now.</summary>
    /// <param name="random">0 to 1: where in the range.</param>
    public TimeSpan DelayOf(double random)
    {
        lock (_lock)
            return _delay.Least + ((_delay.Most - _delay.Least) * random);
    }

    /// <summary>Waits until the direction is open.</summary>
    public async Task WaitUntilOpenAsync(CancellationToken stop)
    {
        while (true)
        {
            Task open;
            lock (_lock)
                open = _open.Task;
            await open.WaitAsync(stop).ConfigureAwait(false);
            if (!IsCut)
                return;
        }
    }

    private void Mend()
    {
        lock (_lock)
        {
            if (--_cuts == 0)
                _open.SetResult();
        }
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open.SetResult();
        return open;
    }
}

/// <summary>Takes a fault back, once.</summary>
internal sealed class Undo(Action action) : IDisposable
{
    private Action? _action = action;

    /// <summary>Several in one.</summary>
    public static Undo All(IReadOnlyList<IDisposable> parts) => new(() =>
    {
        foreach (var part in parts)
            part.Dispose();
    });

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _action, null)?.Invoke();
}
