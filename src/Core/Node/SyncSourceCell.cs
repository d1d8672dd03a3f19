// Gives images to nodes that are synced: takes one when a node asks for its first piece, and holds it until the node has asked for nothing
// more of it for a while. Never pushes: the receiver's requests are the credit.
using Akka.Actor;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Checkpoints;

/// <summary>The child of the replica, which hands it every <see cref="FetchImage"/> and carries its answers out.</summary>
public sealed class SyncSourceActor : UntypedActor, IWithTimers
{
    // Of one node, besides those that are being taken. It asks for 4 at once, and may have been restarted meanwhile.
    private const int MostHeld = 8;

    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);

    private sealed record Sweep : INoSerializationVerificationNeeded
    {
        public static readonly Sweep Instance = new();
    }

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
    private readonly TimeProvider _time;
    private readonly Dictionary<(NodeId For, Partition Partition), Held> _held = [];
    private readonly HashSet<(NodeId For, Partition Partition)> _awaited = [];
    private ulong _ids;

    public SyncSourceActor(NodeId self, TimeProvider time) => (_self, _time) = (new Origin(self, Life.None, 0, false), time);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make one. The replica adds this node's life to its answers.</summary>
    public static Props Props(NodeId self, TimeProvider time) => Akka.Actor.Props.Create(() => new SyncSourceActor(self, time));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _ids = (ulong)Random.Shared.NextInt64(1, long.MaxValue); // an earlier life's images must not be mistaken for this one's
        Timers.StartPeriodicTimer("sweep", Sweep.Instance, SweepInterval);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (var held in _held.Values)
            held.Image.Dispose();
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case FetchImage fetch:
                OnFetch(fetch);
                break;
            case ImageReady ready:
                OnImage(ready);
                break;
            case ForgetImages:
                foreach (var key in _held.Keys)
                    Drop(key);
                break;
            case Sweep:
                var now = _time.NowTicks();
                foreach (var (key, held) in _held)
                    if (now - held.AskedAtTicks > KeptFor.Ticks)
                        Drop(key);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnFetch(FetchImage fetch)
    {
        var key = (fetch.From, fetch.Partition);
        if (_held.TryGetValue(key, out var held) && held.Id == fetch.ImageId && fetch.Offset < held.Image.Length)
        {
            Send(key, held, fetch.Offset);
            return;
        }

        if (fetch.ImageId == 0)
            Drop(key); // it begins anew
        else if (held is not null)
        {
            Send(key, held, 0); // a piece of an image that is gone; this is the one that took its place
            return;
        }

        if (_awaited.Add(key))
            Context.Parent.Tell(new RequestImage(fetch.Partition, fetch.From));
    }

    private void OnImage(ImageReady ready)
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
            Context.Parent.Tell(new SendToNode(
                ready.For, new ImageChunk(_self, 0, ready.Partition, 0, 0, 0, 0, [], VoterRoll.Empty, default)));
            return;
        }

        var others = _held.Where(other => other.Key.For == ready.For).ToArray();
        if (others.Length >= MostHeld)
            Drop(others.MinBy(other => other.Value.AskedAtTicks).Key);
        var held = new Held(++_ids, ready.Sequence, ready.Log, ready.Roll, ready.Image);
        _held.Add(key, held);
        Send(key, held, 0);
    }

    private void Send((NodeId For, Partition Partition) key, Held held, uint offset)
    {
        held.AskedAtTicks = _time.NowTicks();
        var image = held.Image.Written;
        var piece = image.Slice((int)offset, Math.Min(ImageAssembly.PieceBytes, image.Length - (int)offset));
        var isLast = offset + piece.Length == image.Length;
        // A copy: the message is encoded later, when the image may have been given back.
        Context.Parent.Tell(new SendToNode(key.For, new ImageChunk(
            _self, held.Log.Length == 0 ? 0 : held.Log[^1].Epoch, key.Partition, held.Id, held.Sequence, (uint)image.Length, offset,
            isLast ? held.Log : [], isLast ? held.Roll : VoterRoll.Empty, piece.ToArray())));
    }

    private void Drop((NodeId For, Partition Partition) key)
    {
        if (_held.Remove(key, out var held))
            held.Image.Dispose();
    }
}
