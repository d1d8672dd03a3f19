// An engine that finds nothing proves nothing: each kind of harm is planted once and must be found.
namespace HotStandby.Tests.Fuzz;

public sealed class EngineTests
{
    private static readonly TimeSpan Patience = Deadline.Test;

    private sealed class Planted(Func<byte[], object?> decode, Func<object, byte[]>? encode = null) : FuzzTarget("planted")
    {
        public override object? Decode(byte[] input) => decode(input);

        public override byte[] Encode(object decoded) => encode is null ? (byte[])decoded : encode(decoded);

        protected override IEnumerable<byte[]> MakeSamples() => [[4, 0, 0, 0, 1, 2, 3, 4]];
    }

    private static FuzzResult Run(Func<byte[], object?> decode, Func<object, byte[]>? encode = null) =>
        FuzzEngine.Run(new Planted(decode, encode), 1, 2000, Patience);

    [Fact]
    public void An_exception_is_found_and_its_seed_finds_it_again()
    {
        static object? Decode(byte[] input) => input[BitConverter.ToInt32(input)];
        var failure = Run(Decode).Failure;
        Assert.NotNull(failure);
        var seed = ulong.Parse(failure.Split("--seed ")[1].Split(':')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(failure.Split('\n')[0], FuzzEngine.Run(new Planted(Decode), seed, 1, Patience).Failure!.Split('\n')[0]);
    }

    [Fact]
    public void A_length_that_is_believed_is_found() => Assert.Contains("bytes were allocated", Run(input =>
        input.Length < 4 || BitConverter.ToInt32(input) is < 0 or > 1 << 20 ? null : new byte[BitConverter.ToInt32(input)], _ =>
            new byte[4]).Failure, StringComparison.Ordinal);

    [Fact]
    public void A_meaning_that_changes_is_found() =>
        Assert.Contains("and then as", Run(input => input, decoded => [.. (byte[])decoded, 0]).Failure, StringComparison.Ordinal);

    [Fact]
    public void An_encoding_that_is_refused_is_found() =>
        Assert.Contains("and that is refused", Run(input => input.Length == 0 ? null : input, _ => []).Failure, StringComparison.Ordinal);

    [Fact]
    public void A_decoder_that_writes_into_its_input_is_found() => Assert.Contains("changed the input", Run(input =>
    {
        if (input.Length > 0)
            input[0]++;
        return null;
    }).Failure, StringComparison.Ordinal);

    [Fact]
    public void A_harmless_decoder_passes() => Assert.Null(Run(input => input).Failure);
}
