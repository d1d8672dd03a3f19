// Which values Akka.NET takes for a setting of its own. The kind follows from the default: a duration's default is a duration. Akka's own
// reading decides about the spelling ("5min" is not one of its durations). What the default does not show is in the table.
using System.Globalization;
using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Configuration.Hocon;

namespace HotStandby.Actors.Settings;

/// <summary>Values of Akka's settings.</summary>
internal static partial class AkkaValues
{
    private const string DurationRule = "must be a duration as Akka writes it, such as 500ms, 2s, 5m, 1h";
    private const string SizeRule = "must be a size as Akka writes it, such as 64KiB, 16MiB, 128000b";
    private const string LevelRule = "must be OFF, ERROR, WARNING, INFO or DEBUG";
    private const string SwitchRule = "must be on or off";
    private const string IntegerRule = "must be a whole number";

    // Where the default does not show all that is allowed, or this program allows less than Akka.
    private static readonly Dictionary<string, (Func<HoconValue, bool> Allows, string Rule)> Exceptions = new()
    {
        ["akka.loglevel"] = (IsLevel, LevelRule),
        ["akka.stdout-loglevel"] = (IsLevel, LevelRule),
        ["akka.actor.provider"] = (
            static value => value.GetString() is "cluster"
                || value.GetString()?.StartsWith("Akka.Cluster.ClusterActorRefProvider", StringComparison.Ordinal) == true,
            "must be cluster: a node is a member of one"),
        ["akka.cluster.downing-provider-class"] = (
            static value => value.GetString() is "",
            "must be \"\": which nodes are removed is decided by hotstandby.membership and hotstandby.lease alone"),
        ["akka.cluster.auto-down-unreachable-after"] = (
            IsOff, "must be off: which nodes are removed is decided by hotstandby.membership and hotstandby.lease alone"),
        ["akka.log-dead-letters"] = Or(IsSwitch, IsInteger, "must be on, off or a whole number"),
        ["akka.cluster.allow-weakly-up-members"] = Or(IsSwitch, IsDuration, $"{DurationRule}, or on or off"),
        ["akka.cluster.down-removal-margin"] = Or(IsOff, IsDuration, $"{DurationRule}, or off"),
        ["akka.cluster.publish-stats-interval"] = Or(IsOff, IsDuration, $"{DurationRule}, or off"),
        ["akka.cluster.client.reconnect-timeout"] = Or(IsOff, IsDuration, $"{DurationRule}, or off"),
        ["akka.remote.log-frame-size-exceeding"] = Or(IsOff, IsSize, $"{SizeRule}, or off"),
        ["akka.remote.log-buffer-size-exceeding"] = Or(IsOff, IsInteger, $"{IntegerRule}, or off"),
        ["akka.persistence.fsm.snapshot-after"] = Or(IsOff, IsInteger, $"{IntegerRule}, or off"),
        ["akka.cluster.split-brain-resolver.static-quorum.quorum-size"] = (IsInteger, IntegerRule),
        ["akka.actor.reaper-interval"] = (IsDuration, DurationRule),
        ["akka.actor.typed.timeout"] = (IsDuration, DurationRule),
        ["akka.remote.dot-netty.tcp.byte-order"] = OneOf("little-endian", "big-endian"),
        ["akka.remote.dot-netty.tcp.tcp-reuse-addr"] = OneOf("on", "off", "off-for-windows"),
        ["akka.remote.dot-netty.tcp.transport-protocol"] = OneOf("tcp"),
    };

    private static readonly string[] Fractions = ["-factor", "-probability", "threshold"];

    private static readonly string[] AboveZero =
    [
        "-interval", "threshold", "max-sample-size", "min-std-deviation", "tick-duration", "ticks-per-wheel", "throughput", "thread-count",
        "backlog",
    ];

