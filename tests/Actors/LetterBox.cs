using HotStandby.Core.Cells;
using HotStandby.Messages.Calls;
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
        CarryOut();
        return Known(place);
    }

    /// <summary>Everything is sent, in order; calls are settled in their turn.</summary>
    public void CarryOut()
    {
        var letters = outbox.Letters.ToArray();
        outbox.Clear();
        foreach (var letter in letters)
        {
            if (letter.To.Kind == CellKind.Caller)
                ((MasterCall)letter.Message).Settle(letter.To.Number);
            else
                Known(letter.To).Enqueue(letter.Message);
        }
    }

    private Queue<object> Known(CellAddress place) => _sent.TryGetValue(place, out var known) ? known : _sent[place] = [];

    /// <summary>One place's part of it.</summary>
    internal sealed class Slot(LetterBox box, CellAddress place)
    {
        public T Next<T>() => Assert.IsType<T>(box.Of(place).Dequeue());

        public bool HasMessages => box.Of(place).Count > 0;

        public int TakeAll<T>(int count)
        {
            for (var i = 0; i < count; i++)
                Next<T>();
            return count;
        }

        public void MustBeEmpty() => Assert.Empty(box.Of(place));
    }
}
