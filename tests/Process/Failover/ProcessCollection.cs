// Tests that start node processes run one after the other: they share the machine's cores.
namespace HotStandby.Tests.Process.Failover;

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessCollection
{
    public const string Name = "node processes";
}
