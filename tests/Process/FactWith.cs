// For tests that need a program which not every machine has: without it they are reported as skipped, with the reason, and never as passed.
namespace HotStandby.Tests.Process;

/// <summary>A fact that needs a program on the path.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithAttribute : FactAttribute
{
    public FactWithAttribute(string program)
    {
        Program = program;
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!path.Any(directory => File.Exists(Path.Combine(directory, program))))
            Skip = $"{program} is not installed here";
    }

    /// <summary>What it needs.</summary>
    public string Program { get; }
}
