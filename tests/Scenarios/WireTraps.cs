// The traps and the other calls over the wire, against three node processes whose times are real. So each half of a trap has a cluster of
// its own: one whose times no loaded machine reaches, and others of which one kind of time runs out soon.
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Scenarios.Drivers;

namespace HotStandby.Tests.Scenarios;

/// <summary>One cluster for all scenarios of a class.</summary>
/// <param name="objects">The times.</param>
public abstract class ScenarioCluster(string objects) : IAsyncLifetime
{
    private int _scenarios;

    public LocalCluster Nodes { get; } = LocalCluster.Create(3, $$"""
        hotstandby.objects {
          {{objects}}
          client-ttl = 1h
          transfer-timeout = 24h
          multi-tenants = on # each scenario is a tenant
        }
        # Only when a put has found no room, so that scenarios decide when.
        hotstandby.eviction { high-watermark = 1.0, headroom = 0 }
        # Only scenarios cost a Primary its reign, and not a machine that is busy for a while.
        hotstandby.lease.duration = 10s
        hotstandby.membership.stable-after = 10s
        akka.cluster.failure-detector.acceptable-heartbeat-pause = 10s
        """);

    public int NextScenario() => Interlocked.Increment(ref _scenarios);

    public async Task InitializeAsync()
    {
        Nodes.StartAll();
        await Nodes.WaitForPrimaryAsync(Deadline.Step, CancellationToken.None);
    }

    public async Task DisposeAsync() => await Nodes.DisposeAsync();
}

/// <summary>Its times do not run out: the longest that the settings allow.</summary>
public sealed class LastingCluster()
    : ScenarioCluster("lease-ttl = 10min, put-start-discard-timeout = 1h, put-start-release-timeout = 24h");

/// <summary>Its leases run out.</summary>
public sealed class ShortLeaseCluster()
    : ScenarioCluster("lease-ttl = 1s, put-start-discard-timeout = 1h, put-start-release-timeout = 24h");

/// <summary>Its puts count as abandoned at once, and their memory is free soon.</summary>
public sealed class ShortPutCluster()
    : ScenarioCluster("lease-ttl = 10min, put-start-discard-timeout = 1s, put-start-release-timeout = 2s");

public sealed class WireTraps(LastingCluster cluster) : CallScenarios, IClassFixture<LastingCluster>, IAsyncLifetime
{
    private readonly WireMaster _master = new(cluster.Nodes, cluster.NextScenario());

    private protected override IScenarioMaster Master => _master;

    private protected override TimeSpan Lease { get; } = TimeSpan.FromMinutes(10);

    private protected override TimeSpan Discard { get; } = TimeSpan.FromHours(1);

    private protected override TimeSpan Release { get; } = TimeSpan.FromHours(24);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _master.DisposeAsync();
}

public sealed class WireLeaseExpiry(ShortLeaseCluster cluster) : LeaseExpiryScenarios, IClassFixture<ShortLeaseCluster>, IAsyncLifetime
{
    private readonly WireMaster _master = new(cluster.Nodes, cluster.NextScenario());

    private protected override IScenarioMaster Master => _master;

    private protected override TimeSpan Lease { get; } = TimeSpan.FromSeconds(1);

    private protected override TimeSpan Discard { get; } = TimeSpan.FromHours(1);

    private protected override TimeSpan Release { get; } = TimeSpan.FromHours(24);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _master.DisposeAsync();
}

public sealed class WirePutExpiry(ShortPutCluster cluster) : PutExpiryScenarios, IClassFixture<ShortPutCluster>, IAsyncLifetime
{
    private readonly WireMaster _master = new(cluster.Nodes, cluster.NextScenario());

    private protected override IScenarioMaster Master => _master;

    private protected override TimeSpan Lease { get; } = TimeSpan.FromMinutes(10);

    private protected override TimeSpan Discard { get; } = TimeSpan.FromSeconds(1);

    private protected override TimeSpan Release { get; } = TimeSpan.FromSeconds(2);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _master.DisposeAsync();
}
