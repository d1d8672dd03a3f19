// Images that were asked for: by this node's rounds of checkpoints, and by nodes that are synced. Hands out committed state only, with the
// state number under which it was asked for, and notes up to where the log must be kept for its receivers. Used by StateKeeper only.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Node;

/// <summary>From <see cref="RequestImage"/> to <see cref="ImageReady"/>.</summary>
internal sealed class ImageRequests(int partitions, PartitionFeed feed, Replica replica, Outbox outbox)
{
    // A node in full sync that asks for nothing more is gone.
    private static readonly long PinTicks = TimeSpan.FromMinutes(1).Ticks;

    private readonly record struct Asked(CellAddress Asker, NodeId For);

    private readonly record struct Awaiting(ulong Sequence, Asked Asked, Partition Partition, ImageWriter Image);

    private readonly Queue<Asked>[] _asked = [.. Enumerable.Range(0, partitions).Select(_ => new Queue<Asked>())];
    private readonly Queue<Awaiting> _awaiting = [];
    private readonly Dictionary<NodeId, (ulong Sequence, long UntilTicks)> _pins = [];

    /// <summary>An image is asked for.</summary>
    /// <param name="request">Which.</param>
    /// <param name="asker">Gets the answer.</param>
    /// <param name="mayGive">This node's state may be given away now, and stands for all that was fed, and no more.</param>
    public void Ask(RequestImage request, CellAddress asker, bool mayGive)
    {
        var asked = new Asked(asker, request.For);
        if (!mayGive || feed.FedSequence == 0)
        {
            Refuse(asked, request.Partition);
            return;
        }

        _asked[request.Partition.Value].Enqueue(asked);
        outbox.Send(CellAddress.Of(request.Partition), new TakeImage(feed.StateNumber, feed.FedSequence));
    }

    /// <summary>A partition has written it.</summary>
    /// <param name="taken">The image.</param>
    /// <param name="isWhole">This node's state may be given away now.</param>
    /// <param name="reign">The reign of this node; 0: it does not lead.</param>
    /// <param name="now">Monotonic ticks.</param>
    public void Taken(ImageTaken taken, bool isWhole, ulong reign, long now)
    {
        var asked = _asked[taken.Partition.Value].Dequeue();
        if (taken.Image is not { } image)
        {
            Refuse(asked, taken.Partition);
        }
        else if (!isWhole || taken.Asked.StateNumber != feed.StateNumber || (taken.Reign != 0 && taken.Reign != reign))
        {
            image.Dispose(); // of a state that is wrong, or has been replaced since, or of a reign that is over
            Refuse(asked, taken.Partition);
        }
        else if (taken.Reign == 0)
        {
            HandOver(asked, taken.Partition, taken.Asked.FedSequence, image, now);
        }
        else if (replica.LastProposed is var sequence && sequence <= replica.State.CommitSequence)
        {
            HandOver(asked, taken.Partition, sequence, image, now);
        }
        else
        {
            _awaiting.Enqueue(new Awaiting(sequence, asked, taken.Partition, image));
        }
    }

    /// <summary>Everything up to here is committed.</summary>
    public void Committed(ulong sequence, long now)
    {
        while (_awaiting.TryPeek(out var oldest) && oldest.Sequence <= sequence)
        {
            _awaiting.Dequeue();
            HandOver(oldest.Asked, oldest.Partition, oldest.Sequence, oldest.Image, now);
        }
    }

    /// <summary>What images of this reign hold will not be known to be committed here.</summary>
    public void EndReign()
    {
        while (_awaiting.TryDequeue(out var awaiting))
        {
            awaiting.Image.Dispose();
            Refuse(awaiting.Asked, awaiting.Partition);
        }
    }

    /// <summary>A node that is synced goes on asking.</summary>
    public void Asks(NodeId node, long now)
    {
        if (_pins.TryGetValue(node, out var pin))
            _pins[node] = pin with { UntilTicks = now + PinTicks };
    }

    /// <summary>Up to where the log may be truncated: at most so far, and never what a node in full sync will ask for.</summary>
    public ulong Limit(ulong sequence, long now)
    {
        foreach (var pin in _pins.Values)
            sequence = pin.UntilTicks > now ? Math.Min(sequence, pin.Sequence) : sequence;
        return sequence;
    }

    private void HandOver(Asked asked, Partition partition, ulong sequence, ImageWriter image, long now)
    {
        if (asked.For != NodeId.None)
        {
            var smallest = _pins.TryGetValue(asked.For, out var pin) && pin.UntilTicks > now ? Math.Min(pin.Sequence, sequence) : sequence;
            _pins[asked.For] = (smallest, now + PinTicks);
        }

        outbox.Send(asked.Asker, new ImageReady(
            partition, asked.For, sequence, replica.State.Log.DescribeUntil(sequence), replica.State.Log.Roster.At(sequence), image));
    }

    private void Refuse(Asked asked, Partition partition) =>
        outbox.Send(asked.Asker, new ImageReady(partition, asked.For, 0, [], VoterRoll.Empty, null));
}
