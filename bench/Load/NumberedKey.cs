// Keys of 24 bytes with a decimal number at their end, so that a pattern can pick every thousandth of them.
using System.Globalization;
using System.Text;

namespace HotStandby.Bench.Load;

/// <summary>The keys of the benchmarks with a million objects.</summary>
internal static class NumberedKey
{
    /// <summary>Bytes of every key.</summary>
    public const int Bytes = 24;

    /// <summary>The objects that are there before anything is measured.</summary>
    public const char Stored = 's';

    /// <summary>The objects that are put while something is measured.</summary>
    public const char Added = 'a';

    /// <summary>A new array with one key.</summary>
    /// <param name="kind">Of the object.</param>
    /// <param name="number">0 or more.</param>
    public static byte[] Of(char kind, long number) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"bench/{kind}/{number:d16}"));
}
