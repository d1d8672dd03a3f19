// The receiving end of a full sync: fetches the image of every partition from one node, several at once, a bounded number of pieces
// under way, and makes them durable. Whatever is lost, damaged or not saved is asked for again; what is durable is not.
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
    // With 4 pieces of 256 KiB each: 4 MiB under way at most.
    private const int ImagesAtOnce = 4;
    private const long ReportEveryTicks = TimeSpan.TicksPerSecond;

    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(200);
    private static readonly long PatienceTicks = TimeSpan.FromSeconds(2).Ticks;

    // How long to wait after a save that failed, most often because of a full disk. Each try fetches an image again, and is logged.
    private static readonly TimeSpan SaveAgainAfter = TimeSpan.FromSeconds(10);

    private sealed record Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }

    private readonly Origin _self;
    private readonly IActorRef _checkpoints;
    private readonly TimeProvider _time;
    private readonly int _partitions;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Queue<Partition> _waiting = [];
    private readonly Dictionary<Partition, ImageAssembly?> _incoming = []; // null: before its first piece nothing is known of it
    private readonly ImageStamp[] _images;
    private readonly VoterRoll[] _rolls; // of the log of each image
    private readonly long _beganAtTicks;
    private NodeId _source = NodeId.None;
    private EpochEnd[] _history = [];
    private int _saved;
    private int _saving;
    private long _bytes;
    private long _progressAtTicks;
    private long _reportedAtTicks;
    private long _saveAgainAtTicks;
    private bool _isRefused;

    public SyncActor(NodeId self, int partitions, IActorRef checkpoints, TimeProvider time)
    {
        (_self, _partitions, _checkpoints, _time) = (new Origin(self, Life.None, 0, false), partitions, checkpoints, time);
        (_images, _rolls) = (new ImageStamp[partitions], new VoterRoll[partitions]);
        for (var i = 0; i < partitions; i++)
            _waiting.Enqueue(new Partition((ushort)i));
        _beganAtTicks = _progressAtTicks = _saveAgainAtTicks = time.NowTicks();
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make one.</summary>
    /// <param name="self">This node; the replica adds its life.</param>
    /// <param name="partitions">How many: the segment table and the shards.</param>
    /// <param name="checkpoints">Makes images durable.</param>
    /// <param name="time">The monotonic clock.</param>
    public static Props Props(NodeId self, int partitions, IActorRef checkpoints, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new SyncActor(self, partitions, checkpoints, time));

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (var image in _incoming.Values)
            image?.Dispose();
    }

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
        foreach (var (partition, image) in _incoming)
        {
            image?.Dispose();
            _waiting.Enqueue(partition);
        }

        _incoming.Clear();
        FetchMore();
    }

    private void FetchMore()
    {
        while (_source != NodeId.None && _incoming.Count + _saving < ImagesAtOnce && _time.NowTicks() >= _saveAgainAtTicks
            && _waiting.TryDequeue(out var partition))
        {
            _incoming.Add(partition, null);
            _progressAtTicks = _time.NowTicks();
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

        if (image?.Id != chunk.ImageId)
        {
            if (chunk.Offset != 0)
                return; // of an image that is gone
            image?.Dispose();
            image = ImageAssembly.Begin(chunk, out var fault);
            _incoming[chunk.Partition] = image;
            if (image is null)
            {
                _log.Warning("{0} offers no image of {1} that can be received: {2}", _source, chunk.Partition, fault);
                _isRefused = true;
                return;
            }
        }

        if (!image.TryAdd(chunk))
            return;
        _bytes += chunk.Bytes.Length;
        _progressAtTicks = _time.NowTicks();
        if (image.IsComplete)
            Complete(chunk.Partition, image);
        else
            while (image.NextOffset() is { } offset)
                Fetch(chunk.Partition, image.Id, offset);
    }

    private void Complete(Partition partition, ImageAssembly image)
    {
        _incoming.Remove(partition);
        if (image.Fault(partition, _partitions - 1) is { } fault)
        {
            _log.Warning("The image of {0} from {1} arrived damaged and is asked for again: {2}", partition, _source, fault);
            image.Dispose();
            _waiting.Enqueue(partition);
            FetchMore();
            return;
        }

        // All of them are of one committed history: of two logs, the longer one holds what the shorter one ends with.
        var (shorter, longer) = image.Stamp.Sequence < Newest ? (image.Log, _history) : (_history, image.Log);
        if (shorter.Length > 0 && new ImageStamp(shorter[^1].LastSequence, shorter[^1].Epoch, 0).FaultIn(longer, 0) is { } conflict)
        {
            _log.Error(
                "The full sync with {0} begins again with another node: {1}", _source,
                $"the image of {partition} at {image.Stamp.Sequence}: {conflict}");
            image.Dispose();
            Context.Parent.Tell(SyncFailed.Instance);
            return;
        }

        (_history, _images[partition.Value], _rolls[partition.Value]) = (longer, image.Stamp, image.Roll);
        _saving++;
        _checkpoints.Tell(new SaveImage(partition, image.Stamp, image.Take(), IsForSync: true));
        FetchMore();
    }

    private ulong Newest => _history.Length == 0 ? 0 : _history[^1].LastSequence;

    private void OnSaved(ImageSaved saved)
    {
        _saving--;
        if (saved.Failure is not null)
        {
            _log.Error(
                "The image of {0} from {1} could not be saved; it is asked for again in {2} s: {3}", saved.Partition, _source,
                SaveAgainAfter.TotalSeconds, saved.Failure.Message);
            _saveAgainAtTicks = _time.NowTicks() + SaveAgainAfter.Ticks;
            _waiting.Enqueue(saved.Partition);
        }
        else if (++_saved == _partitions)
        {
            Report();
            var oldest = Enumerable.Range(0, _partitions).MinBy(partition => _images[partition].Sequence);
            Context.Parent.Tell(new SyncComplete(HistoryUpTo(_images[oldest].Sequence), _rolls[oldest], _images));
        }
        else
        {
            FetchMore();
        }
    }

    // The newest image's history, up to the oldest image.
    private EpochEnd[] HistoryUpTo(ulong oldest)
    {
        var first = Array.FindIndex(_history, end => end.LastSequence >= oldest);
        return [.. _history[..first], _history[first] with { LastSequence = oldest }];
    }

    private void OnTick()
    {
        var now = _time.NowTicks();
        FetchMore();
        var waits = _incoming.Count > 0 || (_source == NodeId.None && _waiting.Count > 0);
        if (_isRefused || (waits && now - _progressAtTicks > PatienceTicks && _saving == 0))
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
}
