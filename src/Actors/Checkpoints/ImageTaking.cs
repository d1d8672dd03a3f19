// How a partition writes its image. Used by ShardActor and SegmentActor.
using Akka.Event;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Checkpoints;

internal static class ImageTaking
{
    /// <summary>Writes an image. Null, with an error in the log: it would be too large, and the partition goes without.</summary>
    public static ImageWriter? Take(Partition partition, int expectedBytes, Action<ImageWriter> write, ILoggingAdapter log)
    {
        var image = new ImageWriter(expectedBytes);
        try
        {
            write(image);
            return image;
        }
        catch (ImageTooLargeException tooLarge)
        {
            log.Error("No image of {0} can be taken: {1}", partition, tooLarge.Message);
            image.Dispose();
            return null;
        }
    }
}
