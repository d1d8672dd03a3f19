// Carries a cell: takes a message from the mailbox, lets the cell think, and does what lies in its outbox. Every shard, the segment table,
// the evictor and so on are actors of this one class.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Cells;
using HotStandby.Messages.Calls;
using ICell = HotStandby.Core.Cells.ICell;

namespace HotStandby.Actors.Cells;

/// <summary>The actor of one cell.</summary>
internal class CellActor : UntypedActor, IWithTimers
{
    private readonly Outbox _outbox = new();
    private readonly IRoutes _routes;
    private readonly TimeProvider _time;
    private readonly FactLog _facts;

    /// <summary>Use <see cref="Props"/>.</summary>
    public CellActor(Func<Outbox, ICell> newCell, IRoutes routes, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(newCell);
        (Cell, _routes, _time) = (newCell(_outbox), routes, time);
        _facts = new FactLog(new BusLogging(
            // the line names the cell
            Context.System.EventStream, Self.Path.ToString(), Cell.GetType(), Context.System.Settings.LogFormatter));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>The cell.</summary>
    protected ICell Cell { get; }

    /// <summary>How to start one.</summary>
    /// <param name="newCell">Makes the cell, with the outbox that it is to use.</param>
    /// <param name="routes">Where its letters go.</param>
    /// <param name="time">The clocks.</param>
    public static Props Props(Func<Outbox, ICell> newCell, IRoutes routes, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new CellActor(newCell, routes, time));

    private Moment Now => new(_time.NowTicks(), _time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Cell.Receive(Begin.Instance, CellAddress.None, Now);
        CarryOut();
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        try
        {
            if (!Cell.Receive(message, CellAddress.Asker(Sender), Now))
                Unhandled(message);
        }
        catch
        {
            _outbox.Clear(); // a cell that has failed has decided nothing
            throw;
        }

        CarryOut();
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        Cell.Stop();
        CarryOut();
    }

    /// <summary>Sends a letter to another cell; a carrier that knows more places than the node's routes looks at those first.</summary>
    protected virtual void Send(in CellAddress to, object message, IActorRef from) => _routes.Send(to, message, from);

    private void CarryOut()
    {
        foreach (ref readonly var letter in _outbox.Letters)
        {
            switch (letter.To.Kind)
            {
                case CellKind.Asker:
                    ((IActorRef)letter.To.Who!).Tell(letter.Message, Self);
                    break;
                case CellKind.Caller:
                    ((MasterCall)letter.Message).Settle(letter.To.Number);
                    break;
                case CellKind.Self:
                    Self.Tell(letter.Message, Self);
                    break;
                case CellKind.Operators:
                    _facts.Write((Fact)letter.Message);
                    break;
                case CellKind.Timers:
                    Set(letter.Message);
                    break;
                default:
                    Send(letter.To, letter.Message, letter.From.Who as IActorRef ?? Self);
                    break;
            }
        }

        _outbox.Clear();
    }

    private void Set(object timer)
    {
        switch (timer)
        {
            case StartTimer { IsOnce: false } start:
                Timers.StartPeriodicTimer(start.Message.GetType(), start.Message, start.After);
                break;
            case StartTimer start:
                Timers.StartSingleTimer(start.Message.GetType(), start.Message, start.After);
                break;
            case StopTimer stop:
                Timers.Cancel(stop.Message.GetType());
                break;
            default:
                throw new InvalidOperationException($"no such timer: {timer}");
        }
    }
}
