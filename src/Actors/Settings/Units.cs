// Durations and sizes as settings write them. Stricter than Akka's own reading: what is not understood is refused, never
// taken for zero.
using System.Globalization;

namespace HotStandby.Actors.Settings;

/// <summary>Reads and prints durations and sizes.</summary>
public static class Units
{
    private static readonly (string Name, double Milliseconds)[] Durations =
    [
        ("ms", 1), ("millisecond", 1), ("milliseconds", 1), ("", 1),
        ("s", 1e3), ("second", 1e3), ("seconds", 1e3),
        ("m", 6e4), ("min", 6e4), ("minute", 6e4), ("minutes", 6e4),
        ("h", 3.6e6), ("hour", 3.6e6), ("hours", 3.6e6),
        ("d", 8.64e7), ("day", 8.64e7), ("days", 8.64e7),
    ];

    private static readonly (string Name, double Bytes)[] Sizes =
    [
        ("", 1), ("b", 1), ("byte", 1), ("bytes", 1),
        ("KiB", 1L << 10), ("k", 1L << 10), ("MiB", 1L << 20), ("m", 1L << 20), ("GiB", 1L << 30), ("g", 1L << 30),
        ("kB", 1e3), ("MB", 1e6), ("GB", 1e9),
    ];

    /// <summary>Reads <c>1.5s</c>, <c>500 ms</c>, <c>24h</c>; a bare number is milliseconds.</summary>
    public static bool TryDuration(string text, out TimeSpan value)
    {
        value = default;
        if (!TryScale(text, Durations, out var milliseconds) || milliseconds > TimeSpan.MaxValue.TotalMilliseconds / 2)
            return false;
        value = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }

    /// <summary>Reads <c>64KiB</c>, <c>1 GiB</c>, <c>64000</c>; a bare number is bytes.</summary>
    public static bool TrySize(string text, out long value)
    {
        value = 0;
        if (!TryScale(text, Sizes, out var bytes) || bytes > long.MaxValue / 2 || bytes != Math.Floor(bytes))
            return false;
        value = (long)bytes;
        return true;
    }

    /// <summary>The shortest exact form: <c>1500ms</c>, <c>2s</c>, <c>24h</c>.</summary>
    public static string Print(TimeSpan value)
    {
        var milliseconds = value.TotalMilliseconds;
        foreach (var (unit, scale) in (ReadOnlySpan<(string, double)>)[("d", 8.64e7), ("h", 3.6e6), ("min", 6e4), ("s", 1e3)])
        {
            if (milliseconds >= scale && milliseconds % scale == 0)
                return Number(milliseconds / scale) + unit;
        }
        return Number(milliseconds) + "ms";
    }

    /// <summary>The shortest exact form: <c>64KiB</c>, <c>1GiB</c>, <c>1000B</c>.</summary>
    public static string Print(long bytes)
    {
        foreach (var (unit, scale) in (ReadOnlySpan<(string, long)>)[("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10)])
        {
            if (bytes >= scale && bytes % scale == 0)
                return Number(bytes / scale) + unit;
        }
        return Number(bytes) + "B";
    }

    private static bool TryScale(string text, (string Name, double Scale)[] units, out double value)
    {
        value = 0;
        var trimmed = text.AsSpan().Trim();
        var digits = 0;
        while (digits < trimmed.Length && (char.IsAsciiDigit(trimmed[digits]) || trimmed[digits] == '.'))
            digits++;
        if (!double.TryParse(trimmed[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;
        var name = trimmed[digits..].Trim();
        foreach (var unit in units)
        {
            if (!name.Equals(unit.Name, StringComparison.OrdinalIgnoreCase))
                continue;
            value = number * unit.Scale;
            return true;
        }
        return false;
    }

    private static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
