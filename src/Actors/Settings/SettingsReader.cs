// Reads typed values and notes everything that is wrong instead of stopping at the first. A value that could not be read
// comes back as the lowest allowed one, so that reading goes on; whoever reads must look at Problems before using anything.
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using HotStandby.Messages.Network;

namespace HotStandby.Actors.Settings;

/// <summary>Typed access to one merged configuration.</summary>
internal sealed partial class SettingsReader(Config config, List<SettingsProblem> problems)
{
    private const string LocalHost = "localhost";

    private readonly HashSet<string> _failed = [];

    /// <summary>The characters of cluster and node ids.</summary>
    public const string IdRule = "must be 1 to 128 of A-Z a-z 0-9 _ . -";

    /// <summary>The configuration it reads.</summary>
    public Config Config => config;

    /// <summary>An id of a cluster or node.</summary>
    public string Id(string path)
    {
        var text = Text(path);
        if (!IdPattern().IsMatch(text))
            Fail(path, text, IdRule);
        return text;
    }

    /// <summary>A list of ids, 1 to <paramref name="maximum"/>, each once.</summary>
    public IReadOnlyList<string> Ids(string path, int maximum)
    {
        var value = config.GetValue(path);
        var rule = $"must be a list of 1 to {maximum} different names of 1 to 128 of A-Z a-z 0-9 _ . -";
        if (value is null || !value.IsArray())
        {
            Fail(path, Shown(value), rule);
            return [];
        }
        var items = value.GetArray().Select(item => item.IsString() ? item.GetString() ?? "" : "").ToArray();
        if (items.Length < 1 || items.Length > maximum
            || items.Distinct().Count() != items.Length || items.Any(item => !IdPattern().IsMatch(item)))
            Fail(path, $"[{string.Join(", ", items)}]", rule);
        return items;
    }

    /// <summary>A text that matches.</summary>
    public string Text(string path, Func<string, bool> allowed, string rule)
    {
        var text = Text(path);
        if (!allowed(text))
            Fail(path, text, rule);
        return text;
    }

    /// <summary>A secret, or nothing. It is never shown, however wrong it is.</summary>
    public string Secret(string path, Func<string, bool> allowed, string rule)
    {
        var text = Text(path);
        if (text.Length > 0 && !allowed(text))
            Fail(path, KnownSettings.Mask, $"must be empty, or {rule}");
        return text;
    }

    /// <summary>An address to listen on, in its one spelling; localhost is 127.0.0.1.</summary>
    public string ListenHost(string path)
    {
        var text = Text(
            path, static text => text == LocalHost || IsListenAddress(text),
            "must be an IP address or localhost; 0.0.0.0 and :: are all interfaces");
        return text == LocalHost ? IPAddress.Loopback.ToString() : HostName.Canonical(text);
    }

    /// <summary>True for what a socket can be bound to: one address of this machine, or all of them.</summary>
    public static bool IsListenAddress(string text) => HostName.IsAddress(text) && (HostName.IsValid(text) || HostName.IsWildcard(text));

    /// <summary>The path of a file or directory, as it is written.</summary>
    public string FilePath(string path, Func<string, bool> allowed, string rule)
    {
        var text = Text(path);
        if (FilePaths.IsHomeRelative(text))
            Fail(path, text, FilePaths.HomeRule);
        else if (!allowed(text))
            Fail(path, text, rule);
        return text;
    }

    /// <summary>A whole number.</summary>
    public int Integer(string path, int minimum, int maximum)
    {
        var text = Text(path);
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= minimum && value <= maximum)
            return value;
        Fail(path, text, $"must be a whole number, {minimum} to {maximum}");
        return minimum;
    }

    /// <summary>A size in bytes.</summary>
    public long Size(string path, long minimum, long maximum)
    {
        var text = Text(path);
        if (Units.TrySize(text, out var value) && value >= minimum && value <= maximum)
            return value;
        Fail(path, text, $"must be a size, {Units.Print(minimum)} to {Units.Print(maximum)}");
        return minimum;
    }

    /// <summary>A duration.</summary>
    public TimeSpan Duration(string path, TimeSpan minimum, TimeSpan maximum)
    {
        var text = Text(path);
        if (Units.TryDuration(text, out var value) && value >= minimum && value <= maximum)
            return value;
        Fail(path, text, $"must be a duration, {Units.Print(minimum)} to {Units.Print(maximum)}");
        return minimum;
    }

    /// <summary>A share, 0 to 1.</summary>
    public double Fraction(string path)
    {
        var text = Text(path);
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value <= 1)
            return value;
        Fail(path, text, "must be a number, 0 to 1");
        return 0;
    }

    /// <summary>One of a few words.</summary>
    public T Choice<T>(string path, params ReadOnlySpan<(string Word, T Value)> choices)
    {
        var text = Text(path);
        foreach (var (word, value) in choices)
        {
            if (word == text)
                return value;
        }
        var words = new List<string>();
        foreach (var (word, _) in choices)
            words.Add(word);
        Fail(path, text, "must be " + string.Join(" or ", words));
        return choices[0].Value;
    }

    /// <summary>A rule between settings; not looked at when one of them is wrong in itself.</summary>
    public void Require(bool holds, string path, string rule, params ReadOnlySpan<string> others)
    {
        if (holds || _failed.Contains(path))
            return;
        foreach (var other in others)
        {
            if (_failed.Contains(other))
                return;
        }
        Fail(path, Shown(config.GetValue(path)), rule);
    }

    private string Text(string path)
    {
        var value = config.GetValue(path);
        return value is not null && value.IsString() ? value.GetString() ?? "" : "";
    }

    // An empty list is neither text nor array to Akka.
    private static string Shown(HoconValue? value) => value switch
    {
        null => "",
        _ when value.IsString() => value.GetString() ?? "",
        _ when value.IsObject() => "{ }",
        _ when value.IsArray() => $"[{string.Join(", ", value.GetArray().Select(Shown))}]",
        _ => "[]",
    };

    /// <summary>Notes that a setting is wrong; of one setting, the first fault counts.</summary>
    /// <param name="path">The setting.</param>
    /// <param name="value">What was given; null where the fault is not in a value.</param>
    /// <param name="rule">What is allowed.</param>
    public void Fail(string path, string? value, string rule)
    {
        if (_failed.Add(path))
            problems.Add(new SettingsProblem(path, value is "" ? "\"\"" : value, rule));
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_.\-]{1,128}\z")]
    private static partial Regex IdPattern();
}
