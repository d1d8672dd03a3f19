// What a scenario can do to a cluster, whatever the cluster is. The drivers are in Drivers/; scenarios never see which one it is.
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Scenarios;

/// <summary>A master with its Standbys, its clients and its clock.</summary>
internal interface IScenarioMaster
{
    /// <summary>The tenant of the scenario's keys: what keeps scenarios on one cluster apart.</summary>
    byte[] Tenant { get; }

    /// <summary>True while something that was proposed is held back, so that answers wait.</summary>
    bool HoldsCommits { get; }

    /// <summary>
    /// True when time is the machine's: what happens after a time may come later than that, since the machine may be busy.
    /// </summary>
    bool IsOnRealTime { get; }

    /// <summary>Sends a call. The task ends when its answer leaves; it is canceled when the outcome will never be known.</summary>
    Task SubmitAsync(Func<IReplySink, MasterCall> call);

    /// <summary>Ping.</summary>
    Task<ClientStatus> PingAsync(Uuid client);

    /// <summary>From now on this client says nothing by itself. Until then every client that has mounted pings.</summary>
    void FallSilent(Uuid client);

    /// <summary>Lets time go by: leases, sweeps, liveness, eviction.</summary>
    Task AdvanceAsync(TimeSpan time);

    /// <summary>The Primary dies, what it has not committed with it; a Standby leads.</summary>
    Task FailOverAsync();

    /// <summary>True when all nodes hold the same.</summary>
    Task<bool> DigestsAgreeAsync();
}
