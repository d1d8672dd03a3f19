// The rules between settings, and between settings and Akka's own. Called by NodeConfiguration after the single values.
// Each rule stands where it would otherwise show as a mystery at run time: a lost message, a lease that never holds.
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Actors.Settings;

/// <summary>Rules between settings.</summary>
internal static class CrossChecks
{
    /// <summary>Envelope, addresses and protobuf around a batch; far more than they take.</summary>
    public const int FrameOverheadBytes = 16 * 1024;

    private const string FrameSizePath = "akka.remote.dot-netty.tcp.maximum-frame-size";
    private const string SeedNodesPath = "akka.cluster.seed-nodes";

    /// <summary>Adds a problem for every rule that does not hold, and a warning for what is legal but unwise.</summary>
    public static void Apply(HotStandbySettings settings, SettingsReader reader, List<SettingsProblem> warnings)
    {
        CheckVoters(settings, reader, warnings);
        CheckPorts(settings, reader);
        CheckTimes(settings, reader);
        CheckSizes(settings, reader);
        CheckSeedNodes(settings, reader, warnings);
        TlsChecks.Apply(settings, reader, warnings);
        ExposureChecks.Apply(settings, warnings);
    }

    private static void CheckVoters(HotStandbySettings settings, SettingsReader reader, List<SettingsProblem> warnings)
    {
        reader.Require(settings.Voters.Contains(settings.NodeId), "hotstandby.voters",
            $"must contain this node's own node-id, {settings.NodeId}", "hotstandby.node-id");
        if (settings.Voters.Count > 0 && settings.Voters.Count % 2 == 0)
            warnings.Add(new SettingsProblem("hotstandby.voters", $"[{string.Join(", ", settings.Voters)}]",
                $"an even number of voters survives no more losses than {settings.Voters.Count - 1}"));
    }

    private static void CheckPorts(HotStandbySettings settings, SettingsReader reader)
    {
        var previous = settings.Client.PreviousGenerationPort;
        reader.Require(
            previous == 0
                || (previous != settings.Client.Port && previous != settings.Http.Port && previous != settings.Remoting.ListenPort),
            "hotstandby.client.previous-generation-port", "must differ from every other port of the node", "hotstandby.client.port");
        reader.Require(settings.Http.Port != settings.Client.Port, "hotstandby.http.port", "must differ from hotstandby.client.port",
            "hotstandby.client.port");
        var remoting = settings.Remoting.ListenPort;
        reader.Require(
            remoting != settings.Client.Port && (remoting == 0 || remoting != settings.Http.Port),
            settings.Remoting.BindPort == 0 ? "hotstandby.remoting.port" : "hotstandby.remoting.bind-port",
            "must differ from hotstandby.client.port and hotstandby.http.port", "hotstandby.client.port", "hotstandby.http.port");
        reader.Require(
            settings.Remoting.BindPort == 0 || settings.Remoting.Port != 0, "hotstandby.remoting.bind-port",
            "must be 0 where hotstandby.remoting.port is: the other nodes must be told a port", "hotstandby.remoting.port");
        reader.Require(
            settings.Http.AdminToken.Length == 0 || settings.Http.AdminTokenFile.Length == 0, "hotstandby.http.admin-token-file",
            "must be empty when hotstandby.http.admin-token is set", "hotstandby.http.admin-token");
        var etcd = settings.Discovery.EtcdPort;
        reader.Require(
            etcd == 0 || (etcd != settings.Client.Port && etcd != previous && etcd != settings.Http.Port && etcd != remoting
                && (!settings.Http.IsMetadataServerEnabled || etcd != settings.Http.MetadataPort)),
            "hotstandby.discovery.etcd-port", "must differ from every other port of the node", "hotstandby.client.port");
        var metadata = settings.Http.MetadataPort;
        reader.Require(
            !settings.Http.IsMetadataServerEnabled
                || (metadata != settings.Client.Port && metadata != settings.Http.Port && metadata != remoting && metadata != previous),
            "hotstandby.http.metadata-port", "must differ from every other port of the node", "hotstandby.http.metadata-server");
    }

