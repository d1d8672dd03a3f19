// A connection that is an actor: it is sent what became of its calls, in order.
using Akka.Actor;
using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Actors;

/// <summary>To a connection: the call has its answer.</summary>
internal sealed record CallAnswered(MasterCall Call) : INoSerializationVerificationNeeded;

/// <summary>To a connection: the outcome of the call stays unknown.</summary>
internal sealed record CallAbandoned(MasterCall Call) : INoSerializationVerificationNeeded;

/// <param name="connection">Which actor.</param>
/// <param name="mayAbandon">False: a call that is abandoned fails the actor that does so.</param>
internal sealed class ActorSink(IActorRef connection, bool mayAbandon) : IReplySink
{
    public void Answer(MasterCall call) => connection.Tell(new CallAnswered(call));

    public void Abandon(MasterCall call)
    {
        if (!mayAbandon)
            throw new InvalidOperationException("no call is abandoned here");
        connection.Tell(new CallAbandoned(call));
    }
}
