// The checkpoints on one node's disk, one image for all partitions: what is saved, deleted and restored by the product's own rules. An
// image's content is a hash over everything that was committed up to its seq, so that the observer knows a wrong one.
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>One node's snapshot store, and what its process knows of it.</summary>
/// <param name="bug">A planted mistake.</param>
public sealed class SimulatedImages(PlantedBug bug)
{
    private readonly SortedDictionary<ulong, ImageStamp> _files = [];
    private readonly KeptImages _kept = new();

    /// <summary>Seq of an image that was spoilt; 0: none is.</summary>
    public ulong Spoilt { get; private set; }

    /// <summary>The node's own state, in a round.</summary>
    public void Save(ImageStamp image)
    {
        if (_kept.Judge(image) != SaveVerdict.Write)
            return;
        _files[image.Sequence] = image;
        var oldest = _kept.Saved(image);
        Delete(file => file < oldest);
    }

    /// <summary>A full sync has brought this one: the image that the partitions are given.</summary>
    /// <param name="image">What was brought.</param>
    /// <param name="log">This node's log, once it goes on behind the image.</param>
    /// <param name="imagesUpTo">Seq of the newest image that a sync has brought.</param>
    public ImageStamp Install(ImageStamp image, ReadOnlySpan<EpochEnd> log, ulong imagesUpTo)
    {
        if (bug == PlantedBug.KeepImageOfEqualSeq)
            _files.TryAdd(image.Sequence, image);
        else
            _files[image.Sequence] = image;
        _kept.SavedForSync(image);
        if (bug == PlantedBug.RestoreNewerThanSynced)
            return Restore(log, imagesUpTo);
        Delete(file => file != image.Sequence);
        _kept.Only(image);
        return _files[image.Sequence];
    }

    /// <summary>A start: the newest image that may be used; none: the log holds everything.</summary>
    public ImageStamp Restore(ReadOnlySpan<EpochEnd> log, ulong imagesUpTo)
    {
        foreach (var image in _files.Values.Reverse())
        {
            if (image.FaultIn(log, imagesUpTo) is not null)
                continue;
            _kept.Only(image);
            return image;
        }

        _kept.Only(default);
        return default;
    }

    /// <summary>The newest image is not what was committed: the memory from which it was written was damaged.</summary>
    public void Spoil()
    {
        if (_files.Count == 0)
            return;
        var (sequence, image) = _files.Last();
        _files[sequence] = image with { Hash = ~image.Hash };
        Spoilt = sequence;
    }

    private void Delete(Predicate<ulong> isOld)
    {
        foreach (var sequence in _files.Keys.Where(sequence => isOld(sequence)).ToArray())
            _files.Remove(sequence);
        if (!_files.ContainsKey(Spoilt))
            Spoilt = 0;
    }
}
