// What all classes of scenarios have: a master and the times that it was given. The subclasses say what they run on.
namespace HotStandby.Tests.Scenarios;

/// <summary>Scenarios on some master.</summary>
public abstract class MasterScenarios
{
    // Longer than eviction takes, much shorter than any lease.
    private protected static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    // Longer than two rounds of drain jobs and two looks at what is due.
    private protected static readonly TimeSpan Rounds = TimeSpan.FromSeconds(3);

    private protected abstract IScenarioMaster Master { get; }

    private protected abstract TimeSpan Lease { get; }

    private protected abstract TimeSpan Discard { get; }

    private protected abstract TimeSpan Release { get; }

    private protected Scenario On => new(Master);
}
