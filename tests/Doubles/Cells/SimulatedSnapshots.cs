// A node's snapshot store, modelled: images by partition and seq. A write is there, or it is not; a save under the number of another image
// replaces it.
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Doubles;

/// <summary>One modelled store.</summary>
public sealed class SimulatedSnapshots
{
    private readonly SortedDictionary<(ushort Partition, ulong Sequence), (ulong Epoch, byte[] Bytes)> _images = [];

    /// <summary>Does what is asked, and answers.</summary>
    public object Answer(object question, PlantedBug bug)
    {
        switch (question)
        {
            case StoreImage store:
                var key = (store.Partition.Value, store.Sequence);
                if (bug != PlantedBug.KeepImageOfEqualSeq || !_images.ContainsKey(key))
                    _images[key] = (store.Epoch, store.Bytes.ToArray());
                return new ImageStored(store.Partition, store.Sequence, null);
            case FindImage find:
                foreach (var (place, image) in _images.Reverse())
                    if (place.Partition == find.Partition.Value && place.Sequence >= find.From && place.Sequence <= find.UpTo)
                        return new ImageFound(
                            find.StateNumber, find.Partition, new FoundImage(place.Sequence, place.Sequence, image.Epoch, image.Bytes));
                return new ImageFound(find.StateNumber, find.Partition, null);
            case DropImages drop:
                foreach (var place in _images.Keys.Where(place =>
                    place.Partition == drop.Partition.Value && place.Sequence >= drop.From && place.Sequence <= drop.UpTo).ToArray())
                    _images.Remove(place);
                return new ImagesDropped(drop.StateNumber, drop.Partition, null);
            default:
                throw new InvalidOperationException($"the snapshot store knows no {question.GetType().Name}");
        }
    }

    /// <summary>One image of a partition gets another byte, or all of them do.</summary>
    public void Spoil(SeededRandom random)
    {
        if (_images.Count == 0)
            return;
        var (partition, _) = random.Pick<(ushort Partition, ulong Sequence)>([.. _images.Keys]);
        var places = _images.Keys.Where(place => place.Partition == partition).ToArray();
        foreach (var place in random.Chance(0.5) ? places : places[^1..])
        {
            var (epoch, bytes) = _images[place];
            var spoilt = (byte[])bytes.Clone();
            spoilt[random.Below(spoilt.Length)] ^= 0x10;
            _images[place] = (epoch, spoilt);
        }
    }
}
