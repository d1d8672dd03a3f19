// A node that its peers have quarantined can never talk to them again, but Akka.NET lets it run on, singleton included
// (akka.net issue 8482). This ends it, so that its supervisor starts it afresh and it can join again.
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;

namespace HotStandby.Actors.Leadership;

/// <summary>Shuts the node down when a peer has quarantined it.</summary>
internal sealed class QuarantineGuard : UntypedActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>One a node.</summary>
    public static Props Props() => Akka.Actor.Props.Create(() => new QuarantineGuard());

    /// <inheritdoc/>
    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));

    /// <inheritdoc/>
    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        if (message is not ThisActorSystemQuarantinedEvent quarantined)
        {
            Unhandled(message);
            return;
        }

        _log.Error("This node was quarantined by {Address}: it stops, to be started afresh", quarantined.RemoteAddress);
        CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterDowningReason.Instance);
    }
}
