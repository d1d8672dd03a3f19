using HotStandby.Tests.Failover.Scenarios;
using Xunit.Abstractions;

namespace HotStandby.Tests.Failover.InProcess;

/// <summary>The scenarios with actor systems in this process, whose remoting can be cut at every single link.</summary>
public sealed class InProcessFailoverTests(ITestOutputHelper output) : PartitionTests(output)
{
    private protected override Task<IFailoverCluster> CreateAsync(string hocon) =>
        Task.FromResult<IFailoverCluster>(new InProcessCluster(hocon));
}
