namespace HotStandby.Messages.Model;

/// <summary>Sums of numbers that come from outside: they stop at the largest number instead of beginning again at 0.</summary>
public static class Saturating
{
    /// <summary>The sum, or the largest number.</summary>
    public static ulong Add(ulong one, ulong other) => one > ulong.MaxValue - other ? ulong.MaxValue : one + other;

    /// <summary>The product, or the largest number.</summary>
    public static ulong Multiply(ulong one, ulong other) => other != 0 && one > ulong.MaxValue / other ? ulong.MaxValue : one * other;

    /// <summary>The number, or the largest with a sign.</summary>
    public static long ToInt64(ulong number) => number > long.MaxValue ? long.MaxValue : (long)number;

    /// <summary>The number, or the largest of 64 bits.</summary>
    public static ulong ToUInt64(UInt128 number) => number > ulong.MaxValue ? ulong.MaxValue : (ulong)number;
}
