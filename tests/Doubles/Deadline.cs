// The only place where tests name a time that they wait at most. A deadline ends a test that hangs; no verdict depends on it. So it is
// longer than any loaded machine takes.
namespace HotStandby.Tests;

/// <summary>How long tests wait before they give up.</summary>
internal static class Deadline
{
    /// <summary>For one condition, call or answer.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMinutes(5);

    /// <summary>For a whole test.</summary>
    public static readonly TimeSpan Test = TimeSpan.FromMinutes(20);

    /// <summary>A timer of the product that must not run out in a test, whatever the machine does.</summary>
    public static readonly TimeSpan Never = TimeSpan.FromHours(12);
}
