// One full sync at its receiving end: fetches the image of every partition from one node, several at once, a bounded number of pieces
// under way, and has them made durable. What is lost, damaged or not saved is asked for again; what is durable is not. Used by SyncCell.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Node;

/// <summary>One full sync.</summary>
internal sealed class IncomingSync
{
    // With 4 pieces of 256 KiB each: 4 MiB under way at most.
    private const int ImagesAtOnce = 4;
    private const long ReportEveryTicks = TimeSpan.TicksPerSecond;

    private static readonly long PatienceTicks = TimeSpan.FromSeconds(2).Ticks;

    // How long to wait after a save that failed, most often because of a full disk. Each try fetches an image again, and is logged.
    private static readonly TimeSpan SaveAgainAfter = TimeSpan.FromSeconds(10);

    private readonly Origin _self;
    private readonly int _partitions;
    private readonly Outbox _outbox;
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

    /// <summary>It waits for <see cref="ComeFrom"/>.</summary>
    public IncomingSync(ulong number, Origin self, int partitions, Outbox outbox, long nowTicks)
    {
        (Number, _self, _partitions, _outbox) = (number, self, partitions, outbox);
        (_images, _rolls) = (new ImageStamp[partitions], new VoterRoll[partitions]);
        for (var i = 0; i < partitions; i++)
            _waiting.Enqueue(new Partition((ushort)i));
        _beganAtTicks = _progressAtTicks = _saveAgainAtTicks = nowTicks;
    }

    /// <summary>Its number.</summary>
    public ulong Number { get; }

    private ulong Newest => _history.Length == 0 ? 0 : _history[^1].LastSequence;

    /// <summary>What has arrived goes back to the pool; what is being saved is the checkpoints'.</summary>
    public void GiveUp()
    {
        foreach (var image in _incoming.Values)
            image?.Dispose();
        _incoming.Clear();
    }

    /// <summary>Images come from this node now.</summary>
    public void ComeFrom(NodeId source, long nowTicks)
    {
        (_source, _progressAtTicks) = (source, nowTicks);
        foreach (var partition in _incoming.Keys)
            _waiting.Enqueue(partition);
        GiveUp(); // what another node has begun to give, this one cannot go on with
        FetchMore(nowTicks);
    }

