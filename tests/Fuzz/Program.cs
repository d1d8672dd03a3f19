// Fuzzes for as long as one likes: --target NAME (all) --duration 10min (10s each) --seed N (a random one) --count N.
using System.Diagnostics;
using System.Globalization;

namespace HotStandby.Tests.Fuzz;

/// <summary>The program.</summary>
public static class Program
{
    private static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(10);

    /// <summary>Exit code 0: no input did harm; 1: one did, and is printed with its seed; 64: a wrong argument.</summary>
    public static int Main(string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        try
        {
            IReadOnlyList<FuzzTarget> targets = Option(arguments, "--target") is { } name ? [FuzzTargets.Named(name)] : FuzzTargets.All;
            var isOneInput = Option(arguments, "--seed") is not null && Option(arguments, "--duration") is null;
            var seed = Option(arguments, "--seed") is { } given
                ? ulong.Parse(given, CultureInfo.InvariantCulture) : (ulong)Random.Shared.NextInt64();
            var count = Option(arguments, "--count") is { } most
                ? long.Parse(most, CultureInfo.InvariantCulture) : isOneInput ? 1 : long.MaxValue;
            var duration = Option(arguments, "--duration") is { } text ? Duration(text) : DefaultDuration;
            var failed = 0;
            foreach (var target in targets)
                failed += IsHarmless(target, seed, count, duration) ? 0 : 1;
            return failed == 0 ? 0 : 1;
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException)
        {
            Console.Error.WriteLine($"{wrong.Message}\n--target {string.Join('|', FuzzTargets.All.Select(target => target.Name))} "
                + "--duration 90s|10min|24h --seed N --count N");
            return 64;
        }
    }

    private static bool IsHarmless(FuzzTarget target, ulong seed, long count, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        var result = FuzzEngine.Run(target, seed, count, duration);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{target.Name,-22} from seed {seed}: {result.Inputs} inputs, {result.Accepted} accepted, "
                + $"{result.Inputs / clock.Elapsed.TotalSeconds:F0}/s"));
        if (result.Failure is not null)
            Console.WriteLine(result.Failure);
        return result.Failure is null;
    }

    private static TimeSpan Duration(string text)
    {
        var digits = text.TrimEnd("abcdefghijklmnopqrstuvwxyz".ToCharArray());
        var number = double.Parse(digits, CultureInfo.InvariantCulture);
        return text[digits.Length..] switch
        {
            "s" => TimeSpan.FromSeconds(number),
            "min" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => throw new FormatException($"'{text}' is no duration"),
        };
    }

    private static string? Option(string[] arguments, string name)
    {
        var place = Array.IndexOf(arguments, name);
        return place < 0 ? null : place + 1 < arguments.Length ? arguments[place + 1] : throw new FormatException($"{name} wants a value");
    }
}
