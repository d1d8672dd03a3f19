// Nodes that live and do not reach each other, both ways and one way. Clients reach all of them all the time, so an old Primary that went
// on serving would be found out. Written once, for every driver that can cut.
namespace HotStandby.Tests.Failover.Scenarios;

internal static class PartitionScenarios
{
    // By then the others have long given a node up that must go, and it has noticed that it is alone.
    private const int GivenUpMilliseconds = 8000;

    /// <summary>The Primary is alone: it stops serving before another one serves, and follows that one once it can.</summary>
    public static FailoverScenario PrimaryAlone { get; } = Unseated((run, primary) => run.CutOffAsync(primary, run.Others(primary)));

    /// <summary>The Standbys hear nothing of their Primary, which hears them.</summary>
    public static FailoverScenario PrimaryUnheard { get; } = Unseated((run, primary) => run.CutAsync(primary, run.Others(primary)));

    /// <summary>The Primary hears nothing of its Standbys, which hear it.</summary>
    public static FailoverScenario PrimaryDeaf { get; } = Unseated(async (run, primary) =>
    {
        foreach (var standby in run.Others(primary))
            await run.CutAsync(standby, primary);
    });

    /// <summary>A Standby is alone: the Primary goes on in the same reign, and the Standby has everything once it is back.</summary>
    public static FailoverScenario StandbyAlone { get; } = new(async run =>
    {
        var primary = await run.BeginAsync();
        var alone = run.Others(primary)[1];
        var before = (await run.LookAsync(primary))!;
        await run.CutOffAsync(alone, run.Others(alone));
        await run.WaitUntilAsync($"{alone.Id} is given up", () => IsSilentAsync(run, primary, alone));
        await run.WriteMoreAsync();
        await run.HealAsync();
        await run.WaitForFollowerAsync(alone, primary);
        await run.EndAsync(reigns: 1);
        Assert.Equal(before.Epoch, (await run.LookAsync(primary))!.Epoch);
    });

    /// <summary>
    /// Primary and one Standby do not reach each other, and the third reaches both: the Primary goes on with that one, and nobody is put
    /// out.
    /// </summary>
    public static FailoverScenario Bridge { get; } = new(async run =>
    {
        var primary = await run.BeginAsync();
        var standby = run.Others(primary)[1];
        var before = (await run.LookAsync(primary))!;
        await run.CutOffAsync(primary, standby);
        await run.WaitUntilAsync($"{standby.Id} is given up", () => IsSilentAsync(run, primary, standby));
        await run.WriteMoreAsync();
        await run.HealAsync();
        await run.WaitForFollowerAsync(standby, primary);
        await run.EndAsync(reigns: 1);
        Assert.Equal(before.Epoch, (await run.LookAsync(primary))!.Epoch);
    });

    private static async Task<bool> IsSilentAsync(FailoverRun run, FailoverNode primary, FailoverNode standby) =>
        await run.LookAsync(primary) is { } view
        && view.Standbys.Any(seen => seen.Node == standby.Id && seen.SilentMilliseconds > GivenUpMilliseconds);

    private static FailoverScenario Unseated(Func<FailoverRun, FailoverNode, Task> cut) => new(async run =>
    {
        var primary = await run.BeginAsync();
        await cut(run, primary);
        var successor = await run.WaitForPrimaryAsync(primary);
        await run.WriteMoreAsync();
        Assert.True(await run.LookAsync(primary) is null or { Serving: false }, $"{primary.Id} serves beside {successor.Id}");
        await run.HealAsync();
        await run.WaitForFollowerAsync(primary, successor);
        await run.EndAsync(reigns: 2);
    });
}
