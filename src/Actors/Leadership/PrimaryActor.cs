// The cluster singleton: the oracle that says which node should try to lead, and nothing more. It holds no data. Two of them
// may run for a moment; sealing and the lease, not this actor, decide who may lead.
using Akka.Actor;
using HotStandby.Core.Node;

namespace HotStandby.Actors.Leadership;

/// <summary>The singleton's termination message: hand over, then stop.</summary>
internal sealed record HandOver
{
    /// <summary>The only one.</summary>
    public static readonly HandOver Instance = new();
}

/// <summary>Crowns the replica of the node it runs on; uncrowns it before it stops.</summary>
internal sealed class PrimaryActor(IActorRef replica) : UntypedActor
{
    /// <summary>The singleton of a node.</summary>
    /// <param name="replica">That node's replica.</param>
    public static Props Props(IActorRef replica) => Akka.Actor.Props.Create(() => new PrimaryActor(replica));

    /// <inheritdoc/>
    protected override void PreStart() => replica.Tell(Crown.Instance);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HandOver:
                replica.Tell(Uncrown.Instance);
                break;
            case HandOverComplete:
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
