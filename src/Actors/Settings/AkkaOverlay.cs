// What Akka must know and our settings say already: address, roles, the journal's block. Generated, so that a node file
// states each fact once; laid over everything else.
using System.Globalization;
using System.Text;
using Akka.Configuration;
using HotStandby.Messages.Network;

namespace HotStandby.Actors.Settings;

/// <summary>The generated part of a node's configuration.</summary>
internal static class AkkaOverlay
{
    private const string RolesPath = "akka.cluster.roles";
    private const string SeedNodesPath = "akka.cluster.seed-nodes";
    private const string Transport = "akka.remote.dot-netty.tcp";

    // The names in the middle are those of Akka on the JVM.
    private static readonly (string Path, string Instead)[] Taken =
    [
        ($"{Transport}.hostname", "hotstandby.remoting.bind-host"), ($"{Transport}.port", "hotstandby.remoting.bind-port"),
        ($"{Transport}.public-hostname", "hotstandby.remoting.host"), ($"{Transport}.public-port", "hotstandby.remoting.port"),
        ($"{Transport}.bind-hostname", "hotstandby.remoting.bind-host"), ($"{Transport}.bind-port", "hotstandby.remoting.bind-port"),
        ($"{Transport}.enable-ssl", "hotstandby.remoting.tls"), ($"{Transport}.ssl", "hotstandby.remoting.tls"),
        ("akka.persistence.journal.plugin", "hotstandby.journal.plugin"),
        ("akka.persistence.snapshot-store.plugin", "hotstandby.checkpoints.plugin"),
        ("akka.coordinated-shutdown.phases.before-cluster-shutdown.timeout", "hotstandby.lease.hand-over-timeout"),
        ("akka.coordinated-shutdown.phases.cluster-exiting.timeout", "hotstandby.lease.hand-over-timeout"),
        ("akka.loggers", "hotstandby.log"),
    ];

    // Beside the wait for the last entries: the oracle's own messages.
    private static readonly TimeSpan HandOverMargin = TimeSpan.FromSeconds(10);

    /// <summary>Reports Akka settings that may not be set beside ours: two sources of one fact would differ one day.</summary>
    public static void CheckConflicts(Config given, SettingsReader reader)
    {
        foreach (var (path, instead) in Taken)
        {
            if (given.GetValue(path) is { } value)
                reader.Fail(path, value.IsObject() ? null : AkkaValues.Shown(value), $"is taken from {instead}; set that instead");
        }
    }

    /// <summary>The HOCON that goes on top.</summary>
    /// <param name="settings">Checked settings.</param>
    /// <param name="given">The user's configuration: its roles are kept, its seed nodes respected.</param>
    public static Config From(HotStandbySettings settings, Config given)
    {
        var text = new StringBuilder();
        var roles = new List<string> { NodeConfiguration.MasterRole, NodeConfiguration.RoleOf(settings.NodeId) };
        // A node that listens on all interfaces is reached where the other nodes reach it.
        string Reached(string host) => HostName.IsWildcard(host) ? settings.Remoting.Host : host;
        if (settings.Http.IsEnabled)
            roles.Add(NodeConfiguration.RoleOf(settings.Http, Reached(settings.Http.Host)));
        roles.Add(NodeConfiguration.RoleOf(settings.Client, settings.Remoting.Host));
        if (settings.Discovery.IsEnabled)
            roles.Add(NodeConfiguration.RoleOf(settings.Discovery, Reached(settings.Discovery.Host)));
        if (given.GetValue(RolesPath) is { } value && value.IsArray())
            roles.AddRange(value.GetStringList());
        Line(text, RolesPath, '[' + string.Join(", ", roles.Distinct().Select(Quote)) + ']');
        Line(text, $"{Transport}.hostname", Quote(settings.Remoting.ListenHost));
        Line(text, $"{Transport}.port", settings.Remoting.ListenPort);
        Line(text, $"{Transport}.public-hostname", Quote(settings.Remoting.Host));
        Line(text, $"{Transport}.public-port", settings.Remoting.Port);
        Line(text, $"{Transport}.enable-ssl", settings.Remoting.Tls.IsEnabled ? "on" : "off");
        var seeds = given.GetStringList(SeedNodesPath, []).Select(SeedNode.Canonical).ToList();
        if (seeds.Count == 0 && settings.Voters.Count == 1 && settings.Remoting.Port != 0)
            seeds.Add(settings.Remoting.AddressText);
        Line(text, SeedNodesPath, '[' + string.Join(", ", seeds.Select(Quote)) + ']');
        Line(text, "akka.persistence.journal.plugin", Quote(settings.Journal.Plugin));
        // A clean stop hands over in this phase: the wait must not be cut short from outside.
        Line(text, "akka.coordinated-shutdown.phases.before-cluster-shutdown.timeout",
            Units.Print(settings.Lease.HandOverTimeout + HandOverMargin));
        Line(
            text, "akka.coordinated-shutdown.phases.cluster-exiting.timeout", Units.Print(settings.Lease.HandOverTimeout + HandOverMargin));
        const string journal = JournalSettings.EmbeddedPlugin;
        Line(text, "akka.persistence.snapshot-store.plugin", Quote(settings.Checkpoints.Plugin));
        Line(text, $"{CheckpointSettings.EmbeddedPlugin}.dir", Quote(settings.DataDirectory));
        Line(text, $"{journal}.dir", Quote(settings.DataDirectory));
        Line(text, $"{journal}.cluster-id", Quote(settings.ClusterId));
        Line(text, $"{journal}.node-id", Quote(settings.NodeId.Name));
        Line(text, $"{journal}.flush", settings.Journal.Fsync == FsyncPolicy.EveryBatch ? "every-batch" : "interval");
        Line(text, $"{journal}.flush-interval", Units.Print(settings.Journal.FsyncInterval));
        Line(text, $"{journal}.segment-bytes", settings.Journal.SegmentBytes);
        Line(text, $"{journal}.queue-bytes", settings.Journal.QueueBytes);
        return ConfigurationFactory.ParseString(text.ToString());
    }

    /// <summary>A HOCON string literal.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var unit in text)
        {
            if (unit is '"' or '\\')
                quoted.Append('\\').Append(unit);
            else if (char.IsControl(unit))
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            else
                quoted.Append(unit);
        }

        return quoted.Append('"').ToString();
    }

    private static void Line(StringBuilder text, string path, object value) =>
        text.Append(CultureInfo.InvariantCulture, $"{path} = {value}\n");
}
