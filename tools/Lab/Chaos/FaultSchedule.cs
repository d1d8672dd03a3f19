// Draws an endless schedule from a seed. It knows nothing of the cluster: the same seed, kinds and number of nodes are the same schedule,
// whatever happens in between. Every kind comes once before any comes twice.
using HotStandby.Core.Segments;

namespace HotStandby.Lab.Chaos;

/// <summary>One step: faults that may overlap, then the way back to health.</summary>
/// <param name="Pause">Before it begins.</param>
/// <param name="Faults">One or two.</param>
/// <param name="WaitsForService">Whether the next step waits until a node serves again; some do not.</param>
internal sealed record FaultStep(TimeSpan Pause, IReadOnlyList<Fault> Faults, bool WaitsForService)
{
    /// <summary>For people.</summary>
    public override string ToString() => $"{string.Join(" + ", Faults)}{(WaitsForService ? "" : ", the next one does not wait")}";
}

/// <summary>The maker of schedules.</summary>
internal static class FaultSchedule
{
    /// <summary>The longest fault, which is also the longest time without a majority.</summary>
    public static readonly TimeSpan LongestFault = TimeSpan.FromSeconds(12);

    // A little more than a lease and the failure detector take.
    private static readonly TimeSpan GivenUpAfter = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>The steps of a seed, without an end.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="kinds">At least one.</param>
    /// <param name="nodes">At least 2.</param>
    public static IEnumerable<FaultStep> Draw(ulong seed, IReadOnlyList<FaultKind> kinds, int nodes)
    {
        ArgumentNullException.ThrowIfNull(kinds);
        ArgumentOutOfRangeException.ThrowIfZero(kinds.Count, nameof(kinds));
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes, 2);
        return Draw(new RandomSource(seed), [.. kinds.Distinct().Order()], nodes);
    }

    private static IEnumerable<FaultStep> Draw(RandomSource random, FaultKind[] kinds, int nodes)
    {
        while (true)
        {
            var deck = (FaultKind[])kinds.Clone();
            for (var i = deck.Length - 1; i > 0; i--)
            {
                var other = random.Below(i + 1);
                (deck[i], deck[other]) = (deck[other], deck[i]);
            }

            foreach (var kind in deck)
            {
                var first = Fault(random, kind, nodes, TimeSpan.Zero);
                var second = IsAlone(kind) || random.Below(4) > 0 ? null : Second(random, kinds, nodes, first);
                yield return new FaultStep(
                    Span(random, TimeSpan.Zero, LongestPause), second is null ? [first] : [first, second], random.Below(5) > 0);
            }
        }
    }

    // Of another kind, begun while the first one lasts.
    private static Fault? Second(RandomSource random, FaultKind[] kinds, int nodes, Fault first)
    {
        var others = Array.FindAll(kinds, kind => kind != first.Kind && !IsAlone(kind));
        return others.Length == 0
            ? null : Fault(random, others[random.Below(others.Length)], nodes, Span(random, TimeSpan.Zero, first.Lasts));
    }

    private static bool IsAlone(FaultKind kind) => kind is FaultKind.RestartAll or FaultKind.Rolling;

    private static Fault Fault(RandomSource random, FaultKind kind, int nodes, TimeSpan offset)
    {
        // The Primary twice as often as any other: what happens to it shows most.
        var victim = Math.Max(0, random.Below(nodes + 1) - 1);
        var other = random.Below(nodes - 1);
        var shortest = TimeSpan.FromSeconds(kind is FaultKind.Pause or FaultKind.Delay or FaultKind.Stall or FaultKind.Reset ? 0.5 : 0.1);
        return new Fault(
            kind, victim, other >= victim ? other + 1 : other, offset, Lasting(random, shortest), random.Below(1001) / 1000.0,
            random.Below(2) == 0);
    }

    // Half of them are over before anybody is given up, half of them are not: what happens differs.
    private static TimeSpan Lasting(RandomSource random, TimeSpan shortest) =>
        random.Below(2) == 0 ? Span(random, shortest, GivenUpAfter) : Span(random, GivenUpAfter, LongestFault);

    private static TimeSpan Span(RandomSource random, TimeSpan shortest, TimeSpan longest) =>
        shortest + ((longest - shortest) * (random.Below(10_001) / 10_000.0));
}
