// run: one node, until SIGTERM, SIGINT or a failure that it must not survive.
using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Runtime.InteropServices;
using Akka.Actor;
using HotStandby.Actors.Node;
using HotStandby.Actors.Remoting;
using HotStandby.Actors.Settings;
using HotStandby.CommandLine;
using HotStandby.CommandLine.Output;
using HotStandby.CommandLine.Status;
using HotStandby.Host.Discovery;
using HotStandby.Host.Events;
using HotStandby.Host.Http;
using HotStandby.Host.Limits;
using HotStandby.Host.Logging;
using HotStandby.Host.Security;
using HotStandby.Messages.Network;
using HotStandby.Mooncake.Discovery;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Commands;

/// <summary>The verb <c>run</c>.</summary>
internal static class RunCommand
{
    // Entries that the segment table may still have to apply, so that the metadata server may go by what it has mounted.
    private const ulong MostUnapplied = 1000;

    private static readonly TimeSpan ClientsLeave = TimeSpan.FromSeconds(2);

    public static Command Create(Terminal terminal)
    {
        var options = new ConfigurationOptions();
        var stopWithInput = new Option<bool>("--stop-with-input")
        {
            Description = "Stop when standard input ends: a parent process that dies takes the node with it.",
        };
        var command = new Command(
            "run", "Run a node until SIGTERM or Ctrl-C; it hands over before it stops.") { options.File, options.Overrides, stopWithInput };
        command.SetAction((result, cancellation) => RunAsync(terminal, options.Load(result), result.GetValue(stopWithInput), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        Terminal terminal, ConfigurationResult loaded, bool stopWithInput, CancellationToken cancellation)
    {
        var last = new LastWords(terminal, loaded.LogFormat, loaded.NodeName);
        if (loaded.Configuration is not { } configuration)
            return last.Refuse(loaded);

        var events = new EventRing(configuration.Settings.NodeId.Name, TimeProvider.System);
        using var logs = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(events).AddProvider(
            new LineLogs(terminal.Output, configuration.Settings.Log.Format, configuration.Settings.NodeId.Name, TimeProvider.System)));
        var ended = new TaskCompletionSource<NodeStop>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, ended));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, ended));
        // The command line's own handler of the two signals comes before or after these: being told to stop is how a node ends.
        using var canceled = cancellation.Register(() => ended.TrySetResult(NodeStop.Asked("a signal")));
        if (stopWithInput)
            _ = Task.Run(() => StopWithInput(ended), CancellationToken.None);

        var log = logs.CreateLogger("Host");
        if (!TryReadToken(last, configuration.Settings.Http, out var token))
            return ExitCode.Configuration;
        if (StartChecks.WhyNot(configuration.Settings) is { } mistake)
            return last.Say(mistake);
        var limits = ProcessLimits.Raise();
        var plan = ResourcePlan.Of(configuration.Settings, limits);
        if (plan.Refusal is { } refusal)
            return last.Say(new NodeEnd(ExitCode.Configuration, refusal));
        foreach (var warning in loaded.Warnings)
            HostEvents.SettingsWarning(log, warning.ToString());
        foreach (var warning in plan.Warnings)
            HostEvents.Limited(log, warning);
        HotStandbyNode node;
        Action<ListenOptions>? httpGuard, clientGuard, discoveryGuard;
        try
        {
            httpGuard = DoorTls.GuardOf("http", configuration.Settings.Http.Tls, log, TimeProvider.System);
            clientGuard = DoorTls.GuardOf("client", configuration.Settings.Client.Tls, log, TimeProvider.System);
            discoveryGuard = DoorTls.GuardOf(
                "discovery", configuration.Settings.Discovery.Tls, log, TimeProvider.System, SslApplicationProtocol.Http2);
            var full = AkkaLogger.ConfigurationFor(configuration.Settings.Log.Format).WithFallback(configuration.Full);
            node = await HotStandbyNode.StartAsync(
                configuration with { Full = full }, TimeProvider.System, last.EndProcess, new NodeLogSetup(logs),
                new RemotingBoundSetup(plan.RemotingConnections, new DoorWatch("remoting", log, TimeProvider.System).Full));
        }
        catch (Exception error) when (NodeEnd.OfStart(error) is var end)
        {
            return last.Say(end);
        }

        var reason = new NodeEndReason();
        var shutdown = CoordinatedShutdown.Get(node.System);
        node.System.ActorOf(Props.Create(() => new NodeEndWatch(configuration.Settings, log, reason)), "node-end-watch");
        _ = node.System.WhenTerminated.ContinueWith(_ => ended.TrySetResult(NodeStop.ByItself), TaskScheduler.Default);
        var settings = configuration.Settings;
        try
        {
            var clients = new DoorWatch("client", log, TimeProvider.System);
            var (times, slow) = (new CallTimes(), new SlowCalls(TimeProvider.System));
            var doorOptions = DoorOf(settings.Client) with
            {
                Times = times,
                Slow = slow,
                Guard = clientGuard,
                Tenancy = settings.Objects.Tenancy,
                MaximumConnections = plan.ClientConnections,
                Paused = clients.Paused,
                Full = clients.Full,
            };
            await using var door = await MooncakeServer.StartAsync(node.Gateway, doorOptions, TimeProvider.System);
            await using var previous = settings.Client.PreviousGenerationPort is var port and not 0
                ? await MooncakeServer.StartAsync(node.Gateway, PreviousOf(doorOptions, port), TimeProvider.System)
                : null;
            var previousSaid = previous is null ? "" : $", of the previous generation on {previous.Endpoint}";
            await using var discovery = settings.Discovery.IsEnabled
                ? await DiscoveryServer.StartAsync(
                    new DiscoveryOptions
                    {
                        Endpoint = EndpointOf(settings.Discovery.Host, settings.Discovery.EtcdPort), Guard = discoveryGuard,
                        MaximumConnections = plan.DiscoveryConnections, Watch = new DoorWatch("discovery", log, TimeProvider.System),
                    },
                    DiscoveryOf(settings, node))
                : null;
            await using var http = settings.Http.IsEnabled
                ? await AdminServer.StartAsync(
                    AdminOf(configuration, token, log) with
                    {
                        Guard = httpGuard,
                        Events = events,
                        Times = times,
                        Slow = slow,
                        MaximumConnections = plan.HttpConnections,
                        MostDescriptors = limits.Descriptors?.Value ?? 0,
                        Watch = new DoorWatch("http", log, TimeProvider.System),
                    },
                    node.Gateway, node.ReportAsync, NodeControls.Of(node))
                : null;
            await using var metadata = settings.Http.IsMetadataServerEnabled
                ? await MetadataEndpoints.StartAsync(MetadataOf(settings, node) with
                {
                    Guard = httpGuard,
                    MaximumConnections = plan.HttpConnections,
                    Watch = new DoorWatch("metadata", log, TimeProvider.System),
                })
                : null;
            var httpAddress = new HostAndPort(settings.Http.Host, settings.Http.Port).ToString();
#if PETABRIDGE_CMD
            // In the clear on loopback, as the palette is meant; where HTTP asks for certificates, use the verbs.
            Petabridge.PetabridgeDoor.Open(node.System, new Operator.NodeAccess([httpAddress], token, null, null));
#endif
            using var watching = new CancellationTokenSource();
            _ = new ClusterWatch(log, TimeProvider.System).RunAsync(() => LookAt(node, settings), watching.Token);
            HostEvents.NodeOpen(log, settings.NodeId.Name, $"{door.Endpoint}{previousSaid}", httpAddress, settings.DataDirectory);
            var stop = await ended.Task;
            var stopping = Stopwatch.GetTimestamp();
            var hasServed = node.Gateway.MayServe;
            await watching.CancelAsync();
            // Clients watch another node from now on: this one will not hear of the next Primary.
            if (discovery is not null)
                await discovery.DisposeAsync();
            await node.StopAsync();
            // A stock client whose connection is refused tries the same address for four seconds. One whose call is refused goes to the
            // next Primary.
            if (hasServed && settings.Voters.Count > 1)
                await Task.Delay(ClientsLeave, CancellationToken.None);
            if (stop.How is not { } how)
                return last.Say(new NodeEnd(ExitCode.Temporary, reason.Describe(shutdown.ShutdownReason)));
            HostEvents.NodeEnded(
                log, settings.NodeId.Name, how, (long)Stopwatch.GetElapsedTime(stopping).TotalMilliseconds, ExitCode.Ok);
            return ExitCode.Ok;
        }
        catch (Exception error) when (NodeEnd.OfStart(error) is var end)
        {
            await node.StopAsync();
            return last.Say(end);
        }
    }

    private static (ClusterView Cluster, bool Serves) LookAt(HotStandbyNode node, HotStandbySettings settings)
    {
        var serves = node.Gateway.MayServe;
        return (ClusterViews.Of(new ClusterSight(
            settings.NodeId, settings.Voters, settings.Lease.Duration, serves, node.Pulse.Latest, node.Members())), serves);
    }

    private static void Stop(PosixSignalContext signal, TaskCompletionSource<NodeStop> ended)
    {
        signal.Cancel = true; // the node hands over first
        ended.TrySetResult(NodeStop.Asked(signal.Signal.ToString()));
    }

    private static void StopWithInput(TaskCompletionSource<NodeStop> ended)
    {
        while (StandardStreams.WasInherited(StandardStreams.InputDescriptor) && Console.In.Read() >= 0)
        {
            // Whatever the parent says is not meant for the node; only that it is there counts.
        }

        ended.TrySetResult(NodeStop.Asked("the end of standard input"));
    }

    private static ServerOptions DoorOf(ClientSettings client) => new(
        EndpointOf(client.Host, client.Port), new FrameLimits(client.MaximumFrameBytes), client.MaximumRequestsInFlight,
        client.MaximumConnections, client.RequestTimeout)
    { Budget = new FrameBudget(client.MaximumBufferedBytes) };

    // The budget is one object: both doors share it.
    private static ServerOptions PreviousOf(ServerOptions newest, int port) =>
        newest with { Endpoint = new IPEndPoint(newest.Endpoint.Address, port), Functions = RpcTable.Previous };

    // A file that holds no token is not taken for none: /admin would be open to fewer or more than was meant.
    private static bool TryReadToken(LastWords last, HttpSettings settings, out string token)
    {
        token = settings.AdminToken;
        if (settings.AdminTokenFile.Length == 0)
            return true;
        try
        {
            token = File.ReadLines(settings.AdminTokenFile).FirstOrDefault() ?? "";
            if (HttpSettings.IsToken(token))
                return true;
            Say($"hotstandby.http.admin-token-file: the first line of {settings.AdminTokenFile} must be {HttpSettings.TokenRule}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Say($"hotstandby.http.admin-token-file: {error.Message}");
        }

        return false;

        void Say(string why) => last.Say(new NodeEnd(ExitCode.Configuration, why));
    }

    private static AdminOptions AdminOf(NodeConfiguration configuration, string token, ILogger log)
    {
        var settings = configuration.Settings;
        return new AdminOptions
        {
            Endpoint = EndpointOf(settings.Http.Host, settings.Http.Port),
            DataDirectory = settings.DataDirectory,
            NodeName = settings.NodeId.Name,
            ClusterId = settings.ClusterId,
            Voters = settings.Voters,
            LeaseDuration = settings.Lease.Duration,
            Tenancy = settings.Objects.Tenancy,
            Settings = configuration.Effective,
            AdminToken = token,
            Log = log,
            Audit = new AuditLog(
                Path.Combine(settings.DataDirectory, AuditLog.FileName), line => HostEvents.Operator(log, line), TimeProvider.System),
            ClientAddress = settings.Client.AdvertisedAddress(settings.Remoting.Host).ToString(),
            About = NodeFacts.Of(settings),
        };
    }

    private static DiscoveryNode DiscoveryOf(HotStandbySettings settings, HotStandbyNode node) => new()
    {
        Views = node.Views,
        Key = DiscoveryKey.Of(settings.Discovery.Cluster),
        ClusterId = settings.ClusterId,
        Self = settings.NodeId,
        Voters = settings.Voters,
        Members = node.Members,
        Report = () => node.Pulse.Latest,
        MaximumWatches = settings.Discovery.MaximumWatchers,
    };

    // While the node restores its state, what it has mounted is not what there is.
    private static MetadataOptions MetadataOf(HotStandbySettings settings, HotStandbyNode node) => new()
    {
        Endpoint = EndpointOf(settings.Http.Host, settings.Http.MetadataPort),
        Mounted = () => node.Pulse.Latest is { Replica.State.IsWhole: true } report && HealthEndpoints.LagOf(report) < MostUnapplied
            ? node.Clients.Mounted
            : null,
        Silence = node.Clients.SilenceOf,
        ClientTtl = settings.Objects.ClientTtl,
    };

    private static IPEndPoint EndpointOf(string host, int port) => StartChecks.EndpointOf(host, port);
}
