// The recorder of client calls: who records says when a call begins and what came of it; a call that is never ended keeps an unknown
// outcome. Can be written to a file of JSON lines and read back, so that a failing history is kept.
using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HotStandby.Lab.Histories;

/// <summary>Calls of many clients, on one clock. Thread-safe.</summary>
/// <param name="time">The clock; null for the machine's monotonic one.</param>
internal sealed class History(TimeProvider? time = null)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    };

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly long _began = (time ?? TimeProvider.System).GetTimestamp();
    private readonly ConcurrentDictionary<int, Operation> _operations = [];
    private int _next = -1;
    private int _answered;

    /// <summary>Calls that were begun.</summary>
    public int Count => _operations.Count;

    /// <summary>Calls that were carried out so far, reads among them.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>All calls so far, by number. Those that were not ended have an unknown outcome.</summary>
    public IReadOnlyList<Operation> Operations => [.. _operations.Values.OrderBy(operation => operation.Number)];

    /// <summary>A call begins now. To be called before anything of it leaves.</summary>
    /// <returns>Its number, for <see cref="End"/>.</returns>
    public int Begin(string client, string key, OperationKind kind, ulong sizeBytes = 0, bool force = false)
    {
        var number = Interlocked.Increment(ref _next);
        _operations[number] = new Operation(number, client, key, kind, NowMicroseconds()) { SizeBytes = sizeBytes, Force = force };
        return number;
    }

    /// <summary>A call has ended now. To be called after its answer has come; an unknown outcome has no return time.</summary>
    public void End(int number, in Outcome outcome)
    {
        if (outcome.Kind == OutcomeKind.Unknown)
            return;
        _operations[number] = _operations[number] with { ReturnMicroseconds = NowMicroseconds(), Outcome = outcome };
        if (outcome.Kind == OutcomeKind.Ok)
            Interlocked.Increment(ref _answered);
    }

    /// <summary>Adds a call as it is; for histories that come from elsewhere.</summary>
    /// <exception cref="ArgumentException">There is one of this number.</exception>
    public void Add(Operation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (!_operations.TryAdd(operation.Number, operation))
            throw new ArgumentException($"there is a call {operation.Number} already", nameof(operation));
        if (operation.Outcome.Kind == OutcomeKind.Ok)
            Interlocked.Increment(ref _answered);
        _next = Math.Max(_next, operation.Number);
    }

    /// <summary>Writes one line of JSON a call.</summary>
    public void Write(string path)
    {
        using var file = File.CreateText(path);
        foreach (var operation in Operations)
            file.WriteLine(JsonSerializer.Serialize(operation, Format));
    }

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    /// <exception cref="InvalidDataException">A line is no call.</exception>
    public static History Read(string path)
    {
        var history = new History();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            try
            {
                history.Add(JsonSerializer.Deserialize<Operation>(line, Format) ?? throw new JsonException("nothing"));
            }
            catch (Exception error) when (error is JsonException or ArgumentException)
            {
                throw new InvalidDataException($"{path}, line {number}: {error.Message}", error);
            }
        }

        return history;
    }

    private long NowMicroseconds() => (long)_time.GetElapsedTime(_began).TotalMicroseconds;
}
