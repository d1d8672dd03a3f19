// The only source of chance in a simulation: xoshiro256** seeded by SplitMix64, so that a seed means the same run on every
// machine and in every version of the runtime.
namespace HotStandby.Tests.Doubles;

/// <summary>A small deterministic generator.</summary>
public sealed class SeededRandom
{
    private ulong _a, _b, _c, _d;

    /// <summary>Starts from a seed.</summary>
    public SeededRandom(ulong seed) => (_a, _b, _c, _d) = (Mix(ref seed), Mix(ref seed), Mix(ref seed), Mix(ref seed));

    /// <summary>64 bits.</summary>
    public ulong Bits()
    {
        var result = ulong.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = ulong.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>0 to below <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)((Bits() >> 33) * (ulong)bound >> 31);

    /// <summary>Both ends included.</summary>
    public int Between(int lowest, int highest) => lowest + Below(highest - lowest + 1);

    /// <summary>0 to below 1.</summary>
    public double Fraction() => (Bits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>True in this share of all cases.</summary>
    public bool Chance(double share) => Fraction() < share;

    /// <summary>One of them.</summary>
    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>Exponentially distributed.</summary>
    public long Exponential(long mean) => (long)(-Math.Log(1 - Fraction()) * mean);

    private static ulong Mix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
