// Linearizability as its definition says it: every order that respects time is tried, with a model of its own that shares nothing with the
// checker's. For histories of a handful of calls of one key; without leases, and within the time in which no put is old.
using HotStandby.Host.Histories;
using HotStandby.Messages;
using static HotStandby.Host.Histories.OperationKind;

namespace HotStandby.Tests.Process.Histories;

internal static class NaiveChecker
{
    /// <summary>An object, or none.</summary>
    private sealed record Thing(string Writer, ulong SizeBytes, bool IsComplete, ObjectBuffer? Buffer);

    public static bool HasAnOrder(IReadOnlyList<Operation> operations) => HasAnOrder([.. operations], null, []);

    private static bool HasAnOrder(List<Operation> left, Thing? thing, HashSet<ObjectBuffer> used)
    {
        if (left.TrueForAll(operation => operation.Outcome.Kind == OutcomeKind.Unknown))
            return true;
        var firstReturn = left.Min(operation => operation.ReturnMicroseconds ?? long.MaxValue);
        foreach (var next in left.Where(operation => operation.InvokeMicroseconds <= firstReturn))
        {
            foreach (var (after, born) in StatesAfter(thing, next, used))
            {
                if (HasAnOrder([.. left.Where(other => other != next)], after, born is null ? used : [.. used, born]))
                    return true;
            }
        }

        return false;
    }

    // All that may be after the call, if it can have been answered as it was; and the buffer that was seen for the first time.
    private static IEnumerable<(Thing? Thing, ObjectBuffer? Born)> StatesAfter(Thing? thing, Operation operation, HashSet<ObjectBuffer> used)
    {
        var (kind, outcome) = (operation.Kind, operation.Outcome);
        if (outcome.Kind == OutcomeKind.Refused)
            return IsRightRefusal(thing, operation) ? [(thing, null)] : [];
        var isOwn = thing?.Writer == operation.Client;
        switch (kind)
        {
            case PutStart when thing is null:
                return outcome.Buffer is null || (!used.Contains(outcome.Buffer) && outcome.Buffer.SizeBytes == operation.SizeBytes)
                    ? [(new Thing(operation.Client, operation.SizeBytes, false, outcome.Buffer), outcome.Buffer)] : [];
            case PutStart when isOwn && !thing.IsComplete && thing.SizeBytes == operation.SizeBytes:
                return outcome.Buffer is null ? [(thing, null)] : Shown(thing, outcome.Buffer, used);
            case PutEnd when isOwn:
                return [(thing! with { IsComplete = true }, null)];
            case PutRevoke when isOwn && !thing!.IsComplete:
            case Remove when thing is { IsComplete: true }:
                return [(null, null)];
            case Exists when thing is { IsComplete: true }:
                return [(thing, null)];
            case GetReplicas when thing is { IsComplete: true }:
                return outcome.Buffer is null ? [(thing, null)] : Shown(thing, outcome.Buffer, used);
            default:
                return [];
        }
    }

    private static IEnumerable<(Thing?, ObjectBuffer?)> Shown(Thing thing, ObjectBuffer buffer, HashSet<ObjectBuffer> used)
    {
        if (thing.Buffer == buffer)
            return [(thing, null)];
        return thing.Buffer is null && !used.Contains(buffer) && buffer.SizeBytes == thing.SizeBytes ? [(thing with { Buffer = buffer }, buffer)] : [];
    }

    private static bool IsRightRefusal(Thing? thing, Operation operation) => (operation.Kind, operation.Outcome.Error) switch
    {
        (_, ErrorCode.UnavailableInCurrentMode) => true,
        (Exists, ErrorCode.ObjectNotFound) => thing is not { IsComplete: true },
        (PutEnd or PutRevoke or Remove or GetReplicas, ErrorCode.ObjectNotFound) => thing is null,
        (PutStart, ErrorCode.ObjectAlreadyExists) => thing is not null,
        (PutEnd or PutRevoke, ErrorCode.IllegalClient) => thing is not null && thing.Writer != operation.Client,
        (PutRevoke, ErrorCode.InvalidWrite) => thing is { IsComplete: true } && thing.Writer == operation.Client,
        (Remove, ErrorCode.ObjectHasLease) => thing is not null && !operation.Force,
        (Remove or GetReplicas, ErrorCode.ReplicaIsNotReady) => thing is { IsComplete: false },
        _ => false,
    };
}
