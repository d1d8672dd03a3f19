// The receiving end of a full sync: fetches the image of every partition from one node, several at once, a bounded number of pieces
// under way, and makes them durable. Whatever is lost or damaged on the way is asked for again; what is durable is not.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Checkpoints;

/// <summary>One full sync; a child of the replica, which names the source, carries its requests and hands it every <see cref="ImageChunk"/>.</summary>
public sealed class SyncActor : UntypedActor, IWithTimers
{
    // 4 images with 4 pieces of 256 KiB each: 4 MiB under way at most.
    private const int ImagesAtOnce = 4;
    private const uint PiecesAtOnce = 4;
    private const long ReportEveryTicks = TimeSpan.TicksPerSecond;

    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(200);
    private static readonly long PatienceTicks = TimeSpan.FromSeconds(2).Ticks;

    private sealed record Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }

    // One image on its way. Before its first piece nothing is known of it.
    private sealed class Incoming
    {
        public ulong Id { get; set; }

        public ulong Sequence { get; set; }

        public ulong Epoch { get; set; }

        public byte[] Bytes { get; set; } = [];

        public bool[] Has { get; set; } = [];

        public int Missing { get; set; } = 1;

        public uint NextOffset { get; set; }

        public EpochEnd[] Log { get; set; } = [];

        public VoterRoll Roll { get; set; } = VoterRoll.Empty;
    }

    private readonly Origin _self;
    private readonly IActorRef _checkpoints;
    private readonly TimeProvider _time;
    private readonly int _partitions;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Queue<Partition> _waiting = [];
    private readonly Dictionary<Partition, Incoming> _incoming = [];
    private readonly long _beganAtTicks;
    private NodeId _source = NodeId.None;
    private EpochEnd[] _below = [];
    private VoterRoll _roll = VoterRoll.Empty;
    private ulong _newest;
    private int _saved;
    private int _saving;
    private long _bytes;
    private long _progressAtTicks;
    private long _reportedAtTicks;
    private bool _isRefused;

    public SyncActor(NodeId self, int partitions, IActorRef checkpoints, TimeProvider time)
    {
        (_self, _partitions, _checkpoints, _time) = (new Origin(self, Life.None, 0, false), partitions, checkpoints, time);
        for (var i = 0; i < partitions; i++)
            _waiting.Enqueue(new Partition((ushort)i));
        _beganAtTicks = _progressAtTicks = time.NowTicks();
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make one.</summary>
    /// <param name="self">This node; the replica adds as what it speaks.</param>
    /// <param name="partitions">How many: the segment table and the shards.</param>
    /// <param name="checkpoints">Makes images durable.</param>
    /// <param name="time">The monotonic clock.</param>
    public static Props Props(NodeId self, int partitions, IActorRef checkpoints, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new SyncActor(self, partitions, checkpoints, time));

    /// <inheritdoc/>
    protected override void PreStart() => Timers.StartPeriodicTimer("tick", Tick.Instance, TickInterval);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SourceIs source:
                Begin(source.Source);
                break;
            case ImageChunk chunk:
                OnChunk(chunk);
                break;
            case ImageSaved saved:
                OnSaved(saved);
                break;
            case Tick:
                OnTick();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Begin(NodeId source)
    {
        (_source, _progressAtTicks) = (source, _time.NowTicks());
        // What another node has begun to give, this one cannot go on with.
        foreach (var partition in _incoming.Keys)
            _waiting.Enqueue(partition);
        _incoming.Clear();
        FetchMore();
    }

    private void FetchMore()
    {
        while (_source != NodeId.None && _incoming.Count + _saving < ImagesAtOnce && _waiting.TryDequeue(out var partition))
        {
            _incoming.Add(partition, new Incoming());
            Fetch(partition, 0, 0);
        }
    }

    private void Fetch(Partition partition, ulong imageId, uint offset) =>
        Context.Parent.Tell(new SendToNode(_source, new FetchImage(_self, 0, partition, imageId, offset)));

    private void OnChunk(ImageChunk chunk)
    {
        if (chunk.From != _source || !_incoming.TryGetValue(chunk.Partition, out var image))
            return;
        if (chunk.ImageId == 0)
        {
            _isRefused = true;
            return;
        }

        if (image.Id != chunk.ImageId)
        {
            if (chunk.Offset != 0)
                return; // of an image that is gone
            image = new Incoming
            {
                Id = chunk.ImageId, Sequence = chunk.Sequence, Epoch = chunk.Epoch, Bytes = GC.AllocateUninitializedArray<byte>((int)chunk.TotalBytes),
                Has = new bool[Pieces(chunk.TotalBytes)], Missing = Pieces(chunk.TotalBytes), NextOffset = SyncSourceActor.ChunkBytes,
            };
            _incoming[chunk.Partition] = image;
            for (var ahead = 1; ahead < PiecesAtOnce; ahead++)
                FetchNext(chunk.Partition, image);
        }

        var piece = (int)(chunk.Offset / SyncSourceActor.ChunkBytes);
        if (chunk.Offset % SyncSourceActor.ChunkBytes != 0 || piece >= image.Has.Length || image.Has[piece]
            || chunk.Bytes.Length != Math.Min(SyncSourceActor.ChunkBytes, image.Bytes.Length - (int)chunk.Offset))
            return;
        chunk.Bytes.CopyTo(image.Bytes.AsMemory((int)chunk.Offset));
        image.Has[piece] = true;
        image.Missing--;
        if (chunk.Log.Length > 0)
            (image.Log, image.Roll) = (chunk.Log, chunk.Roll);
        _bytes += chunk.Bytes.Length;
        _progressAtTicks = _time.NowTicks();
        if (image.Missing > 0)
            FetchNext(chunk.Partition, image);
        else
            Complete(chunk.Partition, image);
    }

    private void FetchNext(Partition partition, Incoming image)
    {
        if (image.NextOffset >= image.Bytes.Length)
            return;
        Fetch(partition, image.Id, image.NextOffset);
        image.NextOffset += SyncSourceActor.ChunkBytes;
    }

    private void Complete(Partition partition, Incoming image)
    {
        _incoming.Remove(partition);
        try
        {
            PartitionImage.Open(image.Bytes, out _);
        }
        catch (ImageDamagedException damaged)
        {
            _log.Warning("The image of {0} from {1} arrived damaged and is asked for again: {2}", partition, _source, damaged.Message);
            _waiting.Enqueue(partition);
            FetchMore();
            return;
        }

        if (_below.Length == 0 || image.Sequence < _below[^1].LastSequence)
            (_below, _roll) = (image.Log, image.Roll);
        _newest = Math.Max(_newest, image.Sequence);
        var bytes = new ImageWriter(image.Bytes.Length);
        bytes.Raw(image.Bytes);
        _saving++;
        _checkpoints.Tell(new SaveImage(partition, image.Sequence, image.Epoch, bytes));
        FetchMore();
    }

    private void OnSaved(ImageSaved saved)
    {
        if (saved.Failure is not null)
            throw new OpLog.JournalFailedException($"the image of {saved.Partition} could not be saved", saved.Failure);
        _saving--;
        if (++_saved == _partitions)
        {
            Report();
            Context.Parent.Tell(new SyncComplete(_below, _roll, _newest));
        }
        else
        {
            FetchMore();
        }
    }

    private void OnTick()
    {
        var now = _time.NowTicks();
        if (_isRefused || (now - _progressAtTicks > PatienceTicks && _saving == 0))
        {
            (_progressAtTicks, _isRefused) = (now, false);
            Context.Parent.Tell(new SourceIsSilent(_source));
        }

        if (now - _reportedAtTicks >= ReportEveryTicks)
            Report();
    }

    private void Report()
    {
        var now = _time.NowTicks();
        _reportedAtTicks = now;
        var seconds = Math.Max(1e-3, (now - _beganAtTicks) / (double)TimeSpan.TicksPerSecond);
        var remaining = _saved == 0 ? (double?)null : seconds / _saved * (_partitions - _saved);
        _log.Info(
            "Full sync from {0}: {1} of {2} partitions, {3:0.0} MiB, {4:0.0} MiB/s, {5} s to go", _source, _saved, _partitions,
            _bytes / 1048576.0, _bytes / 1048576.0 / seconds, remaining is { } known ? known.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture) : "?");
        Context.Parent.Tell(new SyncProgress(_source, _saved, _partitions, _bytes, _bytes / seconds, remaining));
    }

    private static int Pieces(uint bytes) => (int)((bytes + SyncSourceActor.ChunkBytes - 1) / SyncSourceActor.ChunkBytes);
}
