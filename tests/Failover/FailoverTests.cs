// Every failover scenario as a test; which cluster plays it is the subclass' choice.
using HotStandby.Tests.Failover.Scenarios;
using Xunit.Abstractions;

namespace HotStandby.Tests.Failover;

[Collection(OneClusterAtATime.Name)]
public abstract class FailoverTests(ITestOutputHelper output)
{
    [Fact]
    public Task A_killed_Primary_is_replaced_and_follows_when_it_returns() => PlayAsync(LossScenarios.KilledPrimary);

    [Fact]
    public Task A_Primary_that_leaves_hands_over_and_clients_hardly_notice() => PlayAsync(LossScenarios.LeavingPrimary);

    [Fact]
    public Task All_nodes_killed_at_once_come_back_with_everything() => PlayAsync(LossScenarios.FullRestart);

    [Fact]
    public Task A_lagging_Standby_that_is_crowned_first_does_not_lead_with_less_than_the_other_has() =>
        PlayAsync(LossScenarios.LaggingStandby);

    [Fact]
    public Task An_empty_node_is_given_the_state_and_its_vote_counts() => PlayAsync(LossScenarios.EmptyNode);

    [Fact]
    public Task What_clients_saw_of_Primaries_that_leave_and_die_has_an_order() => PlayAsync(HistoryScenarios.LeavingAndKilledPrimary);

    [Fact]
    public Task What_clients_saw_of_a_cluster_that_is_killed_as_a_whole_has_an_order() => PlayAsync(HistoryScenarios.FullRestart);

    private protected abstract Task<IFailoverCluster> CreateAsync(string hocon);

    private protected Task PlayAsync(FailoverScenario scenario) => FailoverRun.PlayAsync(scenario, CreateAsync, output.WriteLine);
}

/// <summary>
/// Clusters run one after the other: they share a few cores, and a node that gets none of them is given up by the others.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneClusterAtATime
{
    public const string Name = "one cluster at a time";
}
