// Where the keyed calls of a scan are answered: on the thread of whatever shard settled the last item, so it only tells the scan.
using Akka.Actor;
using HotStandby.Messages.Calls;

namespace HotStandby.Actors.Scans;

/// <summary>A lot of the scan's keys has its results.</summary>
internal sealed record LotAnswered(KeyedCall Call) : INoSerializationVerificationNeeded;

/// <summary>A lot's outcome will never be known.</summary>
internal sealed record LotAbandoned : INoSerializationVerificationNeeded
{
    public static readonly LotAbandoned Instance = new();
}

/// <summary>The sink of a scan's keyed calls.</summary>
internal sealed class LotSink(IActorRef scan) : IReplySink
{
    /// <inheritdoc/>
    public void Answer(MasterCall call) => scan.Tell(new LotAnswered((KeyedCall)call), ActorRefs.NoSender);

    /// <inheritdoc/>
    public void Abandon(MasterCall call) => scan.Tell(LotAbandoned.Instance, ActorRefs.NoSender);
}
