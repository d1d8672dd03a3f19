// Finds the newest image of one partition that may be used, or the one that a sync has brought, by the snapshot store's own protocol, and
// gives it to the partition. Lives for one request.
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Checkpoints;

/// <summary>
/// One partition's restore: newest first, until an image is whole, of this node's history, and understood by the partition.
/// </summary>
internal sealed class ImageLoader : UntypedActor
{
    internal sealed record Loaded(ulong Life, Partition Partition, ImageStamp Image) : INoSerializationVerificationNeeded;

    private readonly IActorRef _store;
    private readonly string _persistenceId;
    private readonly Partition _partition;
    private readonly int _shards;
    private readonly IActorRef _actor;
    private readonly RestoreImages _request;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ImageStamp? _only;
    private long _upTo;
    private ImageStamp _given;

    public ImageLoader(IActorRef store, string persistenceId, Partition partition, int shards, IActorRef actor, RestoreImages request)
    {
        (_store, _persistenceId, _partition, _shards, _actor, _request) = (store, persistenceId, partition, shards, actor, request);
        _only = request.Only?[partition.Value];
        _upTo = (long?)_only?.Sequence ?? long.MaxValue;
    }

    public static Props Props(IActorRef store, string persistenceId, Partition partition, int shards, IActorRef actor, RestoreImages request) =>
        Akka.Actor.Props.Create(() => new ImageLoader(store, persistenceId, partition, shards, actor, request));

    protected override void PreStart() => Ask();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case LoadSnapshotResult { Snapshot: { } found }:
                Judge(found);
                break;
            case LoadSnapshotResult:
                _actor.Tell(new ResetPartition(_request.Life));
                End(default);
                break;
            case LoadSnapshotFailed failed:
                throw new OpLog.JournalFailedException($"the checkpoints of {_partition} cannot be read", failed.Cause);
            case PartitionRestored { Problem: "" }:
                End(_given);
                break;
            case PartitionRestored { Problem: var problem }:
                Skip((long)_given.Sequence, problem);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Judge(SelectedSnapshot found)
    {
        if (Fault(found, out var stamp) is { } fault)
        {
            Skip(found.Metadata.SequenceNr, fault);
            return;
        }

        _given = stamp;
        _actor.Tell(new RestorePartition(_request.Life, ((PartitionCheckpoint)found.Snapshot).Image, stamp.Sequence));
    }

    private string? Fault(SelectedSnapshot found, out ImageStamp stamp)
    {
        stamp = default;
        if (found.Snapshot is not PartitionCheckpoint checkpoint)
            return $"it is a {found.Snapshot.GetType()}";
        if (checkpoint.Sequence != (ulong)found.Metadata.SequenceNr)
            return $"it stands for {checkpoint.Sequence}";
        try
        {
            var head = PartitionImage.Open(checkpoint.Image.Span, out _);
            if (head.Partition != _partition || head.Shards != _shards)
                return $"it is of {head.Partition} of {head.Shards} shards";
        }
        catch (ImageDamagedException damaged)
        {
            return damaged.Message;
        }

        stamp = new ImageStamp(checkpoint.Sequence, checkpoint.Epoch, PartitionImage.HashOf(checkpoint.Image.Span));
        return _only is { } only && stamp != only
            ? "it is not what the full sync has brought"
            : stamp.FaultIn(_request.Log, _request.ImagesUpTo);
    }

    private void Skip(long sequence, string fault)
    {
        _log.Warning("The checkpoint of {0} at {1} is not used, an older one is looked for: {2}", _partition, sequence, fault);
        _upTo = sequence - 1;
        Ask();
    }

    private void Ask() => _store.Tell(new LoadSnapshot(
        _persistenceId, new SnapshotSelectionCriteria(_upTo, DateTime.MaxValue, (long?)_only?.Sequence ?? 0), _upTo));

    private void End(ImageStamp image)
    {
        Context.Parent.Tell(new Loaded(_request.Life, _partition, image));
        Context.Stop(Self);
    }
}
