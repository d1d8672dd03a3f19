// The node as the endpoints see it: its right to serve, its report, its calls.
using Akka.Actor;
using HotStandby.Actors.Node;
using HotStandby.Actors.Verification;
using HotStandby.Core.Membership;
using HotStandby.Core.Node;
using HotStandby.Host.Events;
using HotStandby.Host.Telemetry;
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
    public RecentValue<NodeSnapshot> Snapshots =>
        field ??= new(() => NodeSnapshot.TakeAsync(this, options.Time, CancellationToken.None), options.Time);

    /// <summary>How it is, with its segments and all that is counted.</summary>
    public RecentValue<NodeSample> Samples => field ??= new(() => NodeSample.TakeAsync(this, CancellationToken.None), options.Time);

    /// <summary>How it was in the last minutes.</summary>
    public RecentPast Past => field ??= new(controls.Pulse, options.Times, options.Time);

    /// <summary>How long ago a client was heard; null when this node does not watch it.</summary>
    public TimeSpan? SilenceOf(Uuid client) => controls.SilenceOf(client);

    /// <summary>What its data directory takes.</summary>
    public DiskWatch Disk => field ??= new(options.DataDirectory, options.Log, options.Time);

    /// <summary>What the node said of itself a moment ago, without its partitions; null while it is silent. Asks nothing.</summary>
    public NodeReport? Pulse => controls.Pulse();

    /// <summary>How the port was set up.</summary>
    public AdminOptions Options => options;

    /// <summary>The cluster's members, oldest first.</summary>
    public IReadOnlyList<MemberReport> Members() => controls.Members();

    /// <summary>How far the wall clocks of the other nodes differ.</summary>
    public IReadOnlyList<ClockDifference> Clocks() => controls.Clocks();

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

    /// <summary>The same, with little patience.</summary>
    public async Task<NodeReport?> TryReportSoonAsync(CancellationToken stop)
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

    /// <summary>Entries of the journal from a seq on, roughly so many bytes.</summary>
    /// <exception cref="AskTimeoutException">The journal does not answer.</exception>
    public Task<IReadOnlyList<OpLogBatch>> ReadOpLogAsync(ulong fromSequence, long maximumBytes, CancellationToken stop) =>
        controls.ReadOpLog(fromSequence, maximumBytes, stop);

    /// <summary>Asks something of the node's state; null, or why not.</summary>
    /// <exception cref="AskTimeoutException">The node does not answer.</exception>
    public Task<string?> RunAsync(Change change, NodeCommand wanted, CancellationToken stop) => Permitted(change).Run(wanted, stop);

    /// <summary>Lets another node lead; null when that has begun, else why not.</summary>
    /// <exception cref="AskTimeoutException">The node does not answer.</exception>
    public Task<string?> SwitchOverAsync(Change change, NodeId to, CancellationToken stop) => Permitted(change).SwitchOver(to, stop);

    /// <summary>Compares partitions with the Primary, all when none is named; waits for the outcome, so long at most.</summary>
    /// <exception cref="AskTimeoutException">The node does not answer.</exception>
    public Task<VerifyNowAnswer> VerifyAsync(
        Change change, IReadOnlyList<Partition> partitions, TimeSpan patience, CancellationToken stop) =>
        Permitted(change).Verify(partitions, patience, stop);

    /// <summary>Puts a fault into a shard, for verification to find; how many things are wrong now.</summary>
    /// <exception cref="InvalidOperationException">Faults are not allowed here, the node leads, or there is no such shard.</exception>
    /// <exception cref="AskTimeoutException">The node does not answer.</exception>
    public Task<int> InjectAsync(Change change, Partition shard, VerifyFault fault, CancellationToken stop) =>
        Permitted(change).Inject(shard, fault, stop);

    /// <summary>Runs the call that is made for a sink; the refusal is null when its results may be told. It must change nothing.</summary>
    /// <exception cref="InvalidOperationException">The call changes something: that is what <see cref="ChangeAsync"/> is for.</exception>
    public Task<(TCall Call, IResult? Refusal)> ReadAsync<TCall>(Func<IReplySink, TCall> create, CancellationToken stop)
        where TCall : MasterCall => ReadAsync(create, options.CallTimeout, stop);

    /// <summary>The same, with another patience than the port's.</summary>
    public Task<(TCall Call, IResult? Refusal)> ReadAsync<TCall>(Func<IReplySink, TCall> create, TimeSpan patience, CancellationToken stop)
        where TCall : MasterCall => SubmitAsync(create, mayChange: false, patience, stop);

    /// <summary>Runs a call that changes something.</summary>
    public Task<(TCall Call, IResult? Refusal)> ChangeAsync<TCall>(Change change, Func<IReplySink, TCall> create, CancellationToken stop)
        where TCall : MasterCall
    {
        ArgumentNullException.ThrowIfNull(change);
        return SubmitAsync(create, mayChange: true, options.CallTimeout, stop);
    }

    private async Task<(TCall Call, IResult? Refusal)> SubmitAsync<TCall>(
        Func<IReplySink, TCall> create, bool mayChange, TimeSpan patience, CancellationToken stop) where TCall : MasterCall
    {
        var awaited = new AwaitedCall();
        var call = create(awaited);
        if (!mayChange && !IsReading(call))
            throw new InvalidOperationException($"{call.GetType().Name} changes something, and nothing has permitted it");
        return (call, await awaited.RunAsync(gateway, call, patience, stop));
    }

    // Only those that are known to change nothing; a lease is a change.
    private static bool IsReading(MasterCall call) => call switch
    {
        KeyedCall keyed => keyed.Operation is KeyedOperation.Peek,
        ScanCall scan => scan.Operation is ScanOperation.ListKeys,
        DrainJobCall job => !job.Cancel,
        ListSegmentsCall or QuerySegmentStatusCall => true,
        _ => false,
    };

    private NodeControls Permitted(Change change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return controls;
    }

    /// <summary>Mooncake's word for the node's phase.</summary>
    public string HaStateOf(NodeReport? known) => known?.Replica switch
    {
        _ when Serves => "serving",
        null or { Phase: NodePhase.Recovering } => "recovering",
        { Phase: NodePhase.Opening or NodePhase.Serving or NodePhase.HandingOver } => "leader_warmup", // or its lease has run out
        { Phase: NodePhase.Campaigning } => "candidate",
        { Leader.Name: "" } => "starting",
        { Phase: NodePhase.Restoring } or { Voting: false } => "catching_up",
        _ => "standby",
    };
}

