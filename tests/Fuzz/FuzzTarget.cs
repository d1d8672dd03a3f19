// One decoder under attack: what it reads, what valid input looks like, and what it may cost. FuzzEngine does the rest.
namespace HotStandby.Tests.Fuzz;

/// <summary>A decoder. Throws nothing for any input: a refusal, by value or by its documented exception, is null.</summary>
/// <param name="name">What the program and the corpus call it.</param>
public abstract class FuzzTarget(string name)
{
    private IReadOnlyList<byte[]>? _samples;

    /// <summary>What the program and the corpus call it.</summary>
    public string Name { get; } = name;

    /// <summary>Valid input, to be mutated.</summary>
    public IReadOnlyList<byte[]> Samples => _samples ??= [.. MakeSamples()];

    /// <summary>
    /// What decoding may allocate whatever it is given, in bytes. The default covers a thread's account, which moves in steps of 8 KiB.
    /// </summary>
    public virtual int AllowedBytes => 24 << 10;

    /// <summary>What it may allocate besides for each byte of input.</summary>
    public virtual int AllowedBytesPerByte => 64;

    /// <summary>Longer input is not made, in bytes.</summary>
    public virtual int MaximumInputBytes => 16 << 10;

    /// <summary>An accepted input is the only encoding of what it means.</summary>
    public virtual bool IsCanonical => false;

    /// <summary>Decodes. This is what is measured.</summary>
    /// <returns>Null when the input is refused.</returns>
    public abstract object? Decode(byte[] input);

    /// <summary>What was decoded, as input again.</summary>
    public abstract byte[] Encode(object decoded);

    /// <summary>
    /// Puts right the checksums of a mutated input, as far as its bounds allow, so that what lies behind them is reached.
    /// </summary>
    public virtual void Reseal(Span<byte> input)
    {
    }

    /// <summary>Makes the samples, once.</summary>
    protected abstract IEnumerable<byte[]> MakeSamples();
}
