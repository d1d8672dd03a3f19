// May this node answer clients right now? Written by the replica actor alone, read by every connection thread without a lock.
using HotStandby.Messages.Calls;

namespace HotStandby.Actors.Gateway;

/// <summary>The Primary's right to serve, as the door sees it: a reign and the end of its lease on the monotonic clock.</summary>
public sealed class ServingState(TimeProvider time)
{
    // Serving means: now is before the deadline. Closed is a deadline that has always passed.
    private const long Closed = long.MinValue;

    private long _deadlineTicks = Closed;
    private ulong _epoch;
    private volatile bool _accepting;
    private volatile bool _hasServed;
    private bool _serves; // as far as the client ports have been told

    /// <summary>The node has stopped taking calls: see <see cref="IMasterGateway.ServiceEnded"/>.</summary>
    public event Action? Ended;

    /// <summary>What this node tells clients of who serves. A view of its own goes before <see cref="Ended"/> is heard.</summary>
    public MasterViews Views { get; } = new(time);

    /// <summary>True while the node leads and its lease holds.</summary>
    public bool MayServe => time.NowTicks() < Volatile.Read(ref _deadlineTicks);

    /// <summary>True while new calls are taken; a Primary that hands over still answers those it has.</summary>
    public bool Accepts => _accepting && MayServe;

    /// <summary>Whether new calls are taken, and whether they ever were.</summary>
    public ServiceState Service => Accepts ? ServiceState.Serving : _hasServed ? ServiceState.Ended : ServiceState.NotYet;

    /// <summary>The reign; 0 while closed.</summary>
    public ulong Epoch => Volatile.Read(ref _epoch);

    /// <summary>A reign begins to serve. It does so from the first <see cref="ExtendLease"/> on.</summary>
    /// <param name="epoch">The reign; above 0.</param>
    public void Open(ulong epoch)
    {
        ArgumentOutOfRangeException.ThrowIfZero(epoch);
        Volatile.Write(ref _deadlineTicks, Closed);
        Volatile.Write(ref _epoch, epoch);
        End(); // in case an earlier reign was not closed
        _accepting = true;
    }

    /// <summary>A hand-over begins: no new calls.</summary>
    public void StopAccepting()
    {
        _accepting = false;
        End();
    }

    /// <summary>
    /// The lease holds until then. An earlier deadline than the present one, or one that comes after <see cref="Close"/>, changes nothing.
    /// Called at every turn of the replica, so a lease that has run out is noticed here, whether or not it is extended.
    /// </summary>
    /// <param name="deadlineTicks">On <see cref="MonotonicClock"/>, ticks of 100 ns.</param>
    public void ExtendLease(long deadlineTicks)
    {
        if (_serves && !MayServe)
            End();
        if (_epoch == 0 || deadlineTicks <= _deadlineTicks)
            return;
        Volatile.Write(ref _deadlineTicks, deadlineTicks);
        if (Accepts)
            _serves = _hasServed = true;
    }

    /// <summary>The node serves no more, from this moment on.</summary>
    public void Close()
    {
        Volatile.Write(ref _deadlineTicks, Closed);
        Volatile.Write(ref _epoch, 0);
        End();
    }

    private void End()
    {
        if (!_serves)
            return;
        _serves = false;
        Views.Withdraw();
        Ended?.Invoke();
    }
}
