// The node as the endpoints see it: its right to serve, its report, its calls.
using Akka.Actor;
using HotStandby.Actors.Checkpoints;
using HotStandby.Actors.Node;
using HotStandby.Actors.Verification;
using HotStandby.Host.Events;
using HotStandby.Core.Replication;
using HotStandby.Core.Verification;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using Microsoft.AspNetCore.Http;

namespace HotStandby.Host.Http;

/// <summary>What every endpoint family is given.</summary>
internal sealed class AdminNode(
    AdminOptions options, IMasterGateway gateway, Func<CancellationToken, Task<NodeReport>> report,
    NodeControls controls)
{
    /// <summary>How it is, for who looks on.</summary>
    public SnapshotSource Snapshots => field ??= new SnapshotSource(this, TimeProvider.System);

    /// <summary>How the port was set up.</summary>
    public AdminOptions Options => options;

    /// <summary>What operators may have it do.</summary>
    public NodeControls Controls => controls;

    /// <summary>True while the node leads, its lease holds, and it does not hand over.</summary>
    public bool Serves => gateway.Service == ServiceState.Serving;

    /// <summary>The reign; 0 while the node does not serve.</summary>
    public ulong Epoch => gateway.Epoch;

    /// <summary>The node's report, or null when it does not come: a node that reads its journal is silent.</summary>
    public async Task<NodeReport?> TryReportAsync(CancellationToken stop)
    {
        try
        {
            return await report(stop);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>The same for probes, which have little patience.</summary>
    public async Task<NodeReport?> TryProbeAsync(CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(options.ProbeTimeout);
        try
        {
            return await TryReportAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Asks something of the node's state; null, or why not.</summary>
    /// <exception cref="AskTimeoutException">The node does not answer.</exception>
    public Task<string?> RunAsync(NodeCommand wanted, CancellationToken stop) => controls.Run(wanted, stop);

    /// <summary>Puts a fault into a shard, for verification to find; how many things are wrong now.</summary>
    /// <exception cref="InvalidOperationException">Faults are not allowed here, the node leads, or there is no such shard.</exception>
    /// <exception cref="AskTimeoutException">The node does not answer.</exception>
    public Task<int> InjectAsync(Partition shard, VerifyFault fault, CancellationToken stop) => controls.Inject(shard, fault, stop);

    /// <summary>Runs the call that is made for a sink; the refusal is null when its results may be told.</summary>
    public Task<(TCall Call, IResult? Refusal)> RunAsync<TCall>(Func<IReplySink, TCall> create, CancellationToken stop) where TCall : MasterCall =>
        RunAsync(create, options.CallTimeout, stop);

    /// <summary>The same, with another patience than the port's.</summary>
    public async Task<(TCall Call, IResult? Refusal)> RunAsync<TCall>(Func<IReplySink, TCall> create, TimeSpan patience, CancellationToken stop)
        where TCall : MasterCall
    {
        var awaited = new AwaitedCall();
        var call = create(awaited);
        return (call, await awaited.RunAsync(gateway, call, patience, stop));
    }

    /// <summary>Mooncake's word for how far the node is.</summary>
    public string HaStateOf(NodeReport? known) => known?.Replica switch
    {
        _ when Serves => "serving",
        null => "recovering",
        { Role: ReplicaRole.Primary } => "leader_warmup",
        { Role: ReplicaRole.Candidate } => "candidate",
        { Leader.Name: "" } => "starting",
        { Voting: false } => "catching_up",
        _ => "standby",
    };
}

/// <summary>What operators may have the node do beside the calls of clients.</summary>
/// <param name="Run">Begins something; null, or why not.</param>
/// <param name="Inject">Puts a fault into a shard of a Standby, where the settings allow it; how many things are wrong now.</param>
public sealed record NodeControls(
    Func<NodeCommand, CancellationToken, Task<string?>> Run, Func<Partition, VerifyFault, CancellationToken, Task<int>> Inject)
{
    /// <summary>Lets another node lead, the one that is named or the one that is furthest; null when that has begun, or why not.</summary>
    public required Func<NodeId, CancellationToken, Task<string?>> SwitchOver { get; init; }

    /// <summary>Compares partitions with the Primary, all when none is named; waits for the outcome, so long at most.</summary>
    public required Func<IReadOnlyList<Partition>, TimeSpan, CancellationToken, Task<VerifyNowAnswer>> Verify { get; init; }

    /// <summary>Entries of the journal from a seq on, roughly so many bytes.</summary>
    public required Func<ulong, long, CancellationToken, Task<IReadOnlyList<OpLogBatch>>> ReadOpLog { get; init; }

    /// <summary>The cluster's members, oldest first.</summary>
    public required Func<IReadOnlyList<MemberReport>> Members { get; init; }

    /// <summary>Those of a running node.</summary>
    public static NodeControls Of(HotStandbyNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return new NodeControls(node.RunAsync, node.InjectFaultAsync)
        {
            SwitchOver = node.SwitchOverAsync, Verify = node.VerifyAsync, ReadOpLog = node.ReadAsync, Members = node.Members,
        };
    }
}
