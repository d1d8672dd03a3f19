// The way into a node's configuration: reference.conf, akka.conf, the node's file, environment variables and -D overrides
// become one checked result. Called by the host and by tests that start nodes. Starts nothing and writes nothing.
using System.Collections;
using System.Text.RegularExpressions;
using Akka.Configuration;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Network;

namespace HotStandby.Actors.Settings;

/// <summary>A checked configuration, ready to start a node with.</summary>
/// <param name="Settings">Our settings, typed.</param>
/// <param name="Full">Everything, for <c>ActorSystem.Create(SystemName, Full)</c>: Akka's part included, Akka's own reference not.</param>
/// <param name="Effective">Every setting with its value and where it comes from.</param>
public sealed partial record NodeConfiguration(HotStandbySettings Settings, Config Full, IReadOnlyList<EffectiveSetting> Effective)
{
    /// <summary>Name of the actor system on every node; part of seed node addresses.</summary>
    public const string SystemName = "hotstandby";

    /// <summary>Role of every node that holds the index.</summary>
    public const string MasterRole = "master";

    private const string NodeRolePrefix = "node.";
    private const string HttpRolePrefix = "http=";
    private const string ClientRolePrefix = "client=";
    private const string DiscoveryRolePrefix = "etcd=";

    /// <summary>The role by which peers recognise a node: <c>node.</c> and its id.</summary>
    public static string RoleOf(NodeId node) => NodeRolePrefix + node.Name;

    /// <summary>The role by which peers know a node's HTTP port: <c>http=</c> and its origin.</summary>
    public static string RoleOf(HttpSettings http, string host)
    {
        ArgumentNullException.ThrowIfNull(http);
        return $"{HttpRolePrefix}{(http.Tls.IsEnabled ? "https" : "http")}://{new HostAndPort(host, http.Port)}";
    }

    /// <summary>The role by which peers know where clients reach a node: <c>client=</c> and host:port.</summary>
    public static string RoleOf(ClientSettings client, string host)
    {
        ArgumentNullException.ThrowIfNull(client);
        return $"{ClientRolePrefix}{client.AdvertisedAddress(host)}";
    }

    /// <summary>The role by which peers know a node's discovery port: <c>etcd=</c> and its origin.</summary>
    public static string RoleOf(DiscoverySettings discovery, string host)
    {
        ArgumentNullException.ThrowIfNull(discovery);
        return $"{DiscoveryRolePrefix}{(discovery.Tls.IsEnabled ? "https" : "http")}://{new HostAndPort(host, discovery.EtcdPort)}";
    }

    /// <summary>The origin of a member's HTTP port; empty when it has none.</summary>
    public static string HttpOf(IEnumerable<string> roles) => Behind(HttpRolePrefix, roles);

    /// <summary>host:port where clients reach a member; empty when it does not say.</summary>
    public static string ClientOf(IEnumerable<string> roles) => Behind(ClientRolePrefix, roles);

    /// <summary>The origin of a member's discovery port; empty when it has none.</summary>
    public static string DiscoveryOf(IEnumerable<string> roles) => Behind(DiscoveryRolePrefix, roles);

    private static string Behind(string prefix, IEnumerable<string> roles) =>
        roles.FirstOrDefault(role => role.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..] ?? "";

    /// <summary>The node behind a member's roles; <see cref="NodeId.None"/> when it is none of ours.</summary>
    public static NodeId NodeOf(IEnumerable<string> roles)
    {
        ArgumentNullException.ThrowIfNull(roles);
        foreach (var role in roles)
        {
            if (role.StartsWith(NodeRolePrefix, StringComparison.Ordinal))
                return new NodeId(role[NodeRolePrefix.Length..]);
        }
        return NodeId.None;
    }

    /// <summary>
    /// Reads a node's file and everything that overrides it. Never throws for bad input: the result says all that is wrong.
    /// </summary>
    /// <param name="file">Path of the node's file.</param>
    /// <param name="overrides">
    /// Pairs of path and value, the last of a path wins; a value is HOCON when it starts with <c>[</c>, <c>{</c> or a quotation mark and is
    /// no IPv6 address, else plain text.
    /// </param>
    /// <param name="environment">Environment variables; those that start with <see cref="KnownSettings.EnvironmentPrefix"/> count. Null:
    /// none.</param>
    public static ConfigurationResult Load(
        string file, IEnumerable<KeyValuePair<string, string>> overrides, IDictionary? environment = null)
    {
        var path = Path.GetFullPath(file);
        string text;
        try
        {
            if (Directory.Exists(file))
                return WithoutFile(ConfigurationFailure.FileUnreadable, "this is a directory, not a file");
            text = File.ReadAllText(file);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return WithoutFile(ConfigurationFailure.FileMissing, "no such file");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return WithoutFile(ConfigurationFailure.FileUnreadable, error.Message);
        }

        return Parse(text, path, Path.GetDirectoryName(path), overrides, environment);

        // The other sources may say how an error is to be written.
        ConfigurationResult WithoutFile(ConfigurationFailure failure, string why) => Parse("", path, null, overrides, environment) with
        {
            Configuration = null,
            Failure = failure,
            Errors = [new SettingsProblem(file, null, why)],
            Warnings = [],
        };
    }

