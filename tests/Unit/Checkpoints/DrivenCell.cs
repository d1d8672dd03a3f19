// A cell in the hands of a test: a message goes in, letters come out.
using HotStandby.Core.Cells;

namespace HotStandby.Tests.Unit.Checkpoints;

/// <summary>Carries one cell. Time stands still until the test moves it.</summary>
internal sealed class DrivenCell
{
    /// <summary>Where every message comes from.</summary>
    public static readonly CellAddress Asker = CellAddress.Asker("the test");

    private readonly Outbox _outbox = new();
    private readonly List<Letter> _delivered = [];
    private readonly ICell _cell;
    private long _nowTicks = 1000;

    public DrivenCell(Func<Outbox, ICell> newCell) => _cell = newCell(_outbox);

    /// <summary>The message of the cell's timer that runs; null: none does.</summary>
    public object? Timer { get; private set; }

    /// <summary>The cell takes a message, and knows it.</summary>
    /// <returns>What it wants.</returns>
    public Letter[] Take(object message)
    {
        Assert.True(_cell.Receive(message, Asker, new Moment(_nowTicks, 0)));
        return Letters();
    }

    /// <summary>As <see cref="Take"/>; what it wants is delivered, for <see cref="Expect"/>.</summary>
    public void Tell(object message) => _delivered.AddRange(Take(message));

    /// <summary>The cell stops.</summary>
    /// <returns>What it wants.</returns>
    public Letter[] Stop()
    {
        _cell.Stop();
        return Letters();
    }

    /// <summary>Time passes; the timer fires at its end.</summary>
    public void Pass(TimeSpan time)
    {
        _nowTicks += time.Ticks;
        if (Timer is { } message)
            Tell(message);
    }

    /// <summary>The next message that was delivered to this address is of this type.</summary>
    public T Expect<T>(CellAddress at)
    {
        var next = _delivered.FindIndex(letter => letter.To == at);
        Assert.True(next >= 0, $"no {typeof(T).Name} for {at}");
        var message = Assert.IsType<T>(_delivered[next].Message);
        _delivered.RemoveAt(next);
        return message;
    }

    /// <summary>Nothing more was delivered to this address.</summary>
    public void ExpectNothing(CellAddress at) => Assert.DoesNotContain(_delivered, letter => letter.To == at);

    /// <summary>Messages of this type that were delivered are not looked at.</summary>
    public void Ignore<T>() => _delivered.RemoveAll(letter => letter.Message is T);

    private Letter[] Letters()
    {
        var letters = _outbox.Letters.ToArray();
        _outbox.Clear();
        foreach (var letter in letters)
            Timer = letter.Message switch { StartTimer start => start.Message, StopTimer => null, _ => Timer };
        return letters;
    }
}
