using Akka.Actor;
using HotStandby.Actors.Cells;
using HotStandby.Actors.Gateway;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors;

/// <summary>The actors of a node with a test in the place of some of them.</summary>
internal static class TestRoutes
{
    public static NodeRoutes Of(
        IReadOnlyList<IActorRef> shards, IActorRef? segments = null, IActorRef? replica = null, IActorRef? evictor = null,
        IActorRef? verifier = null, ClientWatch? clients = null, IActorRef? node = null, IActorRef? scans = null,
        ServingState? serving = null)
    {
        var door = new Door(serving ?? new ServingState(TimeProvider.System), clients ?? new ClientWatch(TimeProvider.System));
        var routes = new NodeRoutes(shards.Count, door)
        {
            Replica = replica ?? ActorRefs.Nobody, Evictor = evictor ?? ActorRefs.Nobody, Verifier = verifier ?? ActorRefs.Nobody,
            Node = node ?? ActorRefs.Nobody, Scans = scans ?? ActorRefs.Nobody,
        };
        routes.Add(Partition.SegmentTable, segments ?? ActorRefs.Nobody);
        for (var shard = 0; shard < shards.Count; shard++)
            routes.Add(Partition.OfShard(shard), shards[shard]);
        return routes;
    }
}
