// A cell is the whole mind of one actor: it takes a message and the time, and puts what follows into an outbox. It knows no actor, no
// clock, no log and no task, so the simulation runs the same cells as a node does, one delivery after the other, in any order that a node
// could see.
namespace HotStandby.Core.Cells;

/// <summary>The mind of one actor. One thread at a time.</summary>
public interface ICell
{
    /// <summary>Takes a message; what follows lies in the cell's <see cref="Outbox"/> when it returns.</summary>
    /// <param name="message">What came.</param>
    /// <param name="from">Where an answer goes.</param>
    /// <param name="now">When.</param>
    /// <returns>False: the cell does not know such a message.</returns>
    bool Receive(object message, CellAddress from, Moment now);

    /// <summary>The actor stops, because the node does: calls that wait are refused, pooled memory is given back.</summary>
    void Stop();
}

/// <summary>A message between cells of one node. It never leaves the process, so it may carry buffers and calls.</summary>
public interface ICellMessage;

/// <summary>
/// From the carrier, once and before everything else: the cell may send letters and start timers from now on. A cell with nothing to begin
/// does not know it.
/// </summary>
public sealed record Begin : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly Begin Instance = new();
}

/// <summary>A point in time, on two clocks.</summary>
/// <param name="Ticks">Monotonic, of 100 ns, since an arbitrary moment: what decisions rest on.</param>
/// <param name="WallMilliseconds">Since 1970, UTC: for people. Nothing decides on it.</param>
public readonly record struct Moment(long Ticks, long WallMilliseconds);
