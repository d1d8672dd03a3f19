// The node of one role: begins and ends its lives as the conductor says, in the actor system that the role has at the moment. What a
// supervisor does is done here, too: a node whose life ended unasked is started again in the role's next system.
using Akka.Actor;
using HotStandby.Core.Membership;
using HotStandby.Actors.Node;
using HotStandby.Actors.Settings;
using HotStandby.Tests.Failover.InProcess;

namespace HotStandby.Tests.MultiNode;

/// <summary>How a node is begun: the ports of its doors, and whom it joins.</summary>
internal sealed record NodeStart(int ClientPort, int HttpPort, IReadOnlyList<string> Seeds);

/// <summary>Holds the node of a role. Its agent calls it, one call at a time, and the role's own loop.</summary>
internal sealed class NodeHost(NodeConfiguration configuration)
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActorSystem? _system;
    private ServedNode? _life;
    private NodeStart? _begun;
    private volatile string? _whyBroken;

    /// <summary>The scenario is over, and the conductor has been told so.</summary>
    public bool IsOver { get; set; }

    /// <summary>Completes when the role may end.</summary>
    public Task Ended => _ended.Task;

    /// <summary>What the conductor is told: that a node runs, that none does, or why it ended.</summary>
    public string State => _whyBroken is { } reason ? $"broken: {reason}" : _life is null ? "idle" : "running";

    /// <summary>The role has another actor system; a node that ended unasked is started again in it.</summary>
    public async Task EnterAsync(ActorSystem system)
    {
        await _turn.WaitAsync();
        _system = system;
        if (_begun is { } begun)
            await StartLifeAsync(system, begun);
        _turn.Release();
    }

    /// <summary>The actor system has ended, or the scenario is over: nothing of a life is left.</summary>
    public async Task LeaveSystemAsync()
    {
        await _turn.WaitAsync();
        if (_life is { } life)
            await life.CloseAsync();
        _life = null;
        if (_system is { } system)
            await system.Terminate();
        _system = null;
        _turn.Release();
    }

    /// <summary>Begins a life, unless one runs.</summary>
    public async Task StartAsync(NodeStart start)
    {
        await _turn.WaitAsync();
        if (_system is { } system && _life is null)
            await StartLifeAsync(system, _begun = start);
        _turn.Release();
    }

    /// <summary>The next end is one that was asked for.</summary>
    public void ExpectEnd() => _begun = null;

    /// <summary>Hands over and ends, and with the node its actor system.</summary>
    public Task? Leave()
    {
        ExpectEnd();
        return _life?.Node.StopAsync();
    }

    /// <summary>Removes what the node has stored.</summary>
    public void RemoveData()
    {
        if (Directory.Exists(configuration.Settings.DataDirectory))
            Directory.Delete(configuration.Settings.DataDirectory, recursive: true);
    }

    /// <summary>The role may end.</summary>
    public void End() => _ended.TrySetResult();

    private async Task StartLifeAsync(ActorSystem system, NodeStart start)
    {
        var node = await HotStandbyNode.StartInAsync(
            system, configuration, start.Seeds, TimeProvider.System, failure => OnFatal(system, failure));
        _life = await ServedNode.OpenAsync(node, configuration.Settings.Client, start.ClientPort, start.HttpPort);
    }

    private void OnFatal(ActorSystem system, Exception failure)
    {
        if (failure is not MembershipException { MayComeBack: true })
        {
            _whyBroken = failure.Message;
            ExpectEnd();
        }

        _ = system.Terminate();
    }
}
