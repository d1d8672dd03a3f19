// What Akka must know and our settings say already: address, roles, the journal's block. Generated, so that a node file
// states each fact once; laid over everything else.
using System.Globalization;
using System.Text;
using Akka.Configuration;

namespace HotStandby.Actors.Settings;

/// <summary>The generated part of a node's configuration.</summary>
internal static class AkkaOverlay
{
    private const string RolesPath = "akka.cluster.roles";
    private static readonly string[] AddressPaths = ["akka.remote.dot-netty.tcp.hostname", "akka.remote.dot-netty.tcp.port"];

    private static readonly string[] TlsPaths = ["akka.remote.dot-netty.tcp.enable-ssl", "akka.remote.dot-netty.tcp.ssl"];

    // Beside the wait for the last entries: the oracle's own messages.
    private static readonly TimeSpan HandOverMargin = TimeSpan.FromSeconds(10);

    /// <summary>Problems for Akka settings that the user may not set beside ours, because two sources of one fact would differ one day.</summary>
    public static IEnumerable<SettingsProblem> Conflicts(Config given)
    {
        foreach (var path in AddressPaths)
        {
            if (given.HasPath(path))
                yield return new SettingsProblem(path, given.GetString(path, ""), "is taken from hotstandby.remoting; set that instead");
        }

        foreach (var path in TlsPaths)
        {
            if (given.HasPath(path))
                yield return new SettingsProblem(path, null, "is taken from hotstandby.remoting.tls; set that instead");
        }
    }

    /// <summary>The HOCON that goes on top.</summary>
    /// <param name="settings">Checked settings.</param>
    /// <param name="given">The user's configuration: its roles are kept, its seed nodes respected.</param>
    public static Config From(HotStandbySettings settings, Config given)
    {
        var text = new StringBuilder();
        var roles = new List<string> { NodeConfiguration.MasterRole, NodeConfiguration.RoleOf(settings.NodeId) };
        if (settings.Http.IsEnabled) // who listens on all interfaces is reached where the other nodes reach it
            roles.Add(NodeConfiguration.RoleOf(settings.Http, settings.Http.Host is "0.0.0.0" or "::" ? settings.Remoting.Host : settings.Http.Host));
        if (given.GetValue(RolesPath) is { } value && value.IsArray())
            roles.AddRange(value.GetStringList());
        Line(text, RolesPath, '[' + string.Join(", ", roles.Distinct().Select(Quote)) + ']');
        Line(text, "akka.remote.dot-netty.tcp.hostname", Quote(settings.Remoting.Host));
        Line(text, "akka.remote.dot-netty.tcp.port", settings.Remoting.Port);
        Line(text, "akka.remote.dot-netty.tcp.enable-ssl", settings.Remoting.Tls.IsEnabled ? "on" : "off");
        if (settings.Voters.Count == 1 && settings.Remoting.Port != 0 && given.GetStringList("akka.cluster.seed-nodes", []).Count == 0)
            Line(text, "akka.cluster.seed-nodes", $"[{Quote($"{settings.Remoting.Scheme}://{NodeConfiguration.SystemName}@{settings.Remoting.Host}:{settings.Remoting.Port}")}]");
        Line(text, "akka.persistence.journal.plugin", Quote(settings.Journal.Plugin));
        // A clean stop hands over in this phase: the wait must not be cut short from outside.
        Line(text, "akka.coordinated-shutdown.phases.before-cluster-shutdown.timeout", Units.Print(settings.Lease.HandOverTimeout + HandOverMargin));
        Line(text, "akka.coordinated-shutdown.phases.cluster-exiting.timeout", Units.Print(settings.Lease.HandOverTimeout + HandOverMargin));
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
    public static string Quote(string text) => '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + '"';

    private static void Line(StringBuilder text, string path, object value) =>
        text.Append(CultureInfo.InvariantCulture, $"{path} = {value}\n");
}
