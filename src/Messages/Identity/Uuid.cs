using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace HotStandby.Messages.Identity;

/// <summary>A Mooncake UUID: two unsigned 64-bit halves, printed as <c>first-second</c> in decimal. All zero means "no id".</summary>
public readonly record struct Uuid(ulong First, ulong Second) : IComparable<Uuid>
{
    /// <summary>Bytes of the encoded form: first, then second, little-endian.</summary>
    public const int EncodedBytes = 16;

    /// <summary>The pair of zeros: no client, no segment.</summary>
    public static readonly Uuid None;

    /// <inheritdoc/>
    public int CompareTo(Uuid other) => First != other.First ? First.CompareTo(other.First) : Second.CompareTo(other.Second);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}-{Second}");

    /// <summary>Reads the text form <c>first-second</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Uuid value)
    {
        value = default;
        if (text is null)
            return false;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash <= 0
            || !ulong.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !ulong.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var second))
            return false;
        value = new Uuid(first, second);
        return true;
    }

    /// <inheritdoc/>
    public static bool operator <(Uuid left, Uuid right) => left.CompareTo(right) < 0;

    /// <inheritdoc/>
    public static bool operator >(Uuid left, Uuid right) => left.CompareTo(right) > 0;

    /// <inheritdoc/>
    public static bool operator <=(Uuid left, Uuid right) => left.CompareTo(right) <= 0;

    /// <inheritdoc/>
    public static bool operator >=(Uuid left, Uuid right) => left.CompareTo(right) >= 0;
}
