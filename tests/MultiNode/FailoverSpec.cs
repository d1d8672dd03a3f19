// What each process of a failover spec does: the conductor plays the scenario, the others hold a node and obey. A node that ends takes its
// actor system with it, so a role goes through several systems. The TestKit knows a role by its name alone and forgets it when the
// disconnect of an earlier system arrives late, so no barrier is entered after the first: the conductor tells each role that the scenario
// is over.
using Akka.Actor;
using Akka.Cluster.TestKit;
using Akka.Remote.TestKit;
using HotStandby.Tests.Failover.Scenarios;

namespace HotStandby.Tests.MultiNode;

/// <summary>Plays one scenario in four processes.</summary>
public abstract class FailoverSpec : MultiNodeClusterSpec
{
    private readonly FailoverSpecConfig _config;
    private readonly FailoverScenario _scenario;

    private protected FailoverSpec(FailoverScenario scenario, Type type)
        : this(new FailoverSpecConfig($"hotstandby.shards = {FailoverRun.Shards}\n{scenario.Hocon}"), scenario, type)
    {
    }

    private protected FailoverSpec(FailoverSpecConfig config, FailoverScenario scenario, Type type)
        : base(config, type) => (_config, _scenario) = (config, scenario);

    /// <summary>The whole test, in each of the processes.</summary>
    private protected async Task PlayAsync()
    {
        EnterBarrier("all are there");
        await RunOnAsync(ConductAsync, _config.Conductor);
        await RunOnAsync(HoldNodeAsync, _config.Nodes);
    }

    private async Task ConductAsync()
    {
        var addresses = _config.Nodes.ToDictionary(role => role, GetAddress);
        var cluster = new MultiNodeCluster(Sys, TestConductor, addresses);
        await FailoverRun.PlayAsync(_scenario, _ => Task.FromResult<IFailoverCluster>(cluster), Console.WriteLine);
    }

    private async Task HoldNodeAsync()
    {
        var host = new NodeHost(_config.ConfigurationOf(Myself));
        var system = Sys;
        while (true)
        {
            await host.EnterAsync(system);
            system.ActorOf(NodeAgent.Props(host), NodeAgent.Name);
            await Task.WhenAny(host.Ended, system.WhenTerminated);
            await host.LeaveSystemAsync();
            if (host.IsOver)
                break;
            system = StartNewSystem();
        }

        host.RemoveData();
    }
}
