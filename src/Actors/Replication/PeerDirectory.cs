// Who of the configured voters is where. A node shows its id as the cluster role "node.<id>", so membership gossip is all
// the discovery there is. A node that was started again elsewhere is a member twice until its earlier life is removed.
using Akka.Actor;
using Akka.Cluster;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Settings;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Replication;

/// <summary>References to the replicas of the other nodes, or to the actors of another path there.</summary>
internal sealed class PeerDirectory(ExtendedActorSystem system, string[]? path = null) : IClientAddresses
{
    /// <summary>Path of the replica below the user guardian, the same on every node.</summary>
    public static readonly string[] ReplicaPath = ["user", "node", "replica"];

    // The lives of each node, the youngest last.
    private readonly Dictionary<NodeId, List<(Member Member, IActorRef Replica)>> _lives = [];

    /// <summary>What the cluster says of a member.</summary>
    public void Note(ClusterEvent.IMemberEvent happened)
    {
        if (happened is ClusterEvent.MemberRemoved)
            Remove(happened.Member);
        else
            Add(happened.Member);
    }

    /// <summary>A member is there, or has another status now.</summary>
    public void Add(Member member)
    {
        var node = NodeConfiguration.NodeOf(member.Roles);
        if (node == NodeId.None)
            return;
        if (!_lives.TryGetValue(node, out var lives))
            _lives[node] = lives = [];
        lives.RemoveAll(life => life.Member.UniqueAddress == member.UniqueAddress);
        var place = lives.FindIndex(life => member.IsOlderThan(life.Member));
        lives.Insert(
            place < 0 ? lives.Count : place,
            (member, system.Provider.ResolveActorRef(new RootActorPath(member.Address) / (path ?? ReplicaPath))));
    }

    /// <summary>A member is gone; a later life of its node stays.</summary>
    public void Remove(Member member)
    {
        var node = NodeConfiguration.NodeOf(member.Roles);
        if (!_lives.TryGetValue(node, out var lives))
            return;
        lives.RemoveAll(life => life.Member.UniqueAddress == member.UniqueAddress);
        if (lives.Count == 0)
            _lives.Remove(node);
    }

    /// <inheritdoc/>
    public string ClientAddressOf(NodeId node) =>
        _lives.TryGetValue(node, out var lives) ? NodeConfiguration.ClientOf(lives[^1].Member.Roles) : "";

    /// <summary>The replica of the node's latest life, or null while the node is not a member.</summary>
    public IActorRef? this[NodeId node] => _lives.TryGetValue(node, out var lives) ? lives[^1].Replica : null;
}
