// The way from the door into the actors: connection threads call it, many at a time. It decides nothing but where a call
// goes, and refuses calls while the node has no right to serve.
using Akka.Actor;
using HotStandby.Actors.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;

namespace HotStandby.Actors.Gateway;

/// <summary>Routes calls: PutStart and calls on segments to the segment table, everything else to the shards.</summary>
/// <param name="serving">The right to serve.</param>
/// <param name="segments">The <see cref="SegmentActor"/>.</param>
/// <param name="router">To the shards.</param>
public sealed class MasterGateway(ServingState serving, IActorRef segments, ShardRouter router) : IMasterGateway
{
    /// <inheritdoc/>
    public bool MayServe => serving.MayServe;

    /// <inheritdoc/>
    public ulong Epoch => serving.Epoch;

    /// <summary>Takes a call. While the node does not serve, every item of it is settled with UnavailableInCurrentMode at once.</summary>
    public void Submit(MasterCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (!serving.Accepts)
            call.Refuse(ErrorCode.UnavailableInCurrentMode);
        else if (call is KeyedCall { Operation: not KeyedOperation.PutStart } keyed)
            router.Route(keyed);
        else
            segments.Tell(new SegmentRequest(call), ActorRefs.NoSender);
    }
}
