// Runs seeds outside of a test runner: --seed S (one, with its log), or --seeds N --from S --threads T
// --stop F (many; prints what fails, ends after F failures). --bug B plants a bug.
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
        if (Option(arguments, "--seed") is { } one)
        {
            var result = SeedRunner.Run(one, verbose: true, bug);
            foreach (var line in result.Lines)
                Console.WriteLine(line);
            Console.WriteLine(result.Failure ?? $"seed {one} holds");
            return result.Failure is null ? 0 : 1;
        }

        var count = Option(arguments, "--seeds") ?? 1000;
        var from = Option(arguments, "--from") ?? 1;
        var clock = Stopwatch.StartNew();
        var stopAfter = (long)(Option(arguments, "--stop") ?? ulong.MaxValue >> 1);
        var (failed, events, reigns) = (0, 0L, 0L);
        Parallel.For(0L, (long)count, new ParallelOptions { MaxDegreeOfParallelism = (int)(Option(arguments, "--threads") ?? 1) }, (i, loop) =>
        {
            var result = SeedRunner.Run(from + (ulong)i, verbose: false, bug);
            Interlocked.Add(ref events, result.Events);
            Interlocked.Add(ref reigns, result.Reigns);
            if (result.Failure is not { } failure)
                return;
            if (Interlocked.Increment(ref failed) >= stopAfter)
                loop.Stop();
            Console.WriteLine(failure);
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count} seeds from {from}: {failed} failed, {events} events, {reigns} reigns, {count / clock.Elapsed.TotalSeconds:F0} seeds/s"));
        return failed == 0 ? 0 : 1;
    }

    private static ulong? Option(string[] arguments, string name)
    {
        var place = Array.IndexOf(arguments, name);
        return place < 0 ? null : ulong.Parse(arguments[place + 1], CultureInfo.InvariantCulture);
    }
}
