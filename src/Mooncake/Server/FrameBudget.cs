// How much memory the large frames of all connections may hold together. Shared by the doors of a node: a connection reserves a
// frame's length before it reads the body, and gives it back when the answer is written. First come, first served.

namespace HotStandby.Mooncake.Server;

/// <summary>Bytes that may be reserved at once. Thread-safe.</summary>
/// <param name="bytes">All of them; at least 1.</param>
public sealed class FrameBudget(long bytes)
{
    /// <summary>What a node has unless told otherwise: 256 MiB.</summary>
    public const long DefaultBytes = 256L << 20;

    private readonly LinkedList<Waiter> _waiting = [];
    private readonly Lock _lock = new();
    private long _free = bytes >= 1 ? bytes : throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "at least 1");

    /// <summary>All bytes, reserved or not.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>Bytes that are reserved now.</summary>
    public long ReservedBytes
    {
        get
        {
            lock (_lock)
                return Bytes - _free;
        }
    }

    /// <summary>Connections that wait for bytes now.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Reserves; waits while others hold too much, or asked before and wait themselves.</summary>
    /// <param name="count">0 to <see cref="Bytes"/>.</param>
    /// <param name="stop">Ends the waiting.</param>
    /// <exception cref="ArgumentOutOfRangeException">More than there are.</exception>
    /// <exception cref="OperationCanceledException">Stopped; nothing is reserved.</exception>
    public async ValueTask ReserveAsync(long count, CancellationToken stop)
    {
        if (count < 0 || count > Bytes)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"0 to {Bytes}");
        Waiter waiter;
        lock (_lock)
        {
            if (_waiting.Count == 0 && count <= _free)
            {
                _free -= count;
                return;
            }

            waiter = new Waiter(count);
            _waiting.AddLast(waiter);
        }

        await using var stopping = stop.UnsafeRegister(_ => GiveUp(waiter, stop), null);
        await waiter.Granted.Task;
    }

    /// <summary>Gives back what was reserved.</summary>
    public void Release(long count)
    {
        if (count == 0)
            return;
        lock (_lock)
        {
            _free += count;
            Grant();
        }
    }

    private void GiveUp(Waiter waiter, CancellationToken stop)
    {
        lock (_lock)
        {
            if (!_waiting.Remove(waiter))
                return; // granted just before
            Grant(); // a smaller one may have stood behind it
        }

        waiter.Granted.TrySetCanceled(stop);
    }

    private void Grant()
    {
        while (_waiting.First is { Value: var next } && next.Bytes <= _free)
        {
            _free -= next.Bytes;
            _waiting.RemoveFirst();
            next.Granted.TrySetResult(); // goes on elsewhere, not under the lock
        }
    }

    private sealed class Waiter(long bytes)
    {
        public long Bytes { get; } = bytes;

        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
