// How many connections a port may have, and which of them gives way to a newcomer when all places are taken: the one that has been idle for
// the longest time. Each port decides what counts as idle. So unused connections lock no client out. Thread-safe.
namespace HotStandby.Messages.Network;

/// <summary>The places of one port.</summary>
/// <param name="most">How many; 1 or more.</param>
/// <param name="full">Called for every connection that finds no place, and for none that gives way.</param>
public sealed class ConnectionSlots(int most, Action<int> full)
{
    /// <summary>How many places there are.</summary>
    public int Most => most;

    private readonly Lock _lock = new();
    private readonly LinkedList<Slot> _idle = new(); // the longest idle first
    private int _taken;

    /// <summary>Takes a place, idle at first. Null when there is none: the connection must be closed.</summary>
    /// <param name="abort">Ends the connection, when it must give way.</param>
    public Slot? Enter(Action abort)
    {
        Slot? leaving = null;
        Slot? entered = null;
        lock (_lock)
        {
            if (_taken >= most && (leaving = _idle.First?.Value) is not null)
                Free(leaving);
            if (_taken < most)
            {
                entered = new Slot(this, abort);
                _taken++;
                _idle.AddLast(entered.Place);
            }
        }

        leaving?.Abort();
        if (entered is null)
            full(most);
        return entered;
    }

    private void Begin(Slot slot)
    {
        lock (_lock)
        {
            if (slot.Running++ == 0 && slot.Place.List is not null)
                _idle.Remove(slot.Place);
        }
    }

    private void End(Slot slot)
    {
        lock (_lock)
        {
            if (--slot.Running == 0 && slot.IsTaken)
                _idle.AddLast(slot.Place);
        }
    }

    private void Leave(Slot slot)
    {
        lock (_lock)
            Free(slot);
    }

    private void Free(Slot slot)
    {
        if (!slot.IsTaken)
            return;
        slot.IsTaken = false;
        _taken--;
        if (slot.Place.List is not null)
            _idle.Remove(slot.Place);
    }

    /// <summary>The place of one connection.</summary>
    public sealed class Slot : IDisposable
    {
        private readonly ConnectionSlots _slots;
        private readonly Action _abort;

        internal Slot(ConnectionSlots slots, Action abort)
        {
            (_slots, _abort) = (slots, abort);
            Place = new LinkedListNode<Slot>(this);
        }

        internal LinkedListNode<Slot> Place { get; }

        internal int Running { get; set; }

        internal bool IsTaken { get; set; } = true;

        /// <summary>The connection is in use, and does not give way, until <see cref="End"/> was called as often.</summary>
        public void Begin() => _slots.Begin(this);

        /// <summary>A use of the connection is over.</summary>
        public void End() => _slots.End(this);

        /// <summary>The connection is closed.</summary>
        public void Dispose() => _slots.Leave(this);

        internal void Abort() => _abort();
    }
}