    private static void CheckTimes(HotStandbySettings settings, SettingsReader reader)
    {
        var (lease, objects) = (settings.Lease, settings.Objects);
        reader.Require(lease.DriftMargin < lease.Duration / 2, "hotstandby.lease.drift-margin",
            $"must be less than half of hotstandby.lease.duration, {Units.Print(lease.Duration)}", "hotstandby.lease.duration");
        reader.Require(lease.HeartbeatInterval < lease.Duration / 4, "hotstandby.lease.heartbeat-interval",
            $"must be less than a quarter of hotstandby.lease.duration, {Units.Print(lease.Duration)}", "hotstandby.lease.duration");
        reader.Require(settings.Link.ResendTimeout > lease.HeartbeatInterval, "hotstandby.link.resend-timeout",
            $"must be more than hotstandby.lease.heartbeat-interval, {Units.Print(lease.HeartbeatInterval)}",
            "hotstandby.lease.heartbeat-interval");
        reader.Require(objects.PutStartReleaseTimeout > objects.PutStartDiscardTimeout, "hotstandby.objects.put-start-release-timeout",
            $"must be more than hotstandby.objects.put-start-discard-timeout, {Units.Print(objects.PutStartDiscardTimeout)}",
            "hotstandby.objects.put-start-discard-timeout");
        reader.Require(settings.Eviction.Headroom <= settings.Eviction.HighWatermark, "hotstandby.eviction.headroom",
            "must be no more than hotstandby.eviction.high-watermark", "hotstandby.eviction.high-watermark");
        reader.Require(objects.DefaultSoftPinTtl <= objects.MaximumSoftPinTtl, "hotstandby.objects.default-soft-pin-ttl",
            $"must be no more than hotstandby.objects.max-soft-pin-ttl, {Units.Print(objects.MaximumSoftPinTtl)}",
            "hotstandby.objects.max-soft-pin-ttl");
    }

    private static void CheckSizes(HotStandbySettings settings, SettingsReader reader)
    {
        reader.Require(settings.Client.MaximumBufferedBytes >= settings.Client.MaximumFrameBytes, "hotstandby.client.max-buffered-bytes",
            $"must hold at least one request, {Units.Print(settings.Client.MaximumFrameBytes)}", "hotstandby.client.max-frame-bytes");
        reader.Require(settings.Link.MaximumInFlightBytes >= settings.OpLog.BatchMaximumBytes, "hotstandby.link.max-in-flight-bytes",
            $"must hold at least one batch, {Units.Print(settings.OpLog.BatchMaximumBytes)}", "hotstandby.oplog.batch-max-bytes");
        // A batch is closed when it has reached its size, so its last entry may be the largest there is.
        long needed = settings.OpLog.BatchMaximumBytes + OpLogEntry.MaximumPayloadBytes + ObjectKey.MaximumBytes + FrameOverheadBytes;
        var frame = reader.Size(FrameSizePath, 32_000, int.MaxValue);
        reader.Require(frame >= needed, FrameSizePath,
            $"must be at least {needed}B: hotstandby.oplog.batch-max-bytes, the largest entry and {FrameOverheadBytes}B around them; Akka "
                + "drops larger messages",
            "hotstandby.oplog.batch-max-bytes");
    }

    private static void CheckSeedNodes(HotStandbySettings settings, SettingsReader reader, List<SettingsProblem> warnings)
    {
        var value = reader.Config.GetValue(SeedNodesPath);
        var seeds = value is not null && value.IsArray() ? value.GetStringList() : [];
        reader.Require(seeds.Count > 0 || settings.Voters.Count == 1 || settings.Remoting.Port == 0, SeedNodesPath,
            $"must name at least one node to join, as \"{settings.Remoting.Scheme}://hotstandby@host:port\"", "hotstandby.voters",
            "hotstandby.remoting.port");
        foreach (var seed in seeds)
        {
            reader.Require(SeedNode.IsValid(seed, settings.Remoting.Scheme), SeedNodesPath,
                $"'{seed}' must have the form {settings.Remoting.Scheme}://{NodeConfiguration.SystemName}@host:port (akka.ssl.tcp with "
                    + "hotstandby.remoting.tls, akka.tcp without)");
        }
        var own = settings.Remoting.AddressText;
        if (seeds.Count > 0 && settings.Remoting.Port != 0 && !seeds.Any(seed => SeedNode.Canonical(seed) == own))
            warnings.Add(new SettingsProblem(SeedNodesPath, $"[{string.Join(", ", seeds)}]",
                $"does not name this node, {own}: it joins a cluster, but never founds one"));
        if (seeds.Count == 1 && settings.Voters.Count > 1)
            warnings.Add(new SettingsProblem(
                SeedNodesPath, $"[{seeds[0]}]", "with a single seed node no other node can start while that one is down"));
    }
}
