// The failover scenarios as specs of Akka's MultiNode TestKit. The TestKit makes one folder of logs for each name of a method.
using Akka.MultiNode.TestAdapter;
using HotStandby.Tests.Failover.Scenarios;

namespace HotStandby.Tests.MultiNode;

public sealed class KilledPrimarySpec() : FailoverSpec(LossScenarios.KilledPrimary, typeof(KilledPrimarySpec))
{
    [MultiNodeFact]
    public Task A_killed_Primary_is_replaced_and_follows_when_it_returns() => PlayAsync();
}

public sealed class LeavingPrimarySpec() : FailoverSpec(LossScenarios.LeavingPrimary, typeof(LeavingPrimarySpec))
{
    [MultiNodeFact]
    public Task A_Primary_that_leaves_hands_over_and_clients_hardly_notice() => PlayAsync();
}

public sealed class FullRestartSpec() : FailoverSpec(LossScenarios.FullRestart, typeof(FullRestartSpec))
{
    [MultiNodeFact]
    public Task All_nodes_killed_at_once_come_back_with_everything() => PlayAsync();
}

public sealed class LaggingStandbySpec() : FailoverSpec(LossScenarios.LaggingStandby, typeof(LaggingStandbySpec))
{
    [MultiNodeFact]
    public Task A_lagging_Standby_that_is_crowned_first_does_not_lead_with_less_than_the_other_has() => PlayAsync();
}

public sealed class EmptyNodeSpec() : FailoverSpec(LossScenarios.EmptyNode, typeof(EmptyNodeSpec))
{
    [MultiNodeFact]
    public Task An_empty_node_is_given_the_state_and_its_vote_counts() => PlayAsync();
}

public sealed class PrimaryAloneSpec() : FailoverSpec(PartitionScenarios.PrimaryAlone, typeof(PrimaryAloneSpec))
{
    [MultiNodeFact]
    public Task A_Primary_alone_stops_serving_before_another_serves_and_follows_it_in_the_end() => PlayAsync();
}

public sealed class PrimaryUnheardSpec() : FailoverSpec(PartitionScenarios.PrimaryUnheard, typeof(PrimaryUnheardSpec))
{
    [MultiNodeFact]
    public Task A_Primary_that_nobody_hears_is_replaced_and_follows_in_the_end() => PlayAsync();
}

public sealed class PrimaryDeafSpec() : FailoverSpec(PartitionScenarios.PrimaryDeaf, typeof(PrimaryDeafSpec))
{
    [MultiNodeFact]
    public Task A_Primary_that_hears_nobody_is_replaced_and_follows_in_the_end() => PlayAsync();
}

public sealed class StandbyAloneSpec() : FailoverSpec(PartitionScenarios.StandbyAlone, typeof(StandbyAloneSpec))
{
    [MultiNodeFact]
    public Task A_Standby_alone_costs_no_reign_and_catches_up() => PlayAsync();
}

public sealed class BridgeSpec() : FailoverSpec(PartitionScenarios.Bridge, typeof(BridgeSpec))
{
    [MultiNodeFact]
    public Task A_bridge_between_Primary_and_Standby_costs_no_reign() => PlayAsync();
}

public sealed class LeavingAndKilledHistorySpec() : FailoverSpec(
    HistoryScenarios.LeavingAndKilledPrimary, typeof(LeavingAndKilledHistorySpec))
{
    [MultiNodeFact]
    public Task What_clients_saw_of_Primaries_that_leave_and_die_has_an_order() => PlayAsync();
}

public sealed class FullRestartHistorySpec() : FailoverSpec(HistoryScenarios.FullRestart, typeof(FullRestartHistorySpec))
{
    [MultiNodeFact]
    public Task What_clients_saw_of_a_cluster_that_is_killed_as_a_whole_has_an_order() => PlayAsync();
}

public sealed class PrimaryAloneHistorySpec() : FailoverSpec(HistoryScenarios.PrimaryAlone, typeof(PrimaryAloneHistorySpec))
{
    [MultiNodeFact]
    public Task What_clients_saw_of_a_Primary_alone_has_an_order() => PlayAsync();
}
