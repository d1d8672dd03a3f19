// Given, when, then: a list of steps that is run against a master. Each step says what came of it in words ("Ok", "true",
// "[Ok, ObjectAlreadyExists]"), and a Then compares them. After each step all nodes must hold the same.
using System.Runtime.CompilerServices;
using System.Text;
using Xunit.Sdk;

namespace HotStandby.Tests.Scenarios;

/// <summary>One thing that is done.</summary>
/// <param name="Words">How it reads in a report.</param>
/// <param name="Do">Does it and says what came of it.</param>
internal sealed record Step(string Words, Func<IScenarioMaster, Task<string>> Do);

/// <summary>Steps in order. Awaiting it runs them.</summary>
internal sealed class Scenario(IScenarioMaster master)
{
    private readonly List<(string Kind, Step? Step, string Expected)> _lines = [];
    private readonly Dictionary<int, TimeSpan> _waits = [];

    /// <summary>Steps that must go well.</summary>
    public Scenario Given(params Step[] steps)
    {
        foreach (var step in steps)
        {
            _lines.Add(("Given", step, ""));
            _lines.Add(("must be", null, "Ok"));
        }

        return this;
    }

    /// <summary>A step whose outcome is looked at by the next <see cref="Then"/>.</summary>
    public Scenario When(Step step)
    {
        _lines.Add(("When", step, ""));
        return this;
    }

    /// <summary>
    /// A step that has the outcome of the next <see cref="Then"/> after a time. On the machine's time it is done again until it has: it
    /// must be one that does no harm when it is done again.
    /// </summary>
    public Scenario WhenAfter(TimeSpan time, Step step)
    {
        _waits[_lines.Count] = time;
        return When(step with { Words = $"{time} later {step.Words}" });
    }

    /// <summary>What came of the last step.</summary>
    public Scenario Then(string expected)
    {
        _lines.Add(("Then", null, expected));
        return this;
    }

    /// <summary>Runs it.</summary>
    public TaskAwaiter GetAwaiter() => RunAsync().GetAwaiter();

    private async Task RunAsync()
    {
        var story = new StringBuilder();
        var outcome = "";
        for (var line = 0; line < _lines.Count; line++)
        {
            var (kind, step, expected) = _lines[line];
            if (step is null)
            {
                story.AppendLine($"  {kind} {expected}");
                if (outcome != expected)
                    throw new XunitException($"expected {expected}, but it was {outcome}, in\n{story}");
                continue;
            }

            story.Append($"  {kind} {step.Words}");
            outcome = _waits.TryGetValue(line, out var wait)
                ? await WaitForAsync(step, wait, _lines[line + 1].Expected) : await step.Do(master);
            story.AppendLine($" -> {outcome}");
            if (!await master.DigestsAgreeAsync())
                throw new XunitException($"the nodes hold different things in\n{story}");
        }
    }

    private async Task<string> WaitForAsync(Step step, TimeSpan wait, string expected)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            await master.AdvanceAsync(wait);
            var outcome = await step.Do(master);
            if (outcome == expected || !master.IsOnRealTime || TimeProvider.System.GetElapsedTime(began) > Deadline.Step)
                return outcome;
        }
    }
}
