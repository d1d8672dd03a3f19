// Makes a failing run smaller as long as the same thing still fails: fewer kinds of faults, fewer nodes, a shorter time. A run with less in
// it draws other chances, so each step may look at a few more seeds before it gives up.
namespace HotStandby.Tests.Simulation;

/// <summary>A failing run.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Reduction">What it does without.</param>
/// <param name="Result">What came of it.</param>
public sealed record FailingRun(ulong Seed, Reduction Reduction, SeedResult Result);

/// <summary>Looks for the smallest run.</summary>
public static class Shrinker
{
    private const int SeedsAStep = 12;
    private const int MostRuns = 2000;

    /// <summary>A run that fails in the same way and is not larger.</summary>
    public static FailingRun Shrink(ulong seed, Reduction from, PlantedBug bug)
    {
        var best = new FailingRun(seed, from, SeedRunner.Run(seed, verbose: false, bug, from));
        if (best.Result.Failure is null)
            throw new ArgumentException($"seed {seed}{from} does not fail");
        var runs = 0;
        while (Smaller(best, bug, ref runs) is { } smaller)
            best = smaller;
        return best;
    }

    private static FailingRun? Smaller(FailingRun than, PlantedBug bug, ref int runs)
    {
        foreach (var reduction in than.Reduction.Further(new Scenario(new SeededRandom(than.Seed), bug, than.Reduction)))
            for (var i = 0UL; i < SeedsAStep && runs < MostRuns; i++, runs++)
            {
                // The same scenario, as far as it can be told: other seeds draw other settings, and must not be a larger run.
                var seed = than.Seed + (i * 1_000_003);
                var result = SeedRunner.Run(seed, verbose: false, bug, reduction);
                if (result.Failure is not null
                    && result.BrokenInvariant == than.Result.BrokenInvariant && result.Events <= than.Result.Events)
                    return new FailingRun(seed, reduction, result);
            }

        return null;
    }
}