/// <summary>What operators may have the node do beside the calls of clients.</summary>
/// <param name="Run">Begins something; null, or why not.</param>
/// <param name="Inject">Puts a fault into a shard of a Standby, where the settings allow it; how many things are wrong now.</param>
internal sealed record NodeControls(
    Func<NodeCommand, CancellationToken, Task<string?>> Run, Func<Partition, VerifyFault, CancellationToken, Task<int>> Inject)
{
    /// <summary>Lets another node lead, the one that is named or the one that is furthest; null when that has begun, or why not.</summary>
    public required Func<NodeId, CancellationToken, Task<string?>> SwitchOver { get; init; }

    /// <summary>
    /// What the node said of itself a moment ago, without its partitions; null while it is silent. Asks nothing, and returns at once.
    /// </summary>
    public required Func<NodeReport?> Pulse { get; init; }

    /// <summary>Compares partitions with the Primary, all when none is named; waits for the outcome, so long at most.</summary>
    public required Func<IReadOnlyList<Partition>, TimeSpan, CancellationToken, Task<VerifyNowAnswer>> Verify { get; init; }

    /// <summary>Entries of the journal from a seq on, roughly so many bytes.</summary>
    public required Func<ulong, long, CancellationToken, Task<IReadOnlyList<OpLogBatch>>> ReadOpLog { get; init; }

    /// <summary>The cluster's members, oldest first.</summary>
    public required Func<IReadOnlyList<MemberReport>> Members { get; init; }

    /// <summary>How far the wall clocks of the other nodes differ.</summary>
    public Func<IReadOnlyList<ClockDifference>> Clocks { get; init; } = static () => [];

    /// <summary>How long ago a client was heard; null when this node does not watch it.</summary>
    public Func<Uuid, TimeSpan?> SilenceOf { get; init; } = static _ => null;

    /// <summary>Those of a running node.</summary>
    public static NodeControls Of(HotStandbyNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return new NodeControls(node.RunAsync, node.InjectFaultAsync)
        {
            Pulse = () => node.Pulse.Latest, SwitchOver = node.SwitchOverAsync, Verify = node.VerifyAsync, ReadOpLog = node.ReadAsync,
            Members = node.Members, Clocks = () => node.Clocks.Differences, SilenceOf = node.Clients.SilenceOf,
        };
    }
}
