// Finds the newest image of one partition that may be used, by the snapshot store's own protocol. Lives for one request.
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using HotStandby.Actors.Protocol;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Checkpoints;

/// <summary>One partition's restore: newest first, until an image is whole and of this node's history.</summary>
internal sealed class ImageLoader : UntypedActor
{
    internal sealed record Loaded(ulong Life, Partition Partition, EpochEnd At) : INoSerializationVerificationNeeded;

    private readonly IActorRef _store;
    private readonly string _persistenceId;
    private readonly Partition _partition;
    private readonly int _shards;
    private readonly IActorRef _actor;
    private readonly RestoreImages _request;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private long _upTo = long.MaxValue;

    public ImageLoader(IActorRef store, string persistenceId, Partition partition, int shards, IActorRef actor, RestoreImages request) =>
        (_store, _persistenceId, _partition, _shards, _actor, _request) = (store, persistenceId, partition, shards, actor, request);

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
            default:
                Unhandled(message);
                break;
        }
    }

    private void Judge(SelectedSnapshot found)
    {
        if (Fault(found) is { } fault)
        {
            _log.Warning("The checkpoint of {0} at {1} is not used, an older one is looked for: {2}", _partition, found.Metadata.SequenceNr, fault);
            _upTo = found.Metadata.SequenceNr - 1;
            Ask();
            return;
        }

        var checkpoint = (PartitionCheckpoint)found.Snapshot;
        var sequence = (ulong)found.Metadata.SequenceNr;
        _actor.Tell(new RestorePartition(_request.Life, checkpoint.Image, sequence));
        End(new EpochEnd(checkpoint.Epoch, sequence));
    }

    private string? Fault(SelectedSnapshot found)
    {
        if (found.Snapshot is not PartitionCheckpoint checkpoint)
            return $"it is a {found.Snapshot.GetType()}";
        var sequence = (ulong)found.Metadata.SequenceNr;
        if (checkpoint.Sequence != sequence)
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

        if (_request.Log.Length == 0 || sequence > _request.Log[^1].LastSequence)
            return sequence <= _request.ImagesUpTo ? null : "it is ahead of the log";
        var epoch = Array.Find(_request.Log, end => end.LastSequence >= sequence).Epoch;
        return epoch == checkpoint.Epoch ? null : $"it is of epoch {checkpoint.Epoch}, the log is of epoch {epoch} there";
    }

    private void Ask() => _store.Tell(new LoadSnapshot(_persistenceId, new SnapshotSelectionCriteria(_upTo), _upTo));

    private void End(EpochEnd at)
    {
        Context.Parent.Tell(new Loaded(_request.Life, _partition, at));
        Context.Stop(Self);
    }
}
