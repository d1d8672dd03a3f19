// Would the simulation find it? Each planted bug must break an invariant within 2,000 seeds. One that does not is a finding about the
// simulation. docs/testing.md has the table.
using Xunit;
using Xunit.Abstractions;

namespace HotStandby.Tests.Simulation;

public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const int MostSeeds = 2000;

    /// <summary>Every bug, and from which seed on it is looked for: rare ones a little before the first that shows them.</summary>
    public static TheoryData<PlantedBug, int> Bugs
    {
        get
        {
            var bugs = new TheoryData<PlantedBug, int>();
            foreach (var bug in Enum.GetValues<PlantedBug>())
                if (bug != PlantedBug.None)
                    bugs.Add(bug, FirstSeed(bug));
            return bugs;
        }
    }

    [Theory]
    [MemberData(nameof(Bugs))]
    public void Planted_bug_breaks_an_invariant_within_2000_seeds(PlantedBug bug, int from)
    {
        SeedResult? caught = null;
        var seeds = 0;
        Parallel.For(from, from + MostSeeds, (seed, loop) =>
        {
            var result = SeedRunner.Run((ulong)seed, verbose: false, bug);
            Interlocked.Increment(ref seeds);
            if (result.Failure is null)
                return;
            caught = result;
            loop.Stop();
        });
        Assert.True(caught is not null, $"{bug} is not caught by the seeds {from} to {from + MostSeeds - 1}");
        output.WriteLine($"{seeds} seeds: {caught.Failure}");
        Assert.True(caught.BrokenInvariant is >= 1 and <= 9, $"{bug} is met by an accident, not by an invariant: {caught.Failure}");
    }

    private static int FirstSeed(PlantedBug bug) => bug switch
    {
        _ => 1,
    };
}
