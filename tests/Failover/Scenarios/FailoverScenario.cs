namespace HotStandby.Tests.Failover.Scenarios;

/// <summary>A story about three nodes that any driver can play.</summary>
/// <param name="Play">The story.</param>
/// <param name="Hocon">Settings that it needs.</param>
internal sealed record FailoverScenario(Func<FailoverRun, Task> Play, string Hocon = "");
