// Tells people why the calls of a key have no order: only the calls that matter, as a time line, and what could be true before the one that
// does not fit. Used by LinearizabilityChecker when it has found a violation.
using System.Globalization;
using System.Text;

namespace HotStandby.Lab.Histories;

internal static class Explanation
{
    private const int StatesShown = 8;
    private const int MostBarCharacters = 64;

    /// <summary>The text.</summary>
    /// <param name="key">Which key.</param>
    /// <param name="calls">All its calls.</param>
    /// <param name="result">The violation.</param>
    /// <param name="search">Searches again, for less.</param>
    public static string Of(string key, KeyHistory calls, SearchResult result, Func<IReadOnlyList<KeyOperation>, SearchResult> search)
    {
        var (needed, last) = Minimize(calls.Operations, result, search);
        var culprit = needed[last.Culprit];
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture,
            $"Key {key}: no order of its calls explains call {culprit.Source.Number} ({Describe(culprit.Source)}).");
        text.AppendLine(CultureInfo.InvariantCulture,
            $"Those that matter, of {calls.Operations.Count} (times in milliseconds; > never answered, ! the call in question):");
        var moments = needed.SelectMany(operation => (long[])[operation.InvokeMicroseconds, operation.ReturnMicroseconds])
            .Where(time => time != long.MaxValue).Distinct().Order().ToArray();
        foreach (var operation in needed)
            text.AppendLine(Line(operation, moments, operation == culprit));
        var before = last.Before.Select(state => ObjectModel.Describe(state, calls.Clients, calls.Buffers)).Distinct().ToArray();
        text.AppendLine(CultureInfo.InvariantCulture, $"Before call {culprit.Source.Number} returned the object could be:");
        foreach (var state in before.Take(StatesShown))
            text.AppendLine(CultureInfo.InvariantCulture, $"  {state}");
        if (before.Length > StatesShown)
            text.AppendLine(CultureInfo.InvariantCulture, $"  and {before.Length - StatesShown} more");
        return text.ToString();
    }

    // Calls that only observe may be left out without making good calls bad: reads, and refusals. What changes something stays, unless it
    // began after all was over.
    private static (IReadOnlyList<KeyOperation> Needed, SearchResult Result) Minimize(
        IReadOnlyList<KeyOperation> operations, SearchResult result, Func<IReadOnlyList<KeyOperation>, SearchResult> search)
    {
        var end = operations[result.Culprit].ReturnMicroseconds;
        List<KeyOperation> needed = [.. operations.Where(operation => operation.InvokeMicroseconds <= end)];
        var last = search(needed);
        foreach (var observer in needed.Where(operation => operation.IsObserver).Reverse().ToArray())
        {
            List<KeyOperation> fewer = [.. needed.Where(operation => operation != observer)];
            if (search(fewer) is not { Kind: VerdictKind.Violation } still)
                continue;
            (needed, last) = (fewer, still);
        }

        return last.Kind == VerdictKind.Violation ? (needed, last) : (operations, result);
    }

    private static string Line(KeyOperation operation, long[] moments, bool isCulprit)
    {
        var source = operation.Source;
        var returned = operation.IsUnknown ? "never" : Milliseconds(operation.ReturnMicroseconds);
        return $"{(isCulprit ? '!' : ' ')} {source.Number,6} {source.Client,-10} {Milliseconds(source.InvokeMicroseconds),12} - "
            + $"{returned,12} "
            + $"{Bar(operation, moments)} {Describe(source)}";
    }

    // Time is shown by the order of what happens, not by its length: an outage of seconds would leave no room for the calls around it.
    private static string Bar(KeyOperation operation, long[] moments)
    {
        var width = Math.Min(moments.Length, MostBarCharacters);
        int At(long time) => Array.BinarySearch(moments, time) * width / moments.Length;
        var (from, to) = (At(operation.InvokeMicroseconds), operation.IsUnknown ? width - 1 : At(operation.ReturnMicroseconds));
        return new string(' ', from) + new string('-', to - from) + (operation.IsUnknown ? '>' : '|') + new string(' ', width - 1 - to);
    }

    private static string Milliseconds(long microseconds) => (microseconds / 1000.0).ToString("0.000", CultureInfo.InvariantCulture);

    private static string Describe(Operation operation)
    {
        var asked = operation.Kind switch
        {
            OperationKind.PutStart => string.Create(CultureInfo.InvariantCulture, $"PutStart {operation.SizeBytes} bytes"),
            OperationKind.Remove when operation.Force => "Remove by force",
            _ => operation.Kind.ToString(),
        };
        return $"{asked}: " + operation.Outcome switch
        {
            { Kind: OutcomeKind.Unknown } => "unknown",
            { Kind: OutcomeKind.Refused, Error: var error } => $"{error}",
            { Buffer: { } buffer, LeaseMilliseconds: var lease } => string.Create(
                CultureInfo.InvariantCulture,
                $"ok, replica {buffer.ReplicaId} ({buffer.SizeBytes} bytes at {buffer.Endpoint} "
                    + $"{buffer.Address:x}){(lease > 0 ? $", leased {lease} ms" : "")}"),
            _ => "ok",
        };
    }
}
