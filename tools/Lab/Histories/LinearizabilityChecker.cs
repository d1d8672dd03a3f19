// Is a recorded history linearizable, key by key? And did no two objects have the same memory at once, over all keys? Used by tests and by
// the chaos runs, after the fact; never looks at a cluster.
using System.Diagnostics;

namespace HotStandby.Lab.Histories;

/// <summary>Judges histories.</summary>
internal static class LinearizabilityChecker
{
    /// <summary>Judges a history.</summary>
    /// <remarks>
    /// Keys are judged one by one, which suffices: a history is linearizable when the calls of every single object are. Violations are
    /// looked for in all keys before one that is not decided is reported.
    /// </remarks>
    public static Verdict Check(History history, CheckerSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(history);
        settings ??= CheckerSettings.Default;
        var deadline = Stopwatch.GetTimestamp() + (long)(settings.Patience.TotalSeconds * Stopwatch.Frequency);
        var operations = history.Operations;
        var keys = operations.GroupBy(operation => operation.Key, StringComparer.Ordinal).ToArray();
        Verdict? undecided = null;
        Verdict? violation = null;
        foreach (var key in keys)
        {
            var verdict = Check(key.Key, [.. key], settings, deadline);
            if (verdict.Kind == VerdictKind.Violation)
            {
                violation = verdict;
                break;
            }

            if (verdict.Kind == VerdictKind.Undecided)
                undecided ??= verdict;
        }

        var result = violation ?? MemoryCheck.FindOverlap(keys) ?? undecided
            ?? new Verdict(VerdictKind.Linearizable, null, "Every answer is explained, and no two objects had the same memory.");
        return result with
        {
            Keys = keys.Length,
            Operations = operations.Count,
            UnknownOutcomes = operations.Count(operation => operation.Outcome.Kind == OutcomeKind.Unknown),
        };
    }

    private static Verdict Check(string key, IReadOnlyList<Operation> all, CheckerSettings settings, long deadline)
    {
        if (KeyHistory.Create(all) is not { } calls)
            return new Verdict(VerdictKind.Undecided, key, $"Key {key}: more than {ObjectModel.MaximumBuffers} buffers.");
        var model = new ObjectModel(settings.PutStartDiscardTimeout);
        var result = new KeySearch(calls.Operations, model, settings, deadline).Run();
        return result.Kind switch
        {
            VerdictKind.Linearizable => new Verdict(VerdictKind.Linearizable, null, ""),
            VerdictKind.Undecided => new Verdict(VerdictKind.Undecided, key, $"Key {key}: {result.Reason}."),
            _ => new Verdict(VerdictKind.Violation, key,
                Explanation.Of(key, calls, result, rest => new KeySearch(rest, model, settings, deadline).Run())),
        };
    }
}
