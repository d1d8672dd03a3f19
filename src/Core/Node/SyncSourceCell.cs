// Gives images to nodes that are synced: takes one when a node asks for its first piece, and holds it until the node has asked for nothing
// more of it for a while. Never pushes: the receiver's requests are the credit.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Node;

/// <summary>The giving end of full syncs. The replica hands it every <see cref="FetchImage"/> and carries its answers out.</summary>
public sealed class SyncSourceCell : ICell
{
    // Of one node, besides those that are being taken. It asks for 4 at once, and may have been restarted meanwhile.
    private const int MostHeld = 8;

    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);

    private sealed class Held(ulong id, ulong sequence, EpochEnd[] log, VoterRoll roll, ImageWriter image)
    {
        public ulong Id => id;

        public ulong Sequence => sequence;

        public EpochEnd[] Log => log;

        public VoterRoll Roll => roll;

        public ImageWriter Image => image;

        public long AskedAtTicks { get; set; }
    }

    private readonly Origin _self;
    private readonly Outbox _outbox;
    private readonly Dictionary<(NodeId For, Partition Partition), Held> _held = [];
    private readonly HashSet<(NodeId For, Partition Partition)> _awaited = [];
    private ulong _nextId;

    /// <summary>A source of images.</summary>
    /// <param name="self">This node; the replica adds its life to what is sent.</param>
    /// <param name="firstId">
    /// Number of the first image, positive. Drawn at random for each start of a node: an earlier life's images must not be mistaken for
    /// this one's.
    /// </param>
    /// <param name="outbox">Takes what follows.</param>
    public SyncSourceCell(NodeId self, ulong firstId, Outbox outbox)
    {
        ArgumentOutOfRangeException.ThrowIfZero(firstId); // says that there is no image
        (_self, _nextId, _outbox) = (new Origin(self, Life.None, 0, false), firstId, outbox);
    }

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case FetchImage fetch:
                OnFetch(fetch, now.Ticks);
                return true;
            case ImageReady ready:
                OnImage(ready, now.Ticks);
                return true;
            case ForgetImages:
                Stop();
                return true;
            case SourceSweep:
                foreach (var (key, held) in _held)
                    if (now.Ticks - held.AskedAtTicks > KeptFor.Ticks)
                        Drop(key);
                return true;
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
        foreach (var key in _held.Keys)
            Drop(key);
    }

    private void OnFetch(FetchImage fetch, long nowTicks)
    {
        var key = (fetch.From, fetch.Partition);
        if (_held.TryGetValue(key, out var held) && held.Id == fetch.ImageId && fetch.Offset < held.Image.Length)
        {
            Send(key, held, fetch.Offset, nowTicks);
            return;
        }

        if (fetch.ImageId == 0)
            Drop(key); // it begins again
        else if (held is not null)
        {
            Send(key, held, 0, nowTicks); // a piece of an image that is gone; this is the one that took its place
            return;
        }

        if (_awaited.Add(key))
            _outbox.Send(CellAddress.Replica, new RequestImage(fetch.Partition, fetch.From));
    }

    private void OnImage(ImageReady ready, long nowTicks)
    {
        var key = (ready.For, ready.Partition);
        if (!_awaited.Remove(key))
        {
            ready.Image?.Dispose();
            return;
        }

        Drop(key);
        if (ready.Image is null)
        {
            _outbox.Send(CellAddress.Replica, new SendToNode(
                ready.For, new ImageChunk(_self, 0, ready.Partition, 0, 0, 0, 0, [], VoterRoll.Empty, default)));
            return;
        }

        var others = _held.Where(other => other.Key.For == ready.For).ToArray();
        if (others.Length >= MostHeld)
            Drop(others.MinBy(other => other.Value.AskedAtTicks).Key);
        if (_held.Count == 0)
            _outbox.Repeat(SourceSweep.Instance, SweepInterval);
        var held = new Held(_nextId++, ready.Sequence, ready.Log, ready.Roll, ready.Image);
        _held.Add(key, held);
        Send(key, held, 0, nowTicks);
    }

    private void Send((NodeId For, Partition Partition) key, Held held, uint offset, long nowTicks)
    {
        held.AskedAtTicks = nowTicks;
        var image = held.Image.Written;
        var piece = image.Slice((int)offset, Math.Min(ImageAssembly.PieceBytes, image.Length - (int)offset));
        var isLast = offset + piece.Length == image.Length;
        // A copy: the message is encoded later, when the image may have been given back.
        _outbox.Send(CellAddress.Replica, new SendToNode(key.For, new ImageChunk(
            _self, held.Log.Length == 0 ? 0 : held.Log[^1].Epoch, key.Partition, held.Id, held.Sequence, (uint)image.Length, offset,
            isLast ? held.Log : [], isLast ? held.Roll : VoterRoll.Empty, piece.ToArray())));
    }

    private void Drop((NodeId For, Partition Partition) key)
    {
        if (!_held.Remove(key, out var held))
            return;
        held.Image.Dispose();
        if (_held.Count == 0)
            _outbox.StopTimer(SourceSweep.Instance);
    }
}

/// <summary>The source's timer: are there images that no node asks for any more?</summary>
public sealed record SourceSweep : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly SourceSweep Instance = new();
}
