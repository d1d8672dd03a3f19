// One node as an actor system in this process, with the faults that Akka.Remote's throttle adapter can make, and with what a supervisor
// does: a life that ended on its own, because its peers gave it up, is followed by the next.
using Akka.Actor;
using Akka.Remote;
using Akka.Remote.Transport;
using HotStandby.Core.Membership;
using HotStandby.Actors.Node;
using HotStandby.Actors.Settings;

namespace HotStandby.Tests.Failover.InProcess;

/// <summary>A node and its lives, one at a time.</summary>
/// <param name="configuration">With the throttle adapter applied.</param>
/// <param name="address">Its remoting address.</param>
/// <param name="onBroken">Hears why a life ended that should not have.</param>
internal sealed class InProcessNode(NodeConfiguration configuration, Address address, Action<string> onBroken)
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<Address> _deafPeers = [];
    private ServedNode? _life;
    private Task _supervision = Task.CompletedTask;
    private bool _isBroken;

    /// <summary>Where the others find it.</summary>
    public Address Address { get; } = address;

    /// <summary>Begins a life.</summary>
    public async Task StartAsync()
    {
        using var turn = await TakeTurnAsync();
        await StartLifeAsync();
    }

    /// <summary>Ends the life at once: nothing that it may still do is heard by anybody.</summary>
    /// <param name="peers">Everybody else.</param>
    public async Task KillAsync(IEnumerable<Address> peers)
    {
        ActorSystem system;
        using (await TakeTurnAsync())
        {
            system = Life.Node.System;
            foreach (var peer in peers)
                await ThrottleAsync(system, peer, ThrottleTransportAdapter.Direction.Both, Blackhole.Instance);
            await EndLifeAsync();
            await system.Terminate(); // without coordinated shutdown: see the configuration
        }

        await _supervision;
    }

    /// <summary>Ends the life in order.</summary>
    public async Task LeaveAsync()
    {
        using (await TakeTurnAsync())
        {
            var node = Life.Node;
            await node.StopAsync();
            await EndLifeAsync();
            await node.System.WhenTerminated;
        }

        await _supervision;
    }

    /// <summary>Nothing that this node sends reaches the peer any more, in this life and later ones.</summary>
    public async Task CutAsync(Address peer)
    {
        using var turn = await TakeTurnAsync();
        _deafPeers.Add(peer);
        if (_life is { } life)
            await ThrottleAsync(life.Node.System, peer, ThrottleTransportAdapter.Direction.Send, Blackhole.Instance);
    }

    /// <summary>Everything that this node sends reaches everybody again.</summary>
    public async Task HealAsync()
    {
        using var turn = await TakeTurnAsync();
        // Both: as long as the adapter knows a mode for sending alone, it lets no new connection of that peer in.
        foreach (var peer in _deafPeers)
            if (_life is { } life)
                await ThrottleAsync(life.Node.System, peer, ThrottleTransportAdapter.Direction.Both, Unthrottled.Instance);
        _deafPeers.Clear();
    }

    /// <summary>Ends what runs.</summary>
    public async Task EndAsync()
    {
        using (await TakeTurnAsync())
        {
            if (_life is { } life)
            {
                await EndLifeAsync();
                await life.Node.System.Terminate();
            }
        }

        await _supervision;
        _turn.Dispose();
    }

    private ServedNode Life => _life ?? throw new InvalidOperationException($"node {configuration.Settings.NodeId} does not run");

    private async Task StartLifeAsync()
    {
        if (_life is not null)
            throw new InvalidOperationException($"node {configuration.Settings.NodeId} runs already");
        var life = new TaskCompletionSource<HotStandbyNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        var node = await HotStandbyNode.StartAsync(configuration, TimeProvider.System, failure => OnFatal(failure, life.Task));
        foreach (var peer in _deafPeers)
            await ThrottleAsync(node.System, peer, ThrottleTransportAdapter.Direction.Send, Blackhole.Instance);
        var (client, http) = (configuration.Settings.Client, configuration.Settings.Http);
        _life = await ServedNode.OpenAsync(node, client, client.Port, http.Port);
        life.SetResult(node);
        _supervision = SuperviseAsync(_life);
    }

    private async Task EndLifeAsync()
    {
        var life = Life;
        _life = null;
        await life.CloseAsync();
    }

    private async Task SuperviseAsync(ServedNode life)
    {
        await life.Node.System.WhenTerminated;
        using var turn = await TakeTurnAsync();
        if (_life != life)
            return; // It was ended from here.
        await EndLifeAsync();
        if (!_isBroken)
            await StartLifeAsync();
    }

    // What ends a process ends the actor system here.
    private void OnFatal(Exception failure, Task<HotStandbyNode> life)
    {
        if (failure is not MembershipException { MayComeBack: true })
        {
            _isBroken = true;
            onBroken($"{configuration.Settings.NodeId}: {failure}");
        }

        _ = life.ContinueWith(started => started.Result.System.Terminate(), TaskScheduler.Default);
    }

    private static async Task ThrottleAsync(
        ActorSystem system, Address peer, ThrottleTransportAdapter.Direction direction, ThrottleMode mode)
    {
        var remoting = ((IRemoteActorRefProvider)((ExtendedActorSystem)system).Provider).Transport;
        var done = await remoting.ManagementCommand(new SetThrottle(peer, direction, mode));
        Assert.True(done, "the throttle adapter is not applied");
    }

    private async Task<Turn> TakeTurnAsync()
    {
        await _turn.WaitAsync();
        return new Turn(_turn);
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
