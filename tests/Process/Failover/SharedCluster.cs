// One cluster for all tests of a class that leave it as it was: to start nodes costs more than most of those tests.
using HotStandby.Lab.Cluster;

namespace HotStandby.Tests.Process.Failover;

/// <summary>A class fixture: the nodes run, and one serves.</summary>
/// <param name="nodes">How many.</param>
/// <param name="hocon">Settings of every node.</param>
public abstract class SharedCluster(int nodes, string hocon = "") : IAsyncLifetime
{
    internal LocalCluster Cluster { get; } = LocalCluster.Create(nodes, ClusterTest.Lasting + hocon);

    public async Task InitializeAsync()
    {
        using var stop = new CancellationTokenSource(Deadline.Test);
        Prepare(Cluster);
        Cluster.StartAll();
        await WaitAsync(Cluster, stop.Token);
    }

    public virtual async Task DisposeAsync() => await Cluster.DisposeAsync();

    /// <summary>Before the nodes start.</summary>
    internal virtual void Prepare(LocalCluster cluster)
    {
    }

    /// <summary>Waits until tests may begin.</summary>
    internal virtual Task WaitAsync(LocalCluster cluster, CancellationToken stop) => cluster.WaitForPrimaryAsync(Deadline.Step, stop);
}