    /// <summary>Null when Akka takes the value; otherwise what it must be.</summary>
    /// <param name="path">The setting.</param>
    /// <param name="given">Its value.</param>
    /// <param name="known">Its default.</param>
    public static string? RuleBroken(string path, HoconValue given, HoconValue known)
    {
        if (Exceptions.TryGetValue(path, out var exception))
            return given.IsString() && exception.Allows(given) ? null : exception.Rule;
        if (!known.IsString())
            return given.IsString() ? "must be a list, such as [\"a\", \"b\"]" : null;
        if (!given.IsString())
            return "must be a single value, not a list";
        var (allows, rule) = KindOf(path, known);
        if (!allows(given))
            return rule;
        return AboveZero.Any(end => path.EndsWith(end, StringComparison.Ordinal)) && IsZero(given) ? "must be more than 0" : null;
    }

    /// <summary>A value as errors show it.</summary>
    public static string Shown(HoconValue value) =>
        value.IsString() ? value.GetString() ?? "null"
        : value.IsObject() ? "{ }"
        : value.IsArray() ? $"[{string.Join(", ", value.GetArray().Select(Shown))}]"
        : "[]";

    private static (Func<HoconValue, bool> Allows, string Rule) KindOf(string path, HoconValue known) => (known.GetString() ?? "") switch
    {
        "on" or "off" or "true" or "false" => (IsSwitch, SwitchRule),
        "infinite" => (IsDuration, $"{DurationRule}, or infinite"),
        var text when NumberPattern().IsMatch(text) =>
            text.Contains('.', StringComparison.Ordinal) || Fractions.Any(end => path.EndsWith(end, StringComparison.Ordinal))
                ? (IsNumber, "must be a number")
                : (IsInteger, IntegerRule),
        var text when SizePattern().IsMatch(text) => (IsSize, SizeRule),
        var text when DurationPattern().IsMatch(text) => (IsDuration, DurationRule),
        var text when ClassPattern().IsMatch(text) => (IsClass, "must name a class that is here, as \"Namespace.Class, Assembly\""),
        _ => (static _ => true, ""),
    };

    private static (Func<HoconValue, bool> Allows, string Rule) Or(Func<HoconValue, bool> one, Func<HoconValue, bool> other, string rule) =>
        (value => one(value) || other(value), rule);

    private static (Func<HoconValue, bool> Allows, string Rule) OneOf(params string[] words) =>
        (value => words.Contains(value.GetString()), $"must be {string.Join(" or ", words)}");

    private static bool IsLevel(HoconValue value) =>
        value.GetString()?.ToUpperInvariant() is "OFF" or "ERROR" or "WARNING" or "INFO" or "DEBUG";

    private static bool IsSwitch(HoconValue value) => value.GetString() is "on" or "off" or "true" or "false";

    private static bool IsOff(HoconValue value) => value.GetString() is "off" or "false";

    private static bool IsInteger(HoconValue value) =>
        int.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    private static bool IsNumber(HoconValue value) => double.TryParse(
        value.GetString(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _);

    private static bool IsDuration(HoconValue value) => IsRead(value, static text => text.GetTimeSpan());

    private static bool IsSize(HoconValue value) => IsRead(value, static text => text.GetByteSize() ?? throw new FormatException("empty"));

    private static bool IsZero(HoconValue value) =>
        (value.GetString() ?? "").TakeWhile(static letter => !char.IsLetter(letter)).All(static digit => digit is '0' or '.' or ' ');

    // As Akka looks it up: without an assembly in its own.
    private static bool IsClass(HoconValue value) =>
        value.GetString() is { Length: > 0 } name
        && (Type.GetType(name, throwOnError: false) ?? typeof(ActorSystem).Assembly.GetType(name, throwOnError: false)) is not null;

    private static bool IsRead<T>(HoconValue value, Func<HoconValue, T> read)
    {
        try
        {
            return value.GetString() is { Length: > 0 } && read(value) is not null;
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\A-?[0-9]+(\.[0-9]+)?\z")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"\A[0-9]+ *[bk]\z")]
    private static partial Regex SizePattern();

    [GeneratedRegex(@"\A[0-9]+(\.[0-9]+)? *(ms|s|m|h|d|seconds|minutes)\z")]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"\A[A-Z]\w*(\.[A-Z]\w*)+(, *[\w.]+)?\z")]
    private static partial Regex ClassPattern();
}
