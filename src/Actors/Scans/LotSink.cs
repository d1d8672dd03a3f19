// Where the keyed calls of a scan are answered: on the thread of whatever shard settled the last item, so it only tells the scan.
using Akka.Actor;
using HotStandby.Core.Node;
using HotStandby.Messages.Calls;

namespace HotStandby.Actors.Scans;

/// <summary>The sink of a scan's keyed calls.</summary>
internal sealed class LotSink(IActorRef scan) : IReplySink
{
    /// <inheritdoc/>
    public void Answer(MasterCall call) => scan.Tell(new LotAnswered((KeyedCall)call), ActorRefs.NoSender);

    /// <inheritdoc/>
    public void Abandon(MasterCall call) => scan.Tell(LotAbandoned.Instance, ActorRefs.NoSender);
}
