// The schedule of a seed: always the same, within its bounds, and with every kind of fault in it.
using HotStandby.Lab.Chaos;

namespace HotStandby.Tests.Process.Chaos;

public sealed class FaultScheduleTests
{
    private const int Nodes = 5;

    [Fact]
    public void The_same_seed_is_the_same_schedule_and_another_seed_is_another()
    {
        Assert.Equal(Text(seed: 4711), Text(seed: 4711));
        Assert.NotEqual(Text(seed: 4711), Text(seed: 4712));
    }

    [Fact]
    public void Every_kind_comes_once_before_any_comes_twice()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            foreach (var round in FaultSchedule.Draw(seed, FaultKinds.All, Nodes)
                .Take(5 * FaultKinds.All.Count).Chunk(FaultKinds.All.Count))
                Assert.Equal(FaultKinds.All, round.Select(step => step.Faults[0].Kind).Order());
        }
    }

    [Fact]
    public void Every_fault_ends_within_the_bound_and_names_nodes_that_are_there()
    {
        var faults = FaultSchedule.Draw(1, FaultKinds.All, Nodes).Take(5000).SelectMany(step => step.Faults).ToArray();
        Assert.All(faults, fault =>
        {
            Assert.InRange(fault.Lasts, TimeSpan.FromMilliseconds(100), FaultSchedule.LongestFault);
            Assert.InRange(fault.Victim, 0, Nodes - 1);
            Assert.InRange(fault.Other, 0, Nodes - 1);
            Assert.NotEqual(fault.Victim, fault.Other);
            Assert.InRange(fault.Strength, 0, 1);
        });
        Assert.Equal(Nodes, faults.Select(fault => fault.Victim).Distinct().Count());
    }

    [Fact]
    public void Two_faults_of_a_step_overlap_and_those_that_take_all_nodes_come_alone()
    {
        var steps = FaultSchedule.Draw(2, FaultKinds.All, Nodes).Take(5000).ToArray();
        Assert.Contains(steps, step => step.Faults.Count == 2);
        Assert.All(steps.Where(step => step.Faults.Count == 2), step =>
        {
            Assert.InRange(step.Faults[1].Offset, TimeSpan.Zero, step.Faults[0].Lasts);
            Assert.DoesNotContain(step.Faults, fault => fault.Kind is FaultKind.RestartAll or FaultKind.Rolling);
        });
    }

    [Fact]
    public void Only_the_chosen_kinds_come()
    {
        var steps = FaultSchedule.Draw(3, [FaultKind.Pause, FaultKind.Kill], nodes: 3).Take(500);
        Assert.Equal(
            [FaultKind.Kill, FaultKind.Pause], steps.SelectMany(step => step.Faults).Select(fault => fault.Kind).Distinct().Order());
    }

    [Fact]
    public void Every_kind_is_found_by_its_name()
    {
        Assert.Equal(
            "kill,term,pause,blackhole,one-way,bridge,delay,stall,reset,slow-disk,disk-full,restart-all,rolling",
            string.Join(',', FaultKinds.All.Select(FaultKinds.NameOf)));
        Assert.All(FaultKinds.All, kind => Assert.Equal(kind, FaultKinds.Of(FaultKinds.NameOf(kind))));
        Assert.Null(FaultKinds.Of("flood"));
    }

    private static string Text(ulong seed) => string.Join('\n', FaultSchedule.Draw(seed, FaultKinds.All, Nodes).Take(100));
}
