// A node: the actor system with everything in it. Started by the host, and by tests that run several in one process.
using System.Net;
using System.Net.Sockets;
using Akka;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.Remote;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Leadership;
using HotStandby.Actors.Membership;
using HotStandby.Actors.OpLog;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Replication;
using HotStandby.Actors.Remoting;
using HotStandby.Actors.Security;
using HotStandby.Actors.Serialization;
using HotStandby.Actors.Settings;
using HotStandby.Core.Verification;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Actors.Node;

/// <summary>A running node.</summary>
public sealed class HotStandbyNode
{
    private const string SeedNodesPath = "akka.cluster.seed-nodes";

    // The seed nodes are the JoinActor's.
    private const string NoJoiningByAkka = $"\n{SeedNodesPath} = []\n";

    // How long a part of the node may take to answer, and all parts together for a report. A busy machine needs seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly NodeActors _actors;

    private HotStandbyNode(ActorSystem system, NodeActors actors, MasterViews views, NodeClocks clocks) =>
        (System, _actors, Views, Clocks) = (system, actors, views, clocks);

    /// <summary>The actor system.</summary>
    public ActorSystem System { get; }

    /// <summary>The way in for clients' calls.</summary>
    public IMasterGateway Gateway => _actors.Gateway;

    /// <summary>How the node was a moment ago, for probes: asks nothing.</summary>
    public NodePulse Pulse => _actors.Pulse;

    /// <summary>How far the wall clocks of the other nodes differ from this one's.</summary>
    public NodeClocks Clocks { get; }

    /// <summary>Which node serves, as clients are told.</summary>
    public MasterViews Views { get; }

    /// <summary>Which clients are alive, and what is mounted.</summary>
    public ClientWatch Clients => _actors.Clients;

