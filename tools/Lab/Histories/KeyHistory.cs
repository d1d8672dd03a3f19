// The calls of one key as the search wants them: clients and buffers as numbers, without the calls that say nothing. Built by
// LinearizabilityChecker.
namespace HotStandby.Lab.Histories;

internal sealed class KeyHistory
{
    private KeyHistory(IReadOnlyList<KeyOperation> operations, IReadOnlyList<string> clients, IReadOnlyList<ObjectBuffer> buffers) =>
        (Operations, Clients, Buffers) = (operations, clients, buffers);

    /// <summary>In the order of their invocations.</summary>
    public IReadOnlyList<KeyOperation> Operations { get; }

    /// <summary>Names, by number.</summary>
    public IReadOnlyList<string> Clients { get; }

    /// <summary>Buffers, by number.</summary>
    public IReadOnlyList<ObjectBuffer> Buffers { get; }

    /// <summary>Null when there are more buffers than the model can tell apart.</summary>
    public static KeyHistory? Create(IEnumerable<Operation> all)
    {
        List<string> clients = [];
        List<ObjectBuffer> buffers = [];
        List<KeyOperation> operations = [];
        foreach (var operation in all.OrderBy(operation => operation.InvokeMicroseconds).ThenBy(operation => operation.Number))
        {
            // A node that does not serve says nothing of the object, and has changed nothing. A read without an answer neither.
            var isRead = operation.Kind is OperationKind.Exists or OperationKind.GetReplicas;
            if (ObjectModel.SaysNothing(operation.Outcome) || (isRead && operation.Outcome.Kind == OutcomeKind.Unknown))
                continue;
            var buffer = operation.Outcome.Buffer;
            operations.Add(new KeyOperation(
                operation, NumberOf(operation.Client, clients), buffer is null ? ObjectModel.UnknownBuffer : NumberOf(buffer, buffers),
                buffer?.SizeBytes ?? 0));
        }

        return buffers.Count > ObjectModel.MaximumBuffers ? null : new KeyHistory(operations, clients, buffers);
    }

    private static int NumberOf<T>(T item, List<T> known)
    {
        var number = known.IndexOf(item);
        if (number >= 0)
            return number;
        known.Add(item);
        return known.Count - 1;
    }
}
