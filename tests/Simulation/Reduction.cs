// What is left out of a run although its seed has drawn it: how a failing seed becomes a short story.
using System.Globalization;

namespace HotStandby.Tests.Simulation;

/// <summary>Things besides faults that a run can do without.</summary>
public enum Nuisance
{
    /// <summary>Messages that are lost.</summary>
    Loss,
    /// <summary>Messages that arrive twice.</summary>
    Duplication,
    /// <summary>Messages that arrive leases later.</summary>
    LongDelay,
    /// <summary>Batches that arrive damaged.</summary>
    Corruption,
    /// <summary>Logs that are truncated.</summary>
    Truncation,
    /// <summary>Clocks of different rates.</summary>
    Drift,
    /// <summary>Faults that meet a new Primary.</summary>
    Ambush,
    /// <summary>An operator who lets another node lead.</summary>
    Switchover,
    /// <summary>Segments, shards and clients.</summary>
    Index,
    /// <summary>Two processes of one name when the cluster is founded.</summary>
    TwinAtFirst,
    /// <summary>The product's own journal.</summary>
    RealJournal,
    /// <summary>Standbys that compare themselves with their Primary, and what is wrong with them.</summary>
    Verification,
    /// <summary>What is wrong in the memory of Standbys.</summary>
    StateFaults,
}

/// <summary>What a run does without.</summary>
/// <param name="Faults">Kinds of faults.</param>
/// <param name="Nuisances">Other things.</param>
/// <param name="MostNodes">At most so many nodes.</param>
/// <param name="MostLeases">The phase with faults lasts for at most so many leases.</param>
public sealed record Reduction(IReadOnlyList<Fault> Faults, IReadOnlyList<Nuisance> Nuisances, int MostNodes, int MostLeases)
{
    /// <summary>The run as its seed has drawn it.</summary>
    public static Reduction None { get; } = new([], [], int.MaxValue, 1000);

    /// <summary>A little less, in every way there is; what was left out before is not repeated.</summary>
    public IEnumerable<Reduction> Further(Scenario scenario)
    {
        if (scenario.NodeCount > 1)
            yield return this with { MostNodes = scenario.NodeCount == 5 ? 3 : 1 };
        var leases = scenario.DurationTicks / scenario.LeaseTicks;
        foreach (var fewer in new[] { leases / 2, leases * 3 / 4 })
            if (fewer is > 0 && fewer < leases)
                yield return this with { MostLeases = (int)fewer };
        foreach (var fault in Enum.GetValues<Fault>())
            if (scenario.Weights[(int)fault] > 0)
                yield return this with { Faults = [.. Faults, fault] };
        foreach (var nuisance in Enum.GetValues<Nuisance>())
            if (!Nuisances.Contains(nuisance) && scenario.Has(nuisance))
                yield return this with { Nuisances = [.. Nuisances, nuisance] };
    }

    /// <summary>As the program takes it.</summary>
    public override string ToString()
    {
        string[] without =
            [.. Faults.Select(static fault => fault.ToString()), .. Nuisances.Select(static nuisance => nuisance.ToString())];
        return (without.Length > 0 ? $" --without {string.Join(',', without)}" : "")
            + (MostNodes < int.MaxValue ? string.Create(CultureInfo.InvariantCulture, $" --nodes {MostNodes}") : "")
            + (MostLeases < None.MostLeases ? string.Create(CultureInfo.InvariantCulture, $" --leases {MostLeases}") : "");
    }

    /// <summary>From what the program was told.</summary>
    public static Reduction Parse(string? without, int? mostNodes, int? mostLeases)
    {
        var names = without?.Split(',') ?? [];
        return new Reduction(
            [.. names.Where(static name => Enum.TryParse<Fault>(name, out _)).Select(Enum.Parse<Fault>)],
            [.. names.Where(static name => !Enum.TryParse<Fault>(name, out _)).Select(Enum.Parse<Nuisance>)],
            mostNodes ?? None.MostNodes, mostLeases ?? None.MostLeases);
    }
}
