// Deletes every image of one partition but one, by the snapshot store's own protocol. Lives for one request.
using Akka.Actor;
using Akka.Persistence;

namespace HotStandby.Actors.Checkpoints;

/// <summary>
/// One partition's images after a full sync. An image that cannot be deleted would be restored by a later start: the node ends.
/// </summary>
internal sealed class ImageSweeper : UntypedActor
{
    internal sealed record Swept(ulong Life) : INoSerializationVerificationNeeded;

    private readonly IActorRef _store;
    private readonly string _persistenceId;
    private readonly long _kept;
    private readonly ulong _life;
    private int _awaited = 2;

    public ImageSweeper(IActorRef store, string persistenceId, ulong kept, ulong life) =>
        (_store, _persistenceId, _kept, _life) = (store, persistenceId, (long)kept, life);

    public static Props Props(IActorRef store, string persistenceId, ulong kept, ulong life) =>
        Akka.Actor.Props.Create(() => new ImageSweeper(store, persistenceId, kept, life));

    protected override void PreStart()
    {
        _store.Tell(new DeleteSnapshots(_persistenceId, new SnapshotSelectionCriteria(_kept - 1)));
        _store.Tell(new DeleteSnapshots(_persistenceId, new SnapshotSelectionCriteria(long.MaxValue, DateTime.MaxValue, _kept + 1)));
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case DeleteSnapshotsSuccess when --_awaited == 0:
                Context.Parent.Tell(new Swept(_life));
                Context.Stop(Self);
                break;
            case DeleteSnapshotsSuccess:
                break;
            case DeleteSnapshotsFailure failed:
                throw new OpLog.JournalFailedException($"old checkpoints of {_persistenceId} cannot be deleted", failed.Cause);
            default:
                Unhandled(message);
                break;
        }
    }
}
