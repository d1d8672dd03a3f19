// Who of the configured voters is where. A node shows its id as the cluster role "node.<id>", so membership gossip is all
// the discovery there is.
using Akka.Actor;
using Akka.Cluster;
using HotStandby.Actors.Settings;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Replication;

/// <summary>References to the replicas of the other nodes.</summary>
internal sealed class PeerDirectory(ExtendedActorSystem system)
{
    /// <summary>Path of the replica below the user guardian, the same on every node.</summary>
    public static readonly string[] ReplicaPath = ["user", "node", "replica"];

    private readonly Dictionary<NodeId, (UniqueAddress Address, IActorRef Replica)> _peers = [];

    /// <summary>A member is there (or there again, under a new address).</summary>
    public void Add(Member member)
    {
        var node = NodeConfiguration.NodeOf(member.Roles);
        if (node != NodeId.None)
            _peers[node] = (member.UniqueAddress, system.Provider.ResolveActorRef(new RootActorPath(member.Address) / ReplicaPath));
    }

    /// <summary>A member is gone, unless a later life of the node has taken its place.</summary>
    public void Remove(Member member)
    {
        var node = NodeConfiguration.NodeOf(member.Roles);
        if (_peers.TryGetValue(node, out var peer) && peer.Address == member.UniqueAddress)
            _peers.Remove(node);
    }

    /// <summary>The node's replica, or null while the node is not a member.</summary>
    public IActorRef? this[NodeId node] => _peers.TryGetValue(node, out var peer) ? peer.Replica : null;

}
