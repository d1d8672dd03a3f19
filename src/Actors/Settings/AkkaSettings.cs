// What a node's file says below `akka`: every key must be one that Akka.NET has, and every value one that it takes. Akka itself ignores an
// unknown key, and answers a bad value with an exception at some later moment. Called by NodeConfiguration.
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace HotStandby.Actors.Settings;

/// <summary>The check of settings that are Akka's.</summary>
internal static class AkkaSettings
{
    // Names in them are the user's, or a plugin's.
    private static readonly string[] FreeBlocks =
    [
        "akka.actor.deployment", "akka.actor.mailbox", "akka.actor.router.type-mapping", "akka.actor.serialization-bindings",
        "akka.actor.serialization-identifiers", "akka.actor.serialization-settings", "akka.actor.serializers", "akka.cluster.role",
        "akka.coordination", "akka.discovery", "akka.persistence.query", "akka.remote.adapters",
    ];

    // In them blocks are free, values are not.
    private static readonly string[] PluginBlocks =
        ["akka.persistence.journal", "akka.persistence.snapshot-store", "akka.persistence.dispatchers"];

    private const string Phases = "akka.coordinated-shutdown.phases";

    private static readonly HoconObject Phase =
        ConfigurationFactory.ParseString("depends-on = [], timeout = 5s, recover = on, enabled = on").Root.GetObject();

    /// <summary>Reports every key that does not exist and every value that is not allowed.</summary>
    public static void Check(Config given, SettingsReader reader)
    {
        if (given.GetValue(AkkaReference.Root) is { } value)
            Check(AkkaReference.Root, value, Block(AkkaReference.All), reader);
        if (!given.Root.IsObject())
            return;
        foreach (var root in given.Root.GetObject().Items.Keys)
        {
            if (Misspelt(root) is { } meant)
                reader.Fail(root, null, $"no such setting; did you mean {meant}?");
        }
    }

    // Other names at the root are the user's: dispatchers, values to refer to, other programs' blocks.
    private static string? Misspelt(string root) => root switch
    {
        AkkaReference.Root or KnownSettings.Root => null,
        _ when KnownSettings.Distance(root.ToLowerInvariant(), KnownSettings.Root) <= 3 => KnownSettings.Root,
        _ when KnownSettings.Distance(root.ToLowerInvariant(), AkkaReference.Root) <= 1 => AkkaReference.Root,
        _ => null,
    };

    private static void Check(string path, HoconValue given, HoconValue? known, SettingsReader reader)
    {
        if (FreeBlocks.Contains(path))
        {
            if (!given.IsObject())
                reader.Fail(path, AkkaValues.Shown(given), "must be a block, not a value");
            return;
        }

        if (known is null)
        {
            var rule = KnownSettings.UnknownRule(path, AkkaReference.Paths, AkkaReference.Root, "Akka.NET has no such setting");
            reader.Fail(path, given.IsObject() ? null : AkkaValues.Shown(given), rule);
        }
        else if (!known.IsObject() && given.IsObject())
            reader.Fail(path, null, "must be a value, not a block");
        else if (!known.IsObject())
            CheckValue(path, given, known, reader);
        else if (!given.IsObject())
            reader.Fail(path, AkkaValues.Shown(given), "must be a block, not a value");
        else
            CheckBlock(path, given.GetObject(), known.GetObject(), reader);
    }

    private static void CheckBlock(string path, HoconObject given, HoconObject known, SettingsReader reader)
    {
        var isDispatcher = AkkaReference.IsDispatcher(Block(known)) || AkkaReference.IsDispatcher(Block(given));
        foreach (var (key, value) in given.Items)
        {
            if (PluginBlocks.Contains(path) && value.IsObject())
                continue;
            var expected = known.Items.GetValueOrDefault(key)
                ?? (isDispatcher ? AkkaReference.Dispatcher.Items.GetValueOrDefault(key) : null)
                ?? (path == Phases ? Block(Phase) : null)
                ?? (path.StartsWith(Phases + '.', StringComparison.Ordinal) ? Phase.Items.GetValueOrDefault(key) : null)
                ?? (AkkaReference.IsDispatcher(value) ? Block(AkkaReference.Dispatcher) : null);
            Check($"{path}.{key}", value, expected, reader);
        }
    }

    private static void CheckValue(string path, HoconValue given, HoconValue known, SettingsReader reader)
    {
        if (AkkaValues.RuleBroken(path, given, known) is { } rule)
            reader.Fail(path, AkkaValues.Shown(given), rule);
    }

    private static HoconValue Block(HoconObject items)
    {
        var value = new HoconValue();
        value.AppendValue(items);
        return value;
    }
}
