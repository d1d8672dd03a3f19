using HotStandby.Tests.Failover.Scenarios;
using Xunit.Abstractions;

namespace HotStandby.Tests.Failover.Processes;

/// <summary>The scenarios with node processes: signals, sockets and files are real.</summary>
public sealed class ProcessFailoverTests(ITestOutputHelper output) : FailoverTests(output)
{
    private protected override Task<IFailoverCluster> CreateAsync(string hocon) =>
        Task.FromResult<IFailoverCluster>(new ProcessCluster(hocon));
}
