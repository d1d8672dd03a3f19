// File descriptors that are held back for the journal and the checkpoints. Clients' connections come from the same pool. When the pool is
// empty and a segment is full, the journal must still open the next one: it gives up one of these descriptors and takes its place at once.
using System.Runtime.InteropServices;

namespace HotStandby.Actors.Journal;

/// <summary>A reserve of open descriptors. Thread-safe.</summary>
/// <param name="size">How many.</param>
/// <param name="take">Opens one to hold; null or an <see cref="IOException"/>: none is free now.</param>
public sealed class DescriptorReserve(int size, Func<SafeHandle?> take)
{
    /// <summary>How many a process holds back: several, since another thread may be quicker to take a place that was given up.</summary>
    public const int Size = 16;

    private const int TableFull = 23, ProcessFull = 24; // ENFILE, EMFILE

    private readonly Lock _lock = new();
    private readonly Stack<SafeHandle> _held = new(size);

    /// <summary>How many are held now.</summary>
    public int Held
    {
        get
        {
            lock (_lock)
                return _held.Count;
        }
    }

    /// <summary>Opens something, with one of the reserve when there is no other descriptor.</summary>
    /// <exception cref="IOException">It cannot be opened, or the reserve is used up as well.</exception>
    public T Open<T>(Func<T> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        FillUp();
        while (true)
        {
            try
            {
                return open();
            }
            catch (IOException error) when (error.HResult is TableFull or ProcessFull && GiveUpOne())
            {
                // There is room for one now.
            }
        }
    }

    /// <summary>Takes back what was given up, as far as there is room; at once after a descriptor has become free.</summary>
    public void FillUp()
    {
        lock (_lock)
        {
            while (_held.Count < size)
            {
                try
                {
                    if (take() is not { } one)
                        return;
                    _held.Push(one);
                }
                catch (IOException)
                {
                    return; // the next time
                }
            }
        }
    }

    private bool GiveUpOne()
    {
        lock (_lock)
        {
            if (!_held.TryPop(out var one))
                return false;
            one.Dispose();
            return true;
        }
    }
}
