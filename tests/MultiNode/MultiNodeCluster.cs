// The driver whose nodes are processes of Akka's MultiNode TestKit: the conductor's side. Links are cut, and nodes killed, by its
// TestConductor; nodes are begun and asked through their agents. The conductor itself is never cut off.
using Akka.Actor;
using Akka.Remote.TestKit;
using Akka.Remote.Transport;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Failover.Scenarios;

namespace HotStandby.Tests.MultiNode;

/// <summary>Three nodes, each in a role of its own.</summary>
internal sealed class MultiNodeCluster : IFailoverCluster
{
    private static readonly TimeSpan Patience = Deadline.Step;
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HealPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly ActorSystem _system;
    private readonly TestConductor _conductor;
    private readonly IReadOnlyDictionary<RoleName, Address> _addresses;
    private readonly Dictionary<FailoverNode, (RoleName Role, NodeStart Start)> _nodes = [];
    private readonly HashSet<(RoleName From, RoleName To)> _cuts = [];
    private readonly List<string> _broken = [];

    // Nodes are killed one after the other, however many at once are asked for: none may go while it is being cut off from another.
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Conducts.</summary>
    /// <param name="system">The conductor's.</param>
    /// <param name="conductor">The conductor's.</param>
    /// <param name="addresses">Of the roles that hold nodes; they keep them for all their systems.</param>
    public MultiNodeCluster(ActorSystem system, TestConductor conductor, IReadOnlyDictionary<RoleName, Address> addresses)
    {
        (_system, _conductor, _addresses) = (system, conductor, addresses);
        string[] seeds = [.. addresses.Values.Select(address => address.ToString())];
        var ports = new Queue<int>(LocalCluster.FreePorts(addresses.Count * 2));
        foreach (var role in addresses.Keys)
        {
            var start = new NodeStart(ports.Dequeue(), ports.Dequeue(), seeds);
            _nodes[new FailoverNode(role.Name, $"127.0.0.1:{start.ClientPort}", $"127.0.0.1:{start.HttpPort}")] = (role, start);
        }
    }

    public IReadOnlyList<FailoverNode> Nodes => [.. _nodes.Keys];

    public IReadOnlyList<string> Broken => _broken;

    public async Task StartAsync(FailoverNode node, CancellationToken stop)
    {
        var (role, start) = _nodes[node];
        await CommandAsync(role, NodeAgent.StartCommand(start), "running", stop);
    }

    public async Task KillAsync(FailoverNode node, CancellationToken stop)
    {
        var role = _nodes[node].Role;
        await CommandAsync(role, NodeAgent.ExpectEnd, "running", stop);
        await _turn.WaitAsync(stop);
        try
        {
            // Who is between two of its systems is not known to the TestKit, and hears nothing anyway.
            foreach (var peer in (await _conductor.GetNodes()).Where(peer => peer != role && _addresses.ContainsKey(peer)))
                await _conductor.Blackhole(role, peer, ThrottleTransportAdapter.Direction.Both);
            await _conductor.Shutdown(role, abort: true);
        }
        finally
        {
            _turn.Release();
        }

        await CommandAsync(role, NodeAgent.Look, "idle", stop);
    }

    public async Task LeaveAsync(FailoverNode node, CancellationToken stop)
    {
        var role = _nodes[node].Role;
        // Whatever the answer: it may be lost with the system that ends, and then the next system's agent answers.
        await CommandAsync(role, NodeAgent.Leave, null, stop);
        await CommandAsync(role, NodeAgent.Look, "idle", stop);
    }

    public Task LoseDiskAsync(FailoverNode node, CancellationToken stop) =>
        CommandAsync(_nodes[node].Role, NodeAgent.LoseDisk, "idle", stop);

    public async Task CutAsync(FailoverNode from, FailoverNode to, CancellationToken stop)
    {
        var (sender, receiver) = (_nodes[from].Role, _nodes[to].Role);
        _cuts.Add((sender, receiver));
        // At both ends: a node that starts again while it is cut off knows nothing of it, and the other end still does.
        await _conductor.Blackhole(sender, receiver, DirectionAt(sender, receiver));
        await _conductor.Blackhole(receiver, sender, DirectionAt(receiver, sender));
    }

    public async Task HealAsync(CancellationToken stop)
    {
        foreach (var (one, other) in _cuts.Concat(_cuts.Select(cut => (cut.To, cut.From))).Distinct())
        {
            while (!await LetThroughAsync(one, other, stop))
                await Task.Delay(PollInterval, stop);
        }

        _cuts.Clear();
    }

    // False: the node ended while it was asked (one that was cut off does, to start again), and its next system has to be asked. Soon: the
    // TestKit's adapter no longer answers once a node has tried to reach the others in vain for half a minute.
    private async Task<bool> LetThroughAsync(RoleName one, RoleName other, CancellationToken stop)
    {
        await WaitForRoleAsync(one, stop);
        await WaitForRoleAsync(other, stop);
        try
        {
            await _conductor.PassThrough(one, other, ThrottleTransportAdapter.Direction.Both).WaitAsync(HealPatience, stop);
            return true;
        }
        catch (Exception ended) when (ended is ArgumentException or AskTimeoutException or TimeoutException)
        {
            return false; // the TestKit answers with a failure, which its own caller takes for a wrong type
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var stop = new CancellationTokenSource(Patience);
        foreach (var role in _addresses.Keys)
            await CommandAsync(role, NodeAgent.Over, null, stop.Token);
        foreach (var role in _addresses.Keys)
            while ((await _conductor.GetNodes()).Contains(role))
            {
                AgentOf(role).Tell(NodeAgent.End);
                await Task.Delay(PollInterval, stop.Token);
            }

        _turn.Dispose();
    }

    // The adapter knows one mode for each pair of nodes, so both directions have to be said at once.
    private ThrottleTransportAdapter.Direction DirectionAt(
        RoleName node, RoleName peer) => (_cuts.Contains((node, peer)), _cuts.Contains((peer, node))) switch
        {
            (true, false) => ThrottleTransportAdapter.Direction.Send,
            (false, true) => ThrottleTransportAdapter.Direction.Receive,
            _ => ThrottleTransportAdapter.Direction.Both,
        };

    // A role between two of its systems is not known to the TestKit.
    private async Task WaitForRoleAsync(RoleName role, CancellationToken stop)
    {
        while (!(await _conductor.GetNodes()).Contains(role))
            await Task.Delay(PollInterval, stop);
    }

    // Says it until the answer is the awaited one: between two systems of a role nobody is there to answer, and all commands may come
    // twice.
    private async Task CommandAsync(RoleName role, string command, string? awaited, CancellationToken stop)
    {
        var agent = AgentOf(role);
        while (true)
        {
            var state = await AskAsync(agent, command, stop);
            if (state is not null && (awaited is null || state == awaited))
                return;
            if (state is not null && state.StartsWith("broken", StringComparison.Ordinal))
            {
                _broken.Add($"{role.Name}: {state}");
                return;
            }

            await Task.Delay(PollInterval, stop);
        }
    }

    private ActorSelection AgentOf(RoleName role) => _system.ActorSelection(new RootActorPath(_addresses[role]) / "user" / NodeAgent.Name);

    private static async Task<string?> AskAsync(ActorSelection agent, string command, CancellationToken stop)
    {
        try
        {
            return await agent.Ask<string>(command, AnswerPatience, stop);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
