// Who takes part in a failover spec: one process that conducts, three that each hold a node. The actor system of a role is made by the
// TestKit, so the node runs in that, on whatever port the system has found.
using System.Globalization;
using Akka.Configuration;
using Akka.Remote.TestKit;
using HotStandby.Actors.Node;
using HotStandby.Actors.Settings;

namespace HotStandby.Tests.MultiNode;

/// <summary>The roles. The TestKit finds them as properties, and makes the first one the conductor.</summary>
public sealed class FailoverSpecConfig : MultiNodeConfig
{
    private readonly Dictionary<RoleName, NodeConfiguration> _configurations;

    /// <summary>For the test adapter, which only counts roles.</summary>
    public FailoverSpecConfig()
        : this("")
    {
    }

    /// <summary>With settings on top of the defaults, for every node.</summary>
    public FailoverSpecConfig(string hocon)
    {
        Conductor = Role("conductor");
        Node1 = Role("node1");
        Node2 = Role("node2");
        Node3 = Role("node3");
        TestTransport = true;
        // Of the conductor, too: else a role whose system ended may stay deaf to it.
        CommonConfig = ConfigurationFactory.ParseString("akka { actor.provider = cluster, remote.use-passive-connections = off }");
        // Its nodes end and come back within a second or two; with Akka's defaults it would go on talking to the dead.
        NodeConfig([Conductor], [ConfigurationFactory.ParseString("""
            akka.remote {
              dot-netty.tcp.connection-timeout = 2s
              retry-gate-closed-for = 1s
              transport-failure-detector { heartbeat-interval = 1s, acceptable-heartbeat-pause = 5s }
            }
            """)]);
        _configurations = Nodes.ToDictionary(role => role, role => Configure(role.Name, hocon));
        foreach (var (role, configuration) in _configurations)
            NodeConfig([role], [WithAgent(HotStandbyNode.SystemConfig(configuration))]);
    }

    /// <summary>Plays the scenario; holds no node.</summary>
    public RoleName Conductor { get; }

    /// <summary>Holds node1.</summary>
    public RoleName Node1 { get; }

    /// <summary>Holds node2.</summary>
    public RoleName Node2 { get; }

    /// <summary>Holds node3.</summary>
    public RoleName Node3 { get; }

    internal RoleName[] Nodes => [Node1, Node2, Node3];

    internal NodeConfiguration ConfigurationOf(RoleName role) => _configurations[role];

    // A node takes messages by path at a few actors of its own alone. Here the conductor's agent is one more.
    private static Config WithAgent(Config node)
    {
        const string path = "akka.remote.trusted-selection-paths";
        var paths = node.GetStringList(path, []).Append($"/user/{NodeAgent.Name}").Select(each => $"\"{each}\"");
        return ConfigurationFactory.ParseString($"{path} = [{string.Join(", ", paths)}]").WithFallback(node);
    }

    private static NodeConfiguration Configure(string id, string hocon)
    {
        var directory = Path.Combine(
            Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"hotstandby-multinode-{Environment.ProcessId}-{id}"));
        var result = NodeConfiguration.Parse($$"""
            hotstandby { node-id = "{{id}}", voters = ["node1", "node2", "node3"], data-dir = "{{directory}}", remoting.port = 0 }
            akka {
              remote.dot-netty.tcp.connection-timeout = 2s # the throttle adapter loses what a real network would send again
              # The system ends with its node, and a system that is told to end hands nothing over.
              coordinated-shutdown { terminate-actor-system = on, run-by-actor-system-terminate = off }
            }
            {{hocon}}
            """, id);
        Assert.Empty(result.Errors);
        return result.Configuration!;
    }
}
