// Runs seeds outside of a test runner: --seed S (one, with its log), or --seeds N --from S --threads T
// --stop F (many; prints what fails, ends after F failures). --bug B plants a bug; --bugs plants each of them, and prints which seed of N
// shows it. --only protocol or --only nodes takes the N seeds of that kind that come first. --without A,B --nodes N --leases L leaves
// things out; --shrink with --seed looks for the smallest run that fails in the same way.
using System.Diagnostics;
using System.Globalization;

namespace HotStandby.Tests.Simulation;

/// <summary>The program.</summary>
public static class Program
{
    /// <summary>Exit code 0: every seed held; 1: one failed.</summary>
    public static int Main(string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var place = Array.IndexOf(arguments, "--bug");
        var bug = place < 0 ? PlantedBug.None : Enum.Parse<PlantedBug>(arguments[place + 1]);
        place = Array.IndexOf(arguments, "--without");
        var without = Reduction.Parse(
            place < 0 ? null : arguments[place + 1], (int?)Option(arguments, "--nodes"), (int?)Option(arguments, "--leases"));
        if (Option(arguments, "--seed") is { } one)
        {
            if (arguments.Contains("--shrink"))
                (one, without, _) = Shrinker.Shrink(one, without, bug);
            var result = SeedRunner.Run(one, verbose: true, bug, without);
            foreach (var line in result.Lines)
                Console.WriteLine(line);
            Console.WriteLine(result.Failure ?? $"seed {one}{without} holds");
            return result.Failure is null ? 0 : 1;
        }

        var count = Option(arguments, "--seeds") ?? 1000;
        var from = Option(arguments, "--from") ?? 1;
        if (arguments.Contains("--bugs"))
            return ShowBugs(from, count);
        var clock = Stopwatch.StartNew();
        var stopAfter = (long)(Option(arguments, "--stop") ?? ulong.MaxValue >> 1);
        var (failed, events, reigns, switchovers, held, scans, faults, repaired) = (0, 0L, 0L, 0L, 0L, 0L, 0L, 0L);
        var longest = (Events: 0L, Seed: 0UL);
        var gate = new Lock();
        var seeds = Seeds(from, arguments, bug, without).Take((int)count);
        var threads = new ParallelOptions { MaxDegreeOfParallelism = (int)(Option(arguments, "--threads") ?? 1) };
        Parallel.ForEach(seeds, threads, (seed, loop) =>
        {
            var result = SeedRunner.Run(seed, verbose: false, bug, without);
            Interlocked.Add(ref events, result.Events);
            Interlocked.Add(ref reigns, result.Reigns);
            Interlocked.Add(ref switchovers, result.Switchovers);
            Interlocked.Add(ref held, result.Held);
            Interlocked.Add(ref scans, result.Scans);
            Interlocked.Add(ref faults, result.FaultsPutIn);
            Interlocked.Add(ref repaired, result.KeysRepaired);
            lock (gate)
                longest = longest.Events > result.Events ? longest : (result.Events, seed);
            if (result.Failure is not { } failure)
                return;
            if (Interlocked.Increment(ref failed) >= stopAfter)
                loop.Stop();
            Console.WriteLine(failure);
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count} seeds from {from}: {failed} failed, {events} events (most in seed {longest.Seed}: {longest.Events}), "
            + $"{reigns} reigns, {switchovers} switchovers, {held} buffers held, {scans} scans, {faults} faults in memory, "
            + $"{repaired} keys repaired, {count / clock.Elapsed.TotalSeconds:F0} seeds/s, "
            + $"{count / Environment.CpuUsage.TotalTime.TotalSeconds:F0} a second of processor time"));
        return failed == 0 ? 0 : 1;
    }

    private static IEnumerable<ulong> Seeds(ulong from, string[] arguments, PlantedBug bug, Reduction without)
    {
        var place = Array.IndexOf(arguments, "--only");
        bool? areNodes = place < 0 ? null : arguments[place + 1] switch
        {
            "protocol" => false,
            "nodes" => true,
            var other => throw new ArgumentException($"--only takes protocol or nodes, not {other}"),
        };
        for (var seed = from; ; seed++)
            if (areNodes is null || new Scenario(new SeededRandom(seed), bug, without).HasIndex == areNodes)
                yield return seed;
    }

    private static int ShowBugs(ulong from, ulong count)
    {
        var missed = 0;
        foreach (var bug in Enum.GetValues<PlantedBug>().Where(static bug => bug != PlantedBug.None))
        {
            var seed = from;
            SeedResult result;
            do
                result = SeedRunner.Run(seed, verbose: false, bug);
            while (result.BrokenInvariant is null && ++seed < from + count);
            missed += result.BrokenInvariant is null ? 1 : 0;
            Console.WriteLine(result.BrokenInvariant is { } broken
                ? string.Create(CultureInfo.InvariantCulture, $"| {bug} | {broken} | {seed} |") : $"| {bug} | not caught | |");
        }

        return missed == 0 ? 0 : 1;
    }

    private static ulong? Option(string[] arguments, string name)
    {
        var place = Array.IndexOf(arguments, name);
        return place < 0 ? null : ulong.Parse(arguments[place + 1], CultureInfo.InvariantCulture);
    }
}
