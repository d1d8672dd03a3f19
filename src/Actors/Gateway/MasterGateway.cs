// The way from the door into the actors: connection threads call it, many at a time. It decides nothing but where a call
// goes, and refuses calls while the node has no right to serve.
using Akka.Actor;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Actors.Gateway;

/// <summary>Routes calls: those that need buffers and those on segments to the segment table, scans to the scans, the rest to the shards.</summary>
/// <param name="serving">The right to serve.</param>
/// <param name="clients">Who is alive.</param>
/// <param name="segments">The segment table.</param>
/// <param name="scans">The <see cref="Scans.ScansActor"/>.</param>
/// <param name="shards">The shards.</param>
public sealed class MasterGateway(ServingState serving, ClientWatch clients, IActorRef segments, IActorRef scans, IShardMailboxes shards) : IMasterGateway
{
    /// <inheritdoc/>
    public event Action? ServiceEnded
    {
        add => serving.Ended += value;
        remove => serving.Ended -= value;
    }

    /// <inheritdoc/>
    public ServiceState Service => serving.Service;

    /// <inheritdoc/>
    public bool MayServe => serving.MayServe;

    /// <inheritdoc/>
    public ulong Epoch => serving.Epoch;

    /// <inheritdoc/>
    public void Hear(Uuid client) => clients.Hear(client);

    /// <inheritdoc/>
    public ClientStatus? Ping(Uuid client) => serving.Accepts ? clients.StatusOf(client) : null;

    /// <summary>Takes a call. While the node does not serve, every item of it is settled with UnavailableInCurrentMode at once.</summary>
    public void Submit(MasterCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (!serving.Accepts)
        {
            call.Refuse(ErrorCode.UnavailableInCurrentMode);
            return;
        }

        switch (call)
        {
            case KeyedCall { Operation: KeyedOperation.PutStart or KeyedOperation.UpsertStart }:
                segments.Tell(new SegmentRequest(call), ActorRefs.NoSender);
                break;
            case KeyedCall keyed:
                CallRouter.Route(keyed, shards);
                break;
            case ScanCall scan:
                scans.Tell(new ScanRequest(scan), ActorRefs.NoSender);
                break;
            case CreateTaskCall create:
                CallRouter.Locate(create, shards);
                break;
            default:
                segments.Tell(new SegmentRequest(call), ActorRefs.NoSender);
                break;
        }
    }
}
