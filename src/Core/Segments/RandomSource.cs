namespace HotStandby.Core.Segments;

/// <summary>Random numbers from a seed (SplitMix64): the same seed gives the same choices. Not for secrets.</summary>
public sealed class RandomSource(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A number from 0 to <paramref name="bound"/> - 1.</summary>
    /// <param name="bound">At least 1.</param>
    public int Below(int bound) => (int)((Next() >> 32) * (ulong)bound >> 32);

    /// <summary>Any number.</summary>
    public ulong Next()
    {
        _state = unchecked(_state + 0x9E37_79B9_7F4A_7C15UL);
        var mixed = unchecked((_state ^ (_state >> 30)) * 0xBF58_476D_1CE4_E5B9UL);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EBUL);
        return mixed ^ (mixed >> 31);
    }
}
