// Actors that a node cannot do without, directly below the user guardian. One that fails while it is made is stopped by Akka with a line in
// the log, and the node would go on without it: so the node ends instead.
using System.Reflection;
using Akka.Actor;

namespace HotStandby.Actors.Node;

/// <summary>Makes one such actor; used for every top-level actor of <see cref="HotStandbyNode"/>.</summary>
internal sealed class VitalActor(Props props, Action<Exception> onFatal) : IIndirectActorProducer
{
    /// <inheritdoc/>
    public Type ActorType => props.Type;

    /// <summary>The same actor, with the end of the node when it cannot be made.</summary>
    /// <param name="props">How to make it.</param>
    /// <param name="onFatal">The node cannot go on.</param>
    public static Props Props(Props props, Action<Exception> onFatal) =>
        Akka.Actor.Props.CreateBy(new VitalActor(props, onFatal)).WithDeploy(props.Deploy);

    /// <inheritdoc/>
    public ActorBase Produce()
    {
        try
        {
            return props.NewActor();
        }
        catch (Exception failure)
        {
            onFatal(CauseOf(failure));
            throw;
        }
    }

    /// <inheritdoc/>
    public void Release(ActorBase actor)
    {
    }

    // Akka and reflection wrap what the constructor has thrown.
    private static Exception CauseOf(Exception failure)
    {
        while (failure is TypeLoadException or TargetInvocationException && failure.InnerException is { } inner)
            failure = inner;
        return failure;
    }
}