    /// <summary>As <see cref="Load"/>, from text.</summary>
    /// <param name="text">What the node's file holds.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <param name="directory">Where its includes are; null forbids them.</param>
    /// <param name="overrides">As for <see cref="Load"/>.</param>
    /// <param name="environment">As for <see cref="Load"/>.</param>
    public static ConfigurationResult Parse(
        string text, string source, string? directory = null, IEnumerable<KeyValuePair<string, string>>? overrides = null,
        IDictionary? environment = null)
    {
        List<SettingsProblem> problems = [], warnings = [];
        Config Read(string part, string name, string? includes)
        {
            try
            {
                return HoconText.Parse(part, name, includes, name => environment?[name] as string);
            }
            catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
            {
                problems.Add(new SettingsProblem(name, null,
                    error.Message.StartsWith(name + ": ", StringComparison.Ordinal) ? error.Message[(name.Length + 2)..] : error.Message));
                return Config.Empty;
            }
        }

        var fromFile = Read(text, source, directory);
        if (problems.Count > 0)
            return Parse("", source, null, overrides, environment) with
            {
                Configuration = null,
                Failure = ConfigurationFailure.Invalid,
                Errors = [.. problems],
                Warnings = [],
            };
        var fromEnvironment = Read(Lines(EnvironmentSettings(environment, problems), problems), "environment", null);
        var fromOverrides = Read(Lines(overrides ?? [], problems), "override", null);

        var given = fromOverrides.WithFallback(fromEnvironment).WithFallback(fromFile);
        problems.AddRange(KnownSettings.Unknown(given));
        var merged = given.WithFallback(EmbeddedConfiguration.Akka).WithFallback(EmbeddedConfiguration.Reference);
        var reader = new SettingsReader(merged, problems);
        AkkaOverlay.CheckConflicts(given, reader);
        AkkaSettings.Check(given, reader);
        var settings = SettingsParser.Parse(reader);
        CrossChecks.Apply(settings, reader, warnings);
        if (problems.Count > 0)
            return ConfigurationResult.Failed(ConfigurationFailure.Invalid, [.. problems]) with
            {
                Warnings = warnings,
                LogFormat = settings.Log.Format,
                NodeName = settings.NodeId.Name,
            };

        var effective = KnownSettings.Paths.Select(path => new EffectiveSetting(path, Shown(path, merged.GetValue(path).ToString()),
            fromOverrides.HasPath(path) ? SettingSource.Override
            : fromEnvironment.HasPath(path) ? SettingSource.Environment
            : fromFile.HasPath(path) ? SettingSource.File
            : SettingSource.Default)).ToArray();
        var full = AkkaOverlay.From(settings, merged).WithFallback(merged);
        return new ConfigurationResult(new NodeConfiguration(settings, full, effective), ConfigurationFailure.None, [], warnings)
        {
            LogFormat = settings.Log.Format, NodeName = settings.NodeId.Name,
        };
    }

    private static IEnumerable<KeyValuePair<string, string>> EnvironmentSettings(IDictionary? environment, List<SettingsProblem> problems)
    {
        var paths = KnownSettings.Paths.ToDictionary(KnownSettings.EnvironmentVariable);
        foreach (DictionaryEntry variable in environment ?? new Hashtable())
        {
            if (variable is not { Key: string name, Value: string value }
                || !name.StartsWith(KnownSettings.EnvironmentPrefix, StringComparison.Ordinal))
                continue;
            if (paths.TryGetValue(name, out var path))
                yield return new(path, value);
            else
                problems.Add(new SettingsProblem($"environment variable {name}", value,
                    KnownSettings.UnknownRule(name.Replace("__", ".", StringComparison.Ordinal).Replace('_', '-').ToLowerInvariant())));
        }
    }

    private static string Shown(string path, string value) =>
        KnownSettings.IsSecret(path) && value is not ("" or "\"\"") ? KnownSettings.Mask : value;

    private static string Lines(IEnumerable<KeyValuePair<string, string>> pairs, List<SettingsProblem> problems)
    {
        var lines = new List<string>();
        foreach (var (path, value) in pairs)
        {
            var isHocon = value is ['[' or '{' or '"', ..] && !HostName.IsAddress(value);
            if (PathPattern().IsMatch(path))
                lines.Add($"{path} = {(isHocon ? value : AkkaOverlay.Quote(value))}");
            else
                problems.Add(new SettingsProblem(path, value, "is not the path of a setting, such as hotstandby.client.port"));
        }
        return string.Join('\n', lines);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*\z")]
    private static partial Regex PathPattern();
}
