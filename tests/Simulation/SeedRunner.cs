using System.Globalization;
using HotStandby.Messages;

namespace HotStandby.Tests.Simulation;

/// <summary>What came of one seed.</summary>
/// <param name="Failure">One line, or null when everything held.</param>
/// <param name="Lines">The log of the run, when it was asked for.</param>
/// <param name="Events">How many events the run had.</param>
/// <param name="Reigns">How many reigns there were.</param>
/// <param name="Committed">How many entries were committed.</param>
/// <param name="Switchovers">How often an operator let another node lead.</param>
/// <param name="Held">How often a client was given buffers, to write or to read.</param>
/// <param name="Scans">How many calls on many keys were answered.</param>
/// <param name="FaultsPutIn">How often something was wrong in the memory of a Standby.</param>
/// <param name="FaultsGone">How often that was right again while its process lived.</param>
/// <param name="KeysRepaired">Keys that verification has repaired.</param>
/// <param name="BrokenInvariant">Which invariant of docs/protocol.md was broken, if one was.</param>
public sealed record SeedResult(
    string? Failure, IReadOnlyList<string> Lines, long Events, int Reigns, ulong Committed, int Switchovers, int Held,
    int Scans, int FaultsPutIn, int FaultsGone, int KeysRepaired, int? BrokenInvariant);

/// <summary>Runs seeds; knows no test framework.</summary>
public static class SeedRunner
{
    /// <summary>Runs one seed. Whatever it throws is its failure.</summary>
    public static SeedResult Run(ulong seed, bool verbose, PlantedBug bug = PlantedBug.None, Reduction? without = null)
    {
        var simulation = new Simulation(seed, verbose, bug, without ?? Reduction.None);
        string? failure = null;
        int? broken = null;
        try
        {
            simulation.Run();
        }
        catch (Exception problem) // every kind of failure is reported with its seed
        {
            broken = (problem as InvariantViolation)?.Number;
            failure = string.Create(CultureInfo.InvariantCulture,
                $"seed {seed}{without} fails at {simulation.NowTicks / (double)TimeSpan.TicksPerMillisecond:F3} ms with "
                    + $"{simulation.Scenario.NodeCount} nodes: {problem.GetType().Name}: {problem.Message}");
            if (verbose)
                failure += Environment.NewLine + problem.StackTrace;
        }

        return new SeedResult(failure, simulation.Lines, simulation.Events, simulation.Checker.Reigns, simulation.Checker.Committed,
            simulation.Faults.Switchovers, simulation.Clients.Memory.Held, simulation.Clients.Scans.Answered,
            simulation.Checker.FaultsPutIn, simulation.Checker.FaultsGone, simulation.Checker.KeysRepaired, broken);
    }
}
