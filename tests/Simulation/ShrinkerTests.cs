// A failing run becomes a smaller one that fails in the same way. Shown with a planted bug.
using Xunit;

namespace HotStandby.Tests.Simulation;

public sealed class ShrinkerTests
{
    [Fact]
    public void A_failing_seed_is_reduced_to_a_shorter_run_that_breaks_the_same_invariant()
    {
        var seed = 1UL;
        while (SeedRunner.Run(seed, verbose: false, PlantedBug.SkipTailFetch) is not { BrokenInvariant: 3, Events: > 2000 })
            seed++;
        var before = SeedRunner.Run(seed, verbose: false, PlantedBug.SkipTailFetch);
        var smallest = Shrinker.Shrink(seed, Reduction.None, PlantedBug.SkipTailFetch);
        Assert.Equal(3, smallest.Result.BrokenInvariant);
        Assert.True(smallest.Result.Events < before.Events / 2,
            $"seed {seed} has {before.Events} events, the smallest run {smallest.Result.Events}");
        Assert.NotEqual(Reduction.None.ToString(), smallest.Reduction.ToString());
        var again = SeedRunner.Run(smallest.Seed, verbose: true, PlantedBug.SkipTailFetch, smallest.Reduction);
        Assert.Equal(smallest.Result.Failure, again.Failure!.Split(Environment.NewLine)[0]);
    }

    [Fact]
    public void A_reduction_is_read_back_as_it_was_printed()
    {
        var printed = new Reduction([Fault.Crash, Fault.Split], [Nuisance.Loss, Nuisance.Index], 3, 7);
        Assert.Equal(" --without Crash,Split,Loss,Index --nodes 3 --leases 7", printed.ToString());
        Assert.Equal(printed.ToString(), Reduction.Parse("Crash,Split,Loss,Index", 3, 7).ToString());
        Assert.Equal("", Reduction.Parse(null, null, null).ToString());
    }

    [Fact]
    public void A_seed_that_holds_is_not_shrunk() =>
        Assert.Throws<ArgumentException>(() => Shrinker.Shrink(1, Reduction.None, PlantedBug.None));
}
