namespace HotStandby.Messages.Identity;

/// <summary>
/// One life of a node: which memory it has, and which run of the process this is. A vote belongs to the memory and not to the
/// node's name, because what a voter has stored and promised is in that memory only.
/// </summary>
/// <param name="Memory">
/// Drawn at random when the data directory is created, kept in it, never 0 for a life that takes part. Another memory under the
/// same name is a node that lost its disk, or a second process.
/// </param>
/// <param name="Incarnation">
/// The run of the process. Ordered within one memory: the number of starts of the directory in the high 32 bits, random bits
/// below. The higher one is the later run.
/// </param>
public readonly record struct Life(ulong Memory, ulong Incarnation)
{
    /// <summary>No life, and what a field holds that was never set.</summary>
    public static readonly Life None;

    /// <summary>True when this is a later run of the same memory.</summary>
    public bool IsLaterThan(Life other) => Memory == other.Memory && Incarnation > other.Incarnation;

    /// <summary>The incarnation of the start with this number.</summary>
    /// <param name="starts">How often the data directory has been opened, this time included; from 1.</param>
    /// <param name="random">Random bits; they tell two copies of one directory apart.</param>
    public static ulong IncarnationOf(uint starts, uint random) => ((ulong)starts << 32) | random;

    /// <inheritdoc/>
    public override string ToString() => $"{Memory:x16}/{Incarnation:x16}";
}
