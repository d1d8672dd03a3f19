// The scenarios that cut nodes off from each other; which cluster plays them is the subclass' choice.
using HotStandby.Tests.Failover.Scenarios;
using Xunit.Abstractions;

namespace HotStandby.Tests.Failover;

public abstract class PartitionTests(ITestOutputHelper output) : FailoverTests(output)
{
    [Fact]
    public Task A_Primary_alone_stops_serving_before_another_serves_and_follows_it_in_the_end() =>
        PlayAsync(PartitionScenarios.PrimaryAlone);

    [Fact]
    public Task A_Primary_that_nobody_hears_is_replaced_and_follows_in_the_end() => PlayAsync(PartitionScenarios.PrimaryUnheard);

    [Fact]
    public Task A_Primary_that_hears_nobody_is_replaced_and_follows_in_the_end() => PlayAsync(PartitionScenarios.PrimaryDeaf);

    [Fact]
    public Task A_Standby_alone_costs_no_reign_and_catches_up() => PlayAsync(PartitionScenarios.StandbyAlone);

    [Fact]
    public Task A_bridge_between_Primary_and_Standby_costs_no_reign() => PlayAsync(PartitionScenarios.Bridge);

    [Fact]
    public Task What_clients_saw_of_a_Primary_alone_has_an_order() => PlayAsync(HistoryScenarios.PrimaryAlone);
}
