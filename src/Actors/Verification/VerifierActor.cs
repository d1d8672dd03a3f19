// Carries the verifier of a node, and knows the way to the verifiers of the other nodes.
using Akka.Actor;
using Akka.Cluster;
using HotStandby.Actors.Cells;
using HotStandby.Actors.Replication;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Verification;

/// <summary>The actor of a <see cref="VerifierCell"/>; lives as long as the node.</summary>
internal sealed class VerifierActor : CellActor
{
    /// <summary>Its name below the node's actor, the same on every node.</summary>
    public const string Name = "verifier";

    private static readonly string[] Path = ["user", "node", Name];

    private readonly PeerDirectory _peers = new((ExtendedActorSystem)Context.System, Path);

    /// <summary>Use <see cref="Props"/>.</summary>
    public VerifierActor(VerifierSettings settings, int partitions, IRoutes routes, TimeProvider time)
        : base(outbox => new VerifierCell(settings, partitions, outbox), routes, time)
    {
    }

    /// <summary>The child of the node's actor.</summary>
    /// <param name="settings">How it verifies.</param>
    /// <param name="partitions">How many there are, the segment table included.</param>
    /// <param name="routes">To replica, partitions and node.</param>
    /// <param name="time">The clocks.</param>
    public static Props Props(VerifierSettings settings, int partitions, IRoutes routes, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new VerifierActor(settings, partitions, routes, time));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        base.PreStart();
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        Cluster.Get(Context.System).Unsubscribe(Self);
        base.PostStop();
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        if (message is ClusterEvent.IMemberEvent member)
            _peers.Note(member);
        else
            base.OnReceive(message);
    }

    /// <inheritdoc/>
    protected override void Send(in CellAddress to, object message, IActorRef from)
    {
        if (to.Kind == CellKind.PeerVerifier)
            _peers[new NodeId((string)to.Who!)]?.Tell(message, from);
        else
            base.Send(to, message, from);
    }
}
