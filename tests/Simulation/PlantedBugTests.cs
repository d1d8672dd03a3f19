// Would the simulation find it? Each planted bug must break an invariant within 2,000 seeds. One that does not is a finding about the
// simulation. docs/testing.md has the table.
using Xunit;
using Xunit.Abstractions;

namespace HotStandby.Tests.Simulation;

public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const int MostSeeds = 2000;

    /// <summary>Every bug.</summary>
    public static TheoryData<PlantedBug> Bugs => [.. Enum.GetValues<PlantedBug>().Where(static bug => bug != PlantedBug.None)];

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Planted_bug_breaks_an_invariant_within_2000_seeds(PlantedBug bug)
    {
        SeedResult? caught = null;
        var seeds = 0;
        Parallel.For(1, MostSeeds + 1, (seed, loop) =>
        {
            var result = SeedRunner.Run((ulong)seed, verbose: false, bug);
            Interlocked.Increment(ref seeds);
            if (result.BrokenInvariant is null)
                return; // what ends by an accident is not caught: only an invariant says what went wrong
            caught = result;
            loop.Stop();
        });
        Assert.True(caught is not null, $"{bug} is not caught by {MostSeeds} seeds");
        output.WriteLine($"{seeds} seeds: {caught.Failure}");
    }
}
