// The traps and the other calls over the wire, against three node processes. Times are shorter here, and real.
using HotStandby.Host.Cluster;
using HotStandby.Tests.Scenarios.Drivers;

namespace HotStandby.Tests.Scenarios;

/// <summary>One cluster for all scenarios of a class.</summary>
public sealed class ScenarioCluster : IAsyncLifetime
{
    private int _scenarios;

    public LocalCluster Nodes { get; } = LocalCluster.Create(3, """
        hotstandby.objects {
          lease-ttl = 2s
          put-start-discard-timeout = 2s
          put-start-release-timeout = 6s
          multi-tenants = on # each scenario is a tenant
        }
        # Only when a put has found no room, so that scenarios decide when.
        hotstandby.eviction { high-watermark = 1.0, headroom = 0 }
        """);

    public int NextScenario() => Interlocked.Increment(ref _scenarios);

    public async Task InitializeAsync()
    {
        Nodes.StartAll();
        await Nodes.WaitForPrimaryAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
    }

    public async Task DisposeAsync() => await Nodes.DisposeAsync();
}

public sealed class WireTraps(ScenarioCluster cluster) : CallScenarios, IClassFixture<ScenarioCluster>, IAsyncLifetime
{
    private readonly WireMaster _master = new(cluster.Nodes, cluster.NextScenario());

    private protected override IScenarioMaster Master => _master;

    private protected override TimeSpan Lease { get; } = TimeSpan.FromSeconds(2);

    private protected override TimeSpan Discard { get; } = TimeSpan.FromSeconds(2);

    private protected override TimeSpan Release { get; } = TimeSpan.FromSeconds(6);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _master.DisposeAsync();
}
