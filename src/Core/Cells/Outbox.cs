// What a cell wants to happen, in order. Its carrier, an actor or the simulation, empties it after each message.
using System.Runtime.InteropServices;
using HotStandby.Messages.Calls;

namespace HotStandby.Core.Cells;

/// <summary>One thing that a cell wants.</summary>
/// <param name="To">Where it goes.</param>
/// <param name="Message">What.</param>
/// <param name="From">Who gets the answer; none: the cell itself.</param>
public readonly record struct Letter(CellAddress To, object Message, CellAddress From = default);

/// <summary>The outbox of one cell. Reused: nothing is allocated for a letter.</summary>
public sealed class Outbox
{
    private static readonly CellAddress Timers = new(CellKind.Timers);
    private static readonly CellAddress Operators = new(CellKind.Operators);

    private readonly List<Letter> _letters = [];

    /// <summary>What lies in it. Not valid any more when something is put in.</summary>
    public ReadOnlySpan<Letter> Letters => CollectionsMarshal.AsSpan(_letters);

    /// <summary>Sends a message.</summary>
    public void Send(in CellAddress to, object message) => _letters.Add(new Letter(to, message));

    /// <summary>Sends a message whose answer goes straight to <paramref name="asker"/>.</summary>
    public void Forward(in CellAddress to, object message, in CellAddress asker) => _letters.Add(new Letter(to, message, asker));

    /// <summary>Some items of a call are settled, when everything before this has been sent.</summary>
    public void Settle(MasterCall call, int items) => _letters.Add(new Letter(new CellAddress(CellKind.Caller, items), call));

    /// <summary>
    /// From now on the cell gets <paramref name="message"/> at each interval, until the timer is stopped or started again.
    /// </summary>
    public void Repeat(object message, TimeSpan every) => _letters.Add(new Letter(Timers, new StartTimer(message, every, IsOnce: false)));

    /// <summary>
    /// The cell gets <paramref name="message"/> once, after a while, unless the timer is stopped or started again before.
    /// </summary>
    public void Later(object message, TimeSpan after) => _letters.Add(new Letter(Timers, new StartTimer(message, after, IsOnce: true)));

    /// <summary>No more of these.</summary>
    /// <param name="message">A message of the type that the timer sends.</param>
    public void StopTimer(object message) => _letters.Add(new Letter(Timers, new StopTimer(message)));

    /// <summary>Something that operators want to know.</summary>
    public void Report(Fact fact) => _letters.Add(new Letter(Operators, fact));

    /// <summary>Everything has been carried out.</summary>
    public void Clear() => _letters.Clear();
}

/// <summary>To the carrier: send the cell this. A cell has one timer for each type of message.</summary>
public sealed record StartTimer(object Message, TimeSpan After, bool IsOnce) : ICellMessage;

/// <summary>To the carrier: the timer of this type of message is stopped, and a message of it that is on its way is dropped.</summary>
public sealed record StopTimer(object Message) : ICellMessage;

/// <summary>Something that operators want to know: a line of the log, a metric, or both. Nothing decides on it.</summary>
public abstract record Fact : ICellMessage;
