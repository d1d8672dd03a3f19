// A cell in the hands of a test: a message goes in, letters come out.
using HotStandby.Core.Cells;

namespace HotStandby.Tests.Unit.Checkpoints;

/// <summary>Carries one cell. Time stands still until the test moves it.</summary>
internal sealed class DrivenCell
{
    /// <summary>Where every message comes from.</summary>
    public static readonly CellAddress Asker = CellAddress.Asker("the test");

    private readonly Outbox _outbox = new();
    private readonly ICell _cell;

    public DrivenCell(Func<Outbox, ICell> newCell) => _cell = newCell(_outbox);

    public long NowTicks { get; set; } = 1000;

    /// <summary>The cell takes a message that it knows; what follows.</summary>
    public Letter[] Take(ICellMessage message) => TakeAny(message);

    /// <summary>As <see cref="Take"/>, for what came from another node.</summary>
    public Letter[] TakeAny(object message)
    {
        Assert.True(_cell.Receive(message, Asker, new Moment(NowTicks, 0)));
        return Letters();
    }

    public Letter[] Stop()
    {
        _cell.Stop();
        return Letters();
    }

    private Letter[] Letters()
    {
        var letters = _outbox.Letters.ToArray();
        _outbox.Clear();
        return letters;
    }
}
