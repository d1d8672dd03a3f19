// Linearizability as its definition says it: every order is tried, and the moment at which each call takes effect is put as early as the
// order, the call and the leases allow. With a model of its own that shares nothing with the checker's. For histories of a handful of calls
// of one key, within the time in which no put is old.
using HotStandby.Lab.Histories;
using HotStandby.Messages;
using static HotStandby.Lab.Histories.OperationKind;

namespace HotStandby.Tests.Process.Histories;

internal static class NaiveChecker
{
    // What the checker allows for times that were rounded.
    private const long RoundingMicroseconds = 1000;

    /// <summary>An object, or none.</summary>
    private sealed record Thing(string Writer, ulong SizeBytes, bool IsComplete, ObjectBuffer? Buffer, long LeasedUntilMicroseconds = 0);

    public static bool HasAnOrder(IReadOnlyList<Operation> operations) => HasAnOrder([.. operations], null, [], 0);

    private static bool HasAnOrder(List<Operation> left, Thing? thing, HashSet<ObjectBuffer> used, long now)
    {
        if (left.TrueForAll(operation => operation.Outcome.Kind == OutcomeKind.Unknown))
            return true;
        if (left.Exists(operation => operation.ReturnMicroseconds < now))
            return false;
        foreach (var next in left)
        {
            var moment = Math.Max(now, next.InvokeMicroseconds);
            if (next is { Kind: Remove, Force: false, Outcome.Kind: not OutcomeKind.Refused })
                moment = Math.Max(moment, thing?.LeasedUntilMicroseconds ?? 0);
            if (moment > (next.ReturnMicroseconds ?? long.MaxValue))
                continue;
            foreach (var (after, born) in StatesAfter(thing, next, used))
            {
                if (HasAnOrder([.. left.Where(other => other != next)], after, born is null ? used : [.. used, born], moment))
                    return true;
            }
        }

        return false;
    }

    // All that may be after the call, if it can have been answered as it was; and the buffer that was seen for the first time.
    private static IEnumerable<(Thing? Thing, ObjectBuffer? Born)> StatesAfter(
        Thing? thing, Operation operation, HashSet<ObjectBuffer> used)
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
                return outcome.Buffer is null ? [(thing, null)] : Shown(Leased(thing, operation), outcome.Buffer, used);
            default:
                return [];
        }
    }

    // From some moment of the call on, so at least until then.
    private static Thing Leased(Thing thing, Operation read) => read.Outcome.LeaseMilliseconds == 0 ? thing : thing with
    {
        LeasedUntilMicroseconds = Math.Max(
            thing.LeasedUntilMicroseconds, read.InvokeMicroseconds + ((long)read.Outcome.LeaseMilliseconds * 1000) - RoundingMicroseconds),
    };

    private static IEnumerable<(Thing?, ObjectBuffer?)> Shown(Thing thing, ObjectBuffer buffer, HashSet<ObjectBuffer> used)
    {
        if (thing.Buffer == buffer)
            return [(thing, null)];
        return thing.Buffer is null && !used.Contains(buffer) && buffer.SizeBytes == thing.SizeBytes
            ? [(thing with { Buffer = buffer }, buffer)] : [];
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