    /// <summary>Starts a node; it joins its cluster and recovers its journal in the background.</summary>
    /// <param name="configuration">Checked configuration.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onFatal">The node can not go on (called at least once, on any thread): end the process.</param>
    /// <param name="setup">Parts of the actor system that differ from production; tests only.</param>
    /// <exception cref="IOException">The remoting port cannot be opened, or the names of the nodes cannot be used together.</exception>
    /// <exception cref="ConfigurationException">Akka refuses a setting of its own.</exception>
    /// <exception cref="JournalFaultException">The data directory must not be used by this node, or cannot be.</exception>
    public static async Task<HotStandbyNode> StartAsync(
        NodeConfiguration configuration, TimeProvider time, Action<Exception> onFatal, params Setup[] setup)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var names = await NameFamily.ConfigOfAsync(configuration, static host => Dns.GetHostAddressesAsync(host));
        var config = names.WithFallback(SystemConfig(configuration));
        var bootstrap = BootstrapSetup.Create().WithConfig(config);
        var all = ActorSystemSetup.Create([bootstrap, .. RemotingTls.For(configuration.Settings, time), .. setup]);
        var system = CreateSystem(all);
        try
        {
            return await StartInAsync(system, configuration, [.. configuration.Full.GetStringList(SeedNodesPath, [])], time, onFatal);
        }
        catch
        {
            await system.Terminate(); // else its ports and threads outlive the start that failed
            throw;
        }
    }

    /// <summary>What an actor system must be made with, for a node to run in it.</summary>
    public static Config SystemConfig(NodeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return ConfigurationFactory.ParseString(SerializationConfiguration.Hocon + NoJoiningByAkka).WithFallback(configuration.Full);
    }

    /// <summary>
    /// Starts a node in an actor system that was made with <see cref="SystemConfig"/>; for tests that make their systems themselves.
    /// </summary>
    /// <param name="system">Where; one node in one system.</param>
    /// <param name="configuration">Checked configuration.</param>
    /// <param name="seeds">Addresses of the seed nodes, used instead of those in the configuration. If there are none, the node
    /// does not join by itself.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onFatal">As for <see cref="StartAsync"/>.</param>
    /// <exception cref="JournalFaultException">The data directory must not be used by this node, or cannot be.</exception>
    public static async Task<HotStandbyNode> StartInAsync(
        ActorSystem system, NodeConfiguration configuration, IReadOnlyList<string> seeds, TimeProvider time, Action<Exception> onFatal)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(seeds);
        var directory = await OpenDirectoryAsync(system, configuration.Settings);
        var serving = new ServingState(time);
        var created = new TaskCompletionSource<NodeActors>(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(VitalActor.Props(QuarantineGuard.Props(), onFatal), "quarantine-guard");
        system.ActorOf(VitalActor.Props(FailoverLog.Props(), onFatal), "failover-log");
        system.ActorOf(VitalActor.Props(DowningActor.Props(configuration.Settings, time), onFatal), DowningActor.Name);
        system.ActorOf(NodeActor.Props(configuration.Settings, directory, serving, time, onFatal, created), "node");
        if (await Task.WhenAny(created.Task, system.WhenTerminated) != created.Task)
            throw new InvalidOperationException("the actor system ended before the node was made");
        var actors = await created.Task;
        var leadership = ClusterSingletonManager.Props(
            PrimaryActor.Props(actors.Replica), HandOver.Instance,
            ClusterSingletonManagerSettings.Create(system).WithRole(NodeConfiguration.MasterRole).WithSingletonName("primary"));
        system.ActorOf(VitalActor.Props(leadership, onFatal), "leadership");
        // The oracle's own node hands over with it, in a later phase; one that was invited to lead has to do it itself.
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeClusterShutdown, "abdicate", async () =>
        {
            await actors.Replica.Ask<HandOverComplete>(Abdicate.Instance, configuration.Settings.Lease.HandOverTimeout + Patience);
            return Done.Instance;
        });
        var joiner = JoinActor.Props(configuration.Settings, directory, seeds, time, onFatal);
        if (seeds.Count > 0)
            system.ActorOf(VitalActor.Props(joiner, onFatal), JoinActor.Name);
        var clocks = new NodeClocks();
        system.ActorOf(ClockActor.Props(clocks, time), ClockActor.Name);
        return new HotStandbyNode(system, actors, serving.Views, clocks);
    }

    /// <summary>How the node is.</summary>
    /// <exception cref="AskTimeoutException">A part of it does not answer.</exception>
    public async Task<NodeReport> ReportAsync(CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            var replica = await _actors.Replica.Ask<ReplicaReport>(ReportReplica.Instance, patience.Token);
            var partitions = await Task.WhenAll(
                _actors.Partitions.Select(partition => partition.Ask<PartitionReport>(ReportPartition.Instance, patience.Token)));
            var verification = await _actors.Verifier.Ask<VerificationReport>(ReportVerification.Instance, patience.Token);
            return new NodeReport(replica, partitions, verification);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new AskTimeoutException($"the node has not reported within {Patience.TotalSeconds} s");
        }
    }

    /// <summary>Puts a fault into a shard of this Standby, for verification to find.</summary>
    /// <returns>How many things are wrong now.</returns>
    /// <exception cref="InvalidOperationException">Faults are not allowed by the settings, the node leads, or there is no such
    /// shard.</exception>
    public async Task<int> InjectFaultAsync(Partition shard, VerifyFault fault, CancellationToken stop)
    {
        var done = await _actors.Verifier.Ask<FaultInjected>(new InjectFault(shard, fault), Patience, stop);
        return done.Refusal is null ? done.Affected : throw new InvalidOperationException(done.Refusal);
    }

    /// <summary>What an operator asks of the node's state; null, or why not.</summary>
    /// <exception cref="AskTimeoutException">The replica does not answer.</exception>
    public async Task<string?> RunAsync(NodeCommand command, CancellationToken stop) =>
        (await _actors.Replica.Ask<NodeCommandAnswer>(new RunNodeCommand(command), Patience, stop)).Refusal;

    /// <summary>Lets another node lead; this one stays, as a Standby.</summary>
    /// <param name="to">Who shall lead; none: the Standby that is furthest.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Null when the hand-over has begun, else why not.</returns>
    /// <exception cref="AskTimeoutException">The replica does not answer.</exception>
    public async Task<string?> SwitchOverAsync(NodeId to, CancellationToken stop) =>
        (await _actors.Replica.Ask<NodeCommandAnswer>(new SwitchOver(to), Patience, stop)).Refusal;

    /// <summary>Compares partitions of this Standby with its Primary, and waits for what comes of it.</summary>
    /// <param name="partitions">Which; empty: all.</param>
    /// <param name="patience">After so long the answer comes as it is then.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="AskTimeoutException">The verifier does not answer.</exception>
    public Task<VerifyNowAnswer> VerifyAsync(IReadOnlyList<Partition> partitions, TimeSpan patience, CancellationToken stop) =>
        _actors.Verifier.Ask<VerifyNowAnswer>(new VerifyNow(partitions, patience), patience + Patience, stop);

    /// <summary>The entries from a seq on, from the journal: those of this node's log, committed or not.</summary>
    /// <param name="fromSequence">The first one wanted; the answer may begin earlier or later, where the log does.</param>
    /// <param name="maximumBytes">Roughly how much.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="AskTimeoutException">The journal does not answer.</exception>
    public async Task<IReadOnlyList<OpLogBatch>> ReadAsync(ulong fromSequence, long maximumBytes, CancellationToken stop)
    {
        var request = new GetEntriesSince(fromSequence, maximumBytes, this);
        return (await System.ActorSelection(_actors.Replica.Path / "oplog").Ask<EntriesSince>(request, Patience, stop)).Batches;
    }

    /// <summary>The members of the cluster as this node sees them, oldest first.</summary>
    public IReadOnlyList<MemberReport> Members()
    {
        var state = Cluster.Get(System).State;
        var unreachable = state.Unreachable.Select(member => member.UniqueAddress).ToHashSet();
        return [.. state.Members.Order(Member.AgeOrdering).Select(member => new MemberReport(
            NodeConfiguration.NodeOf(member.Roles), member.Address.ToString(), member.Status.ToString(),
            !unreachable.Contains(member.UniqueAddress), NodeConfiguration.HttpOf(member.Roles))
            {
                Discovery = NodeConfiguration.DiscoveryOf(member.Roles),
            })];
    }

    /// <summary>Hands over, leaves the cluster and stops.</summary>
    public Task StopAsync() => CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ClusterLeavingReason.Instance);

    private static async Task<DataDirectory> OpenDirectoryAsync(ActorSystem system, HotStandbySettings settings)
    {
        try
        {
            return await OwnDirectory.OpenAsync(system, settings);
        }
        catch (Exception failure) when (failure is JournalException or ConfigurationException or IOException or UnauthorizedAccessException)
        {
            throw new JournalFaultException(JournalFault.From("", settings.DataDirectory, failure), failure);
        }
        catch (AskTimeoutException failure)
        {
            var fault = new JournalFault(JournalFaultKind.Failed, "", settings.DataDirectory, 0, "the journal does not answer");
            throw new JournalFaultException(fault, failure);
        }
    }

    private static ActorSystem CreateSystem(ActorSystemSetup setup)
    {
        try
        {
            return ActorSystem.Create(NodeConfiguration.SystemName, setup);
        }
        catch (AggregateException failure)
            when (failure.Flatten().InnerException is RemoteTransportException { InnerException: SocketException reason } binding)
        {
            throw new IOException($"{binding.Message} {reason.Message}", failure);
        }
    }
}
