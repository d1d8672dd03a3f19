// From HOCON to HotStandbySettings: the ranges of single settings here, the rules between them in CrossChecks. Called by
// NodeConfiguration on a configuration that has reference.conf as its last resort, so that every path has a value.
using System.Text.RegularExpressions;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Network;

namespace HotStandby.Actors.Settings;

/// <summary>The settings with their ranges.</summary>
internal static partial class SettingsParser
{
    private const long KiB = 1L << 10;
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;
    private const int MaximumVoters = 9;

    /// <summary>Reads everything; what is wrong is in the reader's problems, and the result is then unusable.</summary>
    public static HotStandbySettings Parse(SettingsReader reader) => new()
    {
        ClusterId = reader.Id("hotstandby.cluster-id"),
        NodeId = new NodeId(reader.Id("hotstandby.node-id")),
        Voters = [.. reader.Ids("hotstandby.voters", MaximumVoters).Select(name => new NodeId(name))],
        DataDirectory = DataDirectory(reader),
        Shards = reader.Integer("hotstandby.shards", 1, Partition.MaximumShards),
        Commit = reader.Choice("hotstandby.commit", ("quorum", CommitPolicy.Quorum), ("async", CommitPolicy.Async)),
        MaximumReplicationLag = reader.Duration("hotstandby.max-replication-lag", Milliseconds(10), Seconds(60)),
        Client = new ClientSettings
        {
            Host = reader.ListenHost("hotstandby.client.host"),
            Port = reader.Integer("hotstandby.client.port", 1, 65535),
            AdvertisedHost = HostName.Canonical(reader.Text(
                "hotstandby.client.advertised-host", static host => host.Length == 0 || IsReachableHost(host),
                "must be \"\", or a name or IP address that clients can reach, not a wildcard or an address with a scope")),
            PreviousGenerationPort = reader.Integer("hotstandby.client.previous-generation-port", 0, 65535),
            MaximumFrameBytes = (int)reader.Size("hotstandby.client.max-frame-bytes", KiB, GiB),
            MaximumBufferedBytes = reader.Size("hotstandby.client.max-buffered-bytes", 64 * KiB, 64 * GiB),
            MaximumRequestsInFlight = reader.Integer("hotstandby.client.max-requests-in-flight", 1, 65536),
            MaximumConnections = reader.Integer("hotstandby.client.max-connections", 1, 100_000),
            RequestTimeout = reader.Duration("hotstandby.client.request-timeout", Milliseconds(100), Minutes(5)),
            Tls = Tls(reader, "hotstandby.client.tls", CallersOf(reader, "hotstandby.client.tls")),
        },
        Discovery = new DiscoverySettings
        {
            Host = reader.ListenHost(
                reader.Text("hotstandby.discovery.host", static _ => true, "").Length > 0
                    ? "hotstandby.discovery.host" : "hotstandby.client.host"),
            EtcdPort = reader.Integer("hotstandby.discovery.etcd-port", 0, 65535),
            Cluster = reader.Text("hotstandby.discovery.cluster", ClusterPattern().IsMatch, "must be 1 to 128 of A-Z a-z 0-9 _ . - /"),
            MaximumWatchers = reader.Integer("hotstandby.discovery.max-watchers", 1, 100_000),
            Tls = Tls(reader, "hotstandby.discovery.tls", CallersOf(reader, "hotstandby.discovery.tls")),
        },
        Http = new HttpSettings
        {
            Host = reader.ListenHost("hotstandby.http.host"),
            Port = reader.Integer("hotstandby.http.port", 0, 65535),
            AdminToken = reader.Secret("hotstandby.http.admin-token", HttpSettings.IsToken, HttpSettings.TokenRule),
            AdminTokenFile = reader.FilePath(
                "hotstandby.http.admin-token-file", static path => path.Length == 0 || File.Exists(path),
                "must be empty or the path of a file"),
            IsMetadataServerEnabled = reader.Choice("hotstandby.http.metadata-server", ("on", true), ("off", false)),
            MetadataPort = reader.Integer("hotstandby.http.metadata-port", 1, 65535),
            Tls = Tls(reader, "hotstandby.http.tls", CallersOf(reader, "hotstandby.http.tls")),
        },
        Remoting = new RemotingSettings
        {
            Host = HostName.Canonical(reader.Text(
                "hotstandby.remoting.host", IsReachableHost,
                "must be a name or IP address that the other nodes can reach, not a wildcard or an address with a scope; "
                + "hotstandby.remoting.bind-host may be 0.0.0.0")),
            Port = reader.Integer("hotstandby.remoting.port", 0, 65535),
            BindHost = HostName.Canonical(reader.Text(
                "hotstandby.remoting.bind-host",
                static host => host.Length == 0 || SettingsReader.IsListenAddress(host) || HostName.IsValid(host),
                "must be \"\", an IP address or a name of this machine; 0.0.0.0 and :: are all interfaces")),
            BindPort = reader.Integer("hotstandby.remoting.bind-port", 0, 65535),
            Tls = Tls(reader, "hotstandby.remoting.tls", ClientCertificates.Required),
            Adapters = [.. reader.Config.GetStringList("akka.remote.dot-netty.tcp.applied-adapters", [])],
        },
        Lease = new LeaseSettings
        {
            Duration = reader.Duration("hotstandby.lease.duration", Milliseconds(200), Seconds(60)),
            DriftMargin = reader.Duration("hotstandby.lease.drift-margin", Milliseconds(1), Seconds(30)),
            HeartbeatInterval = reader.Duration("hotstandby.lease.heartbeat-interval", Milliseconds(10), Seconds(15)),
            HandOverTimeout = reader.Duration("hotstandby.lease.hand-over-timeout", Milliseconds(100), Seconds(60)),
            DownsLostPrimary = reader.Choice("hotstandby.lease.down-lost-primary", ("on", true), ("off", false)),
        },
        Membership = new MembershipSettings
        {
            StableAfter = reader.Duration("hotstandby.membership.stable-after", Seconds(1), Seconds(60)),
        },
        OpLog = new OpLogSettings
        {
            BatchMaximumEntries = reader.Integer("hotstandby.oplog.batch-max-entries", 1, 65536),
            BatchMaximumBytes = (int)reader.Size("hotstandby.oplog.batch-max-bytes", KiB, 4 * MiB),
            Linger = reader.Duration("hotstandby.oplog.linger", TimeSpan.Zero, Milliseconds(100)),
            PipelineBatches = reader.Integer("hotstandby.oplog.pipeline-batches", 1, 1024),
            WindowMaximumEntries = reader.Integer("hotstandby.oplog.window-max-entries", 1024, 1 << 24),
            WindowMaximumBytes = reader.Size("hotstandby.oplog.window-max-bytes", MiB, 16 * GiB),
        },
        Link = new LinkSettings
        {
            MaximumInFlightBytes = reader.Size("hotstandby.link.max-in-flight-bytes", 64 * KiB, GiB),
            ResendTimeout = reader.Duration("hotstandby.link.resend-timeout", Milliseconds(50), Seconds(60)),
        },
        Journal = new JournalSettings
        {
            Plugin = reader.Text("hotstandby.journal.plugin", PluginPattern().IsMatch, "must be the HOCON path of a journal plugin"),
            Fsync = reader.Choice("hotstandby.journal.fsync", ("every-batch", FsyncPolicy.EveryBatch), ("interval", FsyncPolicy.Interval)),
            FsyncInterval = reader.Duration("hotstandby.journal.fsync-interval", Milliseconds(1), Seconds(60)),
            SegmentBytes = reader.Size("hotstandby.journal.segment-bytes", 64 * KiB, GiB),
            QueueBytes = reader.Size("hotstandby.journal.queue-bytes", 64 * KiB, GiB),
            RetainBytes = reader.Size("hotstandby.journal.retain-bytes", 0, 1024 * GiB),
        },
        Checkpoints = new CheckpointSettings
        {
            Plugin = reader.Text(
                "hotstandby.checkpoints.plugin", PluginPattern().IsMatch, "must be the HOCON path of a snapshot-store plugin"),
            EveryBytes = reader.Size("hotstandby.checkpoints.every-bytes", 64 * KiB, 64 * GiB),
            Every = reader.Duration("hotstandby.checkpoints.every", Seconds(1), Hours(24)),
        },
        Objects = new ObjectSettings
        {
            LeaseTtl = reader.Duration("hotstandby.objects.lease-ttl", Milliseconds(100), Minutes(10)),
            PutStartDiscardTimeout = reader.Duration("hotstandby.objects.put-start-discard-timeout", Seconds(1), Hours(1)),
            PutStartReleaseTimeout = reader.Duration("hotstandby.objects.put-start-release-timeout", Seconds(1), Hours(24)),
            TransferTimeout = reader.Duration("hotstandby.objects.transfer-timeout", Seconds(1), Hours(24)),
            DefaultSoftPinTtl = reader.Duration("hotstandby.objects.default-soft-pin-ttl", Seconds(1), Days(30)),
            MaximumSoftPinTtl = reader.Duration("hotstandby.objects.max-soft-pin-ttl", Seconds(1), Days(30)),
            Tenancy = new Tenancy(reader.Choice("hotstandby.objects.multi-tenants", ("off", false), ("on", true))),
            ClientTtl = reader.Duration("hotstandby.objects.client-ttl", Seconds(1), Hours(1)),
            ClientSuspectTime = reader.Duration("hotstandby.objects.client-suspect-time", TimeSpan.Zero, Hours(24)),
        },
        Allocation = new AllocationSettings
        {
            Strategy = reader.Choice(
                "hotstandby.allocation.strategy", ("random", AllocationStrategy.Random),
                ("free-ratio-first", AllocationStrategy.FreeRatioFirst), ("power-of-two", AllocationStrategy.PowerOfTwo)),
        },
        Eviction = new EvictionOptions
        {
            HighWatermark = reader.Fraction("hotstandby.eviction.high-watermark"),
            Ratio = reader.Fraction("hotstandby.eviction.ratio"),
            Headroom = reader.Fraction("hotstandby.eviction.headroom"),
            AllowSoftPinned = reader.Choice("hotstandby.eviction.allow-soft-pinned", ("on", true), ("off", false)),
            MaximumVictims = reader.Integer("hotstandby.eviction.max-victims", 1, 1 << 20),
        },
        Verification = new VerificationSettings
        {
            IsEnabled = reader.Choice("hotstandby.verification.enabled", ("on", true), ("off", false)),
            Interval = reader.Duration("hotstandby.verification.interval", Milliseconds(10), Hours(1)),
            Ratio = reader.Fraction("hotstandby.verification.ratio"),
            KeysPerRequest = reader.Integer("hotstandby.verification.keys-per-request", 1, 1000),
            RepairThreshold = reader.Integer("hotstandby.verification.repair-threshold", 0, 1 << 24),
        },
        Log = new LogSettings(reader.Choice("hotstandby.log.format", ("text", LogFormat.Text), ("json", LogFormat.Json))),
        Testing = new TestingSettings
        {
            AreFaultsAllowed = reader.Choice("hotstandby.testing.faults", ("off", false), ("on", true)),
        },
    };

