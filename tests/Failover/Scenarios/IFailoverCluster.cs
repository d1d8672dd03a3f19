// What a failover scenario may do to a cluster, whatever the cluster is made of. Three drivers: actor systems in this process, node
// processes, and the roles of Akka's MultiNode TestKit. What a scenario sees of the nodes comes through their own doors.
namespace HotStandby.Tests.Failover.Scenarios;

/// <summary>A node and where it is asked, alive or not.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ClientAddress">host:port of its client door, the same in all its lives.</param>
/// <param name="HttpAddress">host:port of its HTTP port, the same in all its lives.</param>
internal sealed record FailoverNode(string Id, string ClientAddress, string HttpAddress);

/// <summary>
/// Nodes that can be started, ended and cut off from each other. A node that ends on its own because it must start afresh is started again
/// by the driver, as its supervisor would. Calls for different nodes may come at the same time.
/// </summary>
internal interface IFailoverCluster : IAsyncDisposable
{
    /// <summary>The nodes, all of them voters, in the order of their seats. None runs before it is started.</summary>
    IReadOnlyList<FailoverNode> Nodes { get; }

    /// <summary>Why nodes ended that should have gone on; empty in a good run.</summary>
    IReadOnlyList<string> Broken { get; }

    /// <summary>Begins a life of a node that does not run. Does not wait until it is of use.</summary>
    Task StartAsync(FailoverNode node, CancellationToken stop);

    /// <summary>Ends a life at once: the node says nothing more to anybody, and hands nothing over. Returns when it is gone.</summary>
    Task KillAsync(FailoverNode node, CancellationToken stop);

    /// <summary>Ends a life in order: the node hands over and leaves. Returns when it is gone.</summary>
    Task LeaveAsync(FailoverNode node, CancellationToken stop);

    /// <summary>Takes everything that a node has stored. It must not run.</summary>
    Task LoseDiskAsync(FailoverNode node, CancellationToken stop);

    /// <summary>
    /// From now on nothing that one node sends reaches the other; the other direction stays as it is. Clients are not concerned.
    /// </summary>
    Task CutAsync(FailoverNode from, FailoverNode to, CancellationToken stop);

    /// <summary>Ends all cuts.</summary>
    Task HealAsync(CancellationToken stop);
}

/// <summary>Makes a cluster of three nodes, none of which runs yet.</summary>
/// <param name="hocon">Settings on top of the defaults, for every node.</param>
internal delegate Task<IFailoverCluster> FailoverClusterFactory(string hocon);
