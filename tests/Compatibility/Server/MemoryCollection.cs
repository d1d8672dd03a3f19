namespace HotStandby.Tests.Compatibility.Server;

/// <summary>Tests that look at the whole process's memory: nothing runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryCollection
{
    public const string Name = "memory";
}
