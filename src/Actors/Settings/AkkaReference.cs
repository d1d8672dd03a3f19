// The settings that Akka.NET itself has: the reference configurations inside its assemblies, read once. A plugin of a journal or a snapshot
// store brings its own; its block is not checked (AkkaSettings).
using System.Reflection;
using Akka.Actor;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace HotStandby.Actors.Settings;

/// <summary>Akka's own settings with their defaults.</summary>
internal static class AkkaReference
{
    /// <summary>Above all of them.</summary>
    public const string Root = "akka";

    // Read by Akka, and in no reference configuration.
    private const string Unlisted = """
        akka.remote.dot-netty.tcp { log-transport = off, enable-pooling = on }
        akka.actor.default-fork-join-dispatcher.dedicated-thread-pool { deadlock-timeout = 3s, apartment = mta }
        """;

    private static readonly Type[] Assemblies =
    [
        typeof(ActorSystem), typeof(Akka.Remote.RemoteSettings), typeof(Akka.Cluster.Cluster),
        typeof(Akka.Cluster.Tools.Singleton.ClusterSingletonManager), typeof(Akka.Persistence.Persistence), typeof(Akka.Coordination.Lease),
    ];

    /// <summary>Everything below <see cref="Root"/>, with its default.</summary>
    public static HoconObject All { get; } = ConfigurationFactory.ParseString(
        string.Join('\n', [.. Assemblies.SelectMany(type => TextsOf(type.Assembly)), Unlisted])).GetValue(Root).GetObject();

    /// <summary>Full path of every setting.</summary>
    public static IReadOnlyList<string> Paths { get; } = [.. KnownSettings.Leaves(Root, Wrap(All))];

    /// <summary>The keys that a dispatcher may have: those that any of Akka's own has.</summary>
    public static HoconObject Dispatcher { get; } = Merge(
        All.Items.Values.Where(static value => value.IsObject())
            .SelectMany(static value => value.GetObject().Items.Values).Where(IsDispatcher));

    /// <summary>True for a block that describes a dispatcher or a mailbox, under whatever name.</summary>
    public static bool IsDispatcher(HoconValue value) => value.IsObject()
        && value.GetObject().Items.Keys.Any(static key => key is "executor" or "type" or "mailbox-type" or "dedicated-thread-pool");

    private static IEnumerable<string> TextsOf(Assembly assembly)
    {
        foreach (var name in assembly.GetManifestResourceNames().Where(static name => name.EndsWith(".conf", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return reader.ReadToEnd();
        }
    }

    private static HoconValue Wrap(HoconObject block)
    {
        var value = new HoconValue();
        value.AppendValue(block);
        return value;
    }

    private static HoconObject Merge(IEnumerable<HoconValue> blocks)
    {
        var all = new HoconObject();
        foreach (var (key, value) in blocks.SelectMany(static block => block.GetObject().Items))
            all.Items.TryAdd(key, value);
        return all;
    }
}