    private static string DataDirectory(SettingsReader reader)
    {
        var path = reader.FilePath("hotstandby.data-dir", IsPath, "must be the path of a directory");
        return IsPath(path) ? Path.GetFullPath(path) : "";

        static bool IsPath(string text) => text.Trim().Length > 0 && !text.Contains('\0', StringComparison.Ordinal);
    }

    private static TlsSettings Tls(SettingsReader reader, string block, ClientCertificates callers) => new(
        OptionalFile(reader, $"{block}.certificate"), OptionalFile(reader, $"{block}.key"), OptionalFile(reader, $"{block}.ca"), callers);

    private static ClientCertificates CallersOf(SettingsReader reader, string block) =>
        reader.Choice($"{block}.client-certificates", ("none", ClientCertificates.None), ("required", ClientCertificates.Required));

    private static string OptionalFile(SettingsReader reader, string path)
    {
        var file = reader.FilePath(
            path, text => text.Length == 0 || File.Exists(text), "must be the path of a file that is there, or \"\"");
        return File.Exists(file) ? Path.GetFullPath(file) : "";
    }

    private static bool IsReachableHost(string host) => HostName.IsValid(host) && !HostName.IsWildcard(host) && !HostName.IsScoped(host);

    private static TimeSpan Milliseconds(int value) => TimeSpan.FromMilliseconds(value);

    private static TimeSpan Seconds(int value) => TimeSpan.FromSeconds(value);

    private static TimeSpan Minutes(int value) => TimeSpan.FromMinutes(value);

    private static TimeSpan Hours(int value) => TimeSpan.FromHours(value);

    private static TimeSpan Days(int value) => TimeSpan.FromDays(value);

    [GeneratedRegex(@"\A[A-Za-z0-9_./\-]{1,128}\z")]
    private static partial Regex ClusterPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*\z")]
    private static partial Regex PluginPattern();
}
