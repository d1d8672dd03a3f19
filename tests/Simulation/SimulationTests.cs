// What `dotnet test` runs: every seed that ever found something, and HOTSTANDBY_SEEDS (2,000) more from HOTSTANDBY_FIRST_SEED (1).
using System.Collections.Concurrent;
using System.Globalization;
using Xunit;
using Xunit.Abstractions;

namespace HotStandby.Tests.Simulation;

public sealed class SimulationTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_invariant_holds_and_the_cluster_recovers_whatever_the_seed()
    {
        var count = Setting("HOTSTANDBY_SEEDS", 2000);
        var first = Setting("HOTSTANDBY_FIRST_SEED", 1);
        var results = RunAll(Enumerable.Range(0, (int)count).Select(i => first + (ulong)i));
        Assert.True(results.Sum(static result => result.Reigns) > results.Count,
            "the oracle hardly ever made anybody lead: the simulation proves nothing");
        Assert.True(results.Sum(static result => result.Switchovers) > results.Count / 10,
            "hardly anybody handed over on purpose: the simulation does not show that it is safe");
        Assert.True(results.Sum(static result => (long)result.Committed) > results.Count * 10L,
            "hardly anything was committed: the simulation proves nothing");
        Assert.True(results.Sum(static result => result.Scans) > results.Count / 10, "hardly any scan was answered");
        Assert.True(results.Sum(static result => result.FaultsGone) > results.Count / 10, "hardly any fault was found and repaired");
        Assert.True(results.Sum(static result => result.KeysRepaired) > results.Count / 10, "hardly any key was repaired");
    }

    [Fact]
    public void Seeds_that_once_found_a_bug_hold()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "seeds", "regressions.txt");
        var seeds = File.ReadLines(path).Select(static line => line.Split('#')[0].Trim()).Where(static line => line.Length > 0)
            .Select(static line => ulong.Parse(line, CultureInfo.InvariantCulture)).ToArray();
        Assert.NotEmpty(seeds);
        RunAll(seeds);
    }

    [Fact]
    public void One_seed_is_always_the_same_run()
    {
        for (var seed = 1UL; seed <= 5; seed++)
            Assert.Equal(SeedRunner.Run(seed, verbose: true).Lines, SeedRunner.Run(seed, verbose: true).Lines);
    }

    private List<SeedResult> RunAll(IEnumerable<ulong> seeds)
    {
        var results = new ConcurrentBag<SeedResult>();
        var failures = new ConcurrentQueue<(ulong Seed, string Failure)>();
        Parallel.ForEach(seeds, seed =>
        {
            var result = SeedRunner.Run(seed, verbose: false);
            results.Add(result);
            if (result.Failure is { } failure)
                failures.Enqueue((seed, failure));
        });
        if (failures.TryPeek(out var first))
        {
            var (seed, without, _) = Shrinker.Shrink(first.Seed, Reduction.None, PlantedBug.None);
            output.WriteLine($"The smallest run that fails in the same way: --seed {seed}{without}");
            foreach (var line in SeedRunner.Run(seed, verbose: true, without: without).Lines)
                output.WriteLine(line);
        }

        Assert.True(failures.IsEmpty, string.Join(Environment.NewLine, failures.Select(static failure => failure.Failure)));
        return [.. results];
    }

    private static ulong Setting(string name, ulong otherwise) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