    /// <summary>A piece has arrived.</summary>
    public void Take(ImageChunk chunk, long nowTicks)
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
                _outbox.Report(new NoImageOffered(_source, chunk.Partition, fault));
                _isRefused = true;
                return;
            }
        }

        if (!image.TryAdd(chunk))
            return;
        _bytes += chunk.Bytes.Length;
        _progressAtTicks = nowTicks;
        if (image.IsComplete)
            Complete(chunk.Partition, image, nowTicks);
        else
            while (image.NextOffset() is { } offset)
                Fetch(chunk.Partition, image.Id, offset);
    }

    /// <summary>An image is durable, or could not be saved.</summary>
    public void Take(ImageSaved saved, long nowTicks)
    {
        _saving--;
        if (saved.Failure is { } failure)
        {
            _outbox.Report(new SyncedImageNotSaved(saved.Partition, _source, SaveAgainAfter, failure));
            _saveAgainAtTicks = nowTicks + SaveAgainAfter.Ticks;
            _waiting.Enqueue(saved.Partition);
        }
        else if (++_saved == _partitions)
        {
            Report(nowTicks);
            var oldest = Enumerable.Range(0, _partitions).MinBy(partition => _images[partition].Sequence);
            _outbox.Send(CellAddress.Replica, new SyncComplete(Number, HistoryUpTo(_images[oldest].Sequence), _rolls[oldest], _images));
        }
        else
        {
            FetchMore(nowTicks);
        }
    }

    /// <summary>Time has passed.</summary>
    public void Tick(long nowTicks)
    {
        FetchMore(nowTicks);
        var waits = _incoming.Count > 0 || (_source == NodeId.None && _waiting.Count > 0);
        if (_isRefused || (waits && nowTicks - _progressAtTicks > PatienceTicks && _saving == 0))
        {
            (_progressAtTicks, _isRefused) = (nowTicks, false);
            _outbox.Send(CellAddress.Replica, new SourceIsSilent(Number, _source));
        }

        if (nowTicks - _reportedAtTicks >= ReportEveryTicks)
            Report(nowTicks);
    }

    private void FetchMore(long nowTicks)
    {
        while (_source != NodeId.None && _incoming.Count + _saving < ImagesAtOnce && nowTicks >= _saveAgainAtTicks
            && _waiting.TryDequeue(out var partition))
        {
            _incoming.Add(partition, null);
            _progressAtTicks = nowTicks;
            Fetch(partition, 0, 0);
        }
    }

    private void Fetch(Partition partition, ulong imageId, uint offset) =>
        _outbox.Send(CellAddress.Replica, new SendToNode(_source, new FetchImage(_self, 0, partition, imageId, offset)));

    private void Complete(Partition partition, ImageAssembly image, long nowTicks)
    {
        _incoming.Remove(partition);
        if (image.Fault(partition, _partitions - 1) is { } fault)
        {
            _outbox.Report(new ImageArrivedDamaged(partition, _source, fault));
            image.Dispose();
            _waiting.Enqueue(partition);
            FetchMore(nowTicks);
            return;
        }

        // All of them are of one committed history: of two logs, the longer one holds what the shorter one ends with.
        var (shorter, longer) = image.Stamp.Sequence < Newest ? (image.Log, _history) : (_history, image.Log);
        if (shorter.Length > 0 && new ImageStamp(shorter[^1].LastSequence, shorter[^1].Epoch, 0).FaultIn(longer, 0) is { } conflict)
        {
            _outbox.Report(new SyncBeginsAgain(_source, $"the image of {partition} at {image.Stamp.Sequence}: {conflict}"));
            image.Dispose();
            _outbox.Send(CellAddress.Replica, new SyncFailed(Number));
            return;
        }

        (_history, _images[partition.Value], _rolls[partition.Value]) = (longer, image.Stamp, image.Roll);
        _saving++;
        _outbox.Send(CellAddress.Checkpoints, new SaveImage(partition, image.Stamp, image.Take(), Number));
        FetchMore(nowTicks);
    }

    // The newest image's history, up to the oldest image.
    private EpochEnd[] HistoryUpTo(ulong oldest)
    {
        var first = Array.FindIndex(_history, end => end.LastSequence >= oldest);
        return [.. _history[..first], _history[first] with { LastSequence = oldest }];
    }

    private void Report(long nowTicks)
    {
        _reportedAtTicks = nowTicks;
        var seconds = Math.Max(1e-3, (nowTicks - _beganAtTicks) / (double)TimeSpan.TicksPerSecond);
        var remaining = _saved == 0 ? (double?)null : seconds / _saved * (_partitions - _saved);
        _outbox.Report(new SyncGoesOn(_source, _saved, _partitions, _bytes, _bytes / seconds, remaining));
        _outbox.Send(CellAddress.Replica, new SyncProgress(Number, _source, _saved, _partitions, _bytes, _bytes / seconds, remaining));
    }
}

/// <summary>The source of a full sync offers what cannot be an image.</summary>
public sealed record NoImageOffered(NodeId Source, Partition Partition, string Reason) : Fact;

/// <summary>An image arrived damaged; it is asked for again.</summary>
public sealed record ImageArrivedDamaged(Partition Partition, NodeId Source, string Reason) : Fact;

/// <summary>A full sync brought images of different histories; it begins again with another node.</summary>
public sealed record SyncBeginsAgain(NodeId Source, string Reason) : Fact;

/// <summary>An image that a full sync brought could not be made durable; it is asked for again after a while.</summary>
public sealed record SyncedImageNotSaved(Partition Partition, NodeId Source, TimeSpan AgainAfter, string Reason) : Fact;

/// <summary>How far a full sync is, as in <see cref="SyncProgress"/>.</summary>
public sealed record SyncGoesOn(
    NodeId Source, int PartitionsDone, int Partitions, long Bytes, double BytesPerSecond, double? RemainingSeconds) : Fact;
