using HotStandby.Core.Cells;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors;

/// <summary>What was put into an outbox, sorted by where it goes.</summary>
internal sealed class LetterBox(Outbox outbox)
{
    private readonly Dictionary<CellAddress, Queue<object>> _sent = [];

    /// <summary>What goes to a partition.</summary>
    public Slot ToPartition(ushort number) => new(this, CellAddress.Of(new Partition(number)));

    /// <summary>What goes to a place.</summary>
    public Slot To(CellAddress place) => new(this, place);

    private Queue<object> Of(CellAddress place)
    {
        foreach (ref readonly var letter in outbox.Letters)
            Known(letter.To).Enqueue(letter.Message);
        outbox.Clear();
        return Known(place);
    }

    private Queue<object> Known(CellAddress place) => _sent.TryGetValue(place, out var known) ? known : _sent[place] = [];

    /// <summary>One place's part of it.</summary>
    internal sealed class Slot(LetterBox box, CellAddress place)
    {
        public T Next<T>() => Assert.IsType<T>(box.Of(place).Dequeue());

        public void MustBeEmpty() => Assert.Empty(box.Of(place));
    }
}
