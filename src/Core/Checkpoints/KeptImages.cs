// Which two images of one partition are in the snapshot store, as far as this node knows. From that follow which image is written, which
// ones may be deleted, and how far the log may be truncated. Used by CheckpointCell, one for each partition. Does no I/O.
namespace HotStandby.Core.Checkpoints;

/// <summary>What is to be done with an image that is to be saved.</summary>
public enum SaveVerdict : byte
{
    /// <summary>Write it.</summary>
    Write,
    /// <summary>It is in the store already, byte for byte.</summary>
    IsThere,
    /// <summary>A newer one is in the store: this one comes too late.</summary>
    TooOld,
}

/// <summary>The images of one partition. Images are compared by <see cref="ImageStamp"/>, never by seq alone.</summary>
public sealed class KeptImages
{
    /// <summary>The one before the newest; none: there are not two that can be relied upon.</summary>
    public ImageStamp Older { get; private set; }

    /// <summary>The newest.</summary>
    public ImageStamp Newest { get; private set; }

    /// <summary>Judges an image of this node's own state.</summary>
    public SaveVerdict Judge(ImageStamp image) =>
        image == Newest ? SaveVerdict.IsThere : image.Sequence < Newest.Sequence ? SaveVerdict.TooOld : SaveVerdict.Write;

    /// <summary>An image of this node's own state is durable.</summary>
    /// <returns>Images below this seq may be deleted; 0: none.</returns>
    public ulong Saved(ImageStamp image)
    {
        if (!Replace(image) && image.Sequence > Newest.Sequence)
            (Older, Newest) = (Newest, image);
        return Older.Sequence;
    }

    /// <summary>
    /// An image of another node is durable. It counts once the sync it belongs to is complete (<see cref="Only"/>): until then it may have
    /// replaced one of the two, under the same seq.
    /// </summary>
    public void SavedForSync(ImageStamp image) => Replace(image);

    /// <summary>A save failed. The store may have deleted what it held under this seq.</summary>
    public void Lost(ulong sequence)
    {
        if (sequence == Newest.Sequence)
            (Older, Newest) = (default, Older);
        else if (sequence == Older.Sequence)
            Older = default;
    }

    /// <summary>This image is what the partition was restored from, or what a sync brought: it is the only one to rely upon.</summary>
    public void Only(ImageStamp image) => (Older, Newest) = (default, image);

    private bool Replace(ImageStamp image)
    {
        if (image.Sequence == Newest.Sequence)
            Newest = image;
        else if (image.Sequence == Older.Sequence)
            Older = image;
        else
            return false;
        return true;
    }
}
