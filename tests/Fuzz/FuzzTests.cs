// What `dotnet test` runs of each target: its samples, the corpus, and HOTSTANDBY_FUZZ_INPUTS (20,000) fresh inputs from
// HOTSTANDBY_FUZZ_SEED, a seed that is another one every day; every failure prints the seed of its input.
using System.Globalization;
using Xunit.Abstractions;

namespace HotStandby.Tests.Fuzz;

public sealed class FuzzTests(ITestOutputHelper output)
{
    private const long SeedsOfADay = 10_000_000;

    // So many are run however long they take; the rest, unless the machine is busy with other things.
    private const long Least = 200;

    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(10);

    public static TheoryData<string> Names => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Valid_input_is_accepted_and_encodes_to_what_it_means(string name)
    {
        var target = FuzzTargets.Named(name);
        Assert.NotEmpty(target.Samples);
        var result = FuzzEngine.Replay(target, target.Samples);
        Assert.Null(result.Failure);
        Assert.Equal(target.Samples.Count, result.Accepted);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Input_that_once_did_harm_does_none(string name)
    {
        var target = FuzzTargets.Named(name);
        Assert.Null(FuzzEngine.Replay(target, Corpus.Of(target)).Failure);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Fresh_mutations_do_no_harm(string name)
    {
        var seed = (ulong)Setting("HOTSTANDBY_FUZZ_SEED", DateTime.UtcNow.Date.Subtract(DateTime.UnixEpoch).Days * SeedsOfADay);
        var count = Setting("HOTSTANDBY_FUZZ_INPUTS", 20_000);
        var first = FuzzEngine.Run(FuzzTargets.Named(name), seed, Math.Min(Least, count), Deadline.Test);
        Assert.Null(first.Failure);
        Assert.Equal(Math.Min(Least, count), first.Inputs);
        var rest = FuzzEngine.Run(FuzzTargets.Named(name), seed + (ulong)first.Inputs, count - first.Inputs, MostTime);
        Assert.Null(rest.Failure);
        output.WriteLine($"{name}: {first.Inputs + rest.Inputs} inputs from seed {seed}, {first.Accepted + rest.Accepted} accepted");
    }

    [Fact]
    public void A_corpus_file_belongs_to_a_target() => Assert.All(
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "corpus")), file =>
            FuzzTargets.Named(Path.GetFileNameWithoutExtension(file)));

    private static long Setting(string name, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
