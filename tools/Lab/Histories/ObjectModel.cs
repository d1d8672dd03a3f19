// One object as a sequential program: absent, being written by somebody, complete, absent again. Says for a state and a call whether the
// call could have been answered as it was, and what follows. Pure; used by KeySearch.
//
// Not in the model, so histories must not contain it: eviction, clients that die and take their memory along, copies, upserts, calls on
// many keys, puts that stay unfinished until their buffers are released (10 minutes).
using System.Globalization;
using HotStandby.Messages;

namespace HotStandby.Lab.Histories;

internal enum ObjectPhase : byte
{
    Absent,
    Writing,
    Complete,
}

/// <summary>What an object can be at one moment.</summary>
/// <param name="Phase">Where it is in its life.</param>
/// <param name="Writer">Number of the client that started it.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Buffer">Number of its buffer, or <see cref="ObjectModel.UnknownBuffer"/> when nobody has seen it yet.</param>
/// <param name="StartedMicroseconds">Not before then was it started.</param>
/// <param name="LeasedUntilMicroseconds">A reader was promised that it stays until then.</param>
/// <param name="Born">One bit for each buffer that has been somebody's: none ever comes back.</param>
internal readonly record struct ObjectState(
    ObjectPhase Phase, int Writer, ulong SizeBytes, int Buffer, long StartedMicroseconds, long LeasedUntilMicroseconds, ulong Born)
{
    public static readonly ObjectState Initial = new(ObjectPhase.Absent, -1, 0, ObjectModel.UnknownBuffer, 0, 0, 0);

    public ObjectState Gone() => Initial with { Born = Born };
}

/// <summary>A call of one key, with clients and buffers as numbers.</summary>
internal sealed record KeyOperation(Operation Source, int Client, int Buffer, ulong BufferBytes)
{
    public bool IsUnknown => Source.Outcome.Kind == OutcomeKind.Unknown;

    /// <summary>It was answered, and changes nothing in any state but what is known of a buffer and its readers.</summary>
    public bool IsObserver => Source.Outcome.Kind == OutcomeKind.Refused
        || (!IsUnknown && Source.Kind is OperationKind.Exists or OperationKind.GetReplicas);

    public long InvokeMicroseconds => Source.InvokeMicroseconds;

    /// <summary>Long.MaxValue for an unknown outcome.</summary>
    public long ReturnMicroseconds => IsUnknown ? long.MaxValue : Source.ReturnMicroseconds!.Value;

    /// <summary>Of two such calls without an answer, the earlier one can do whatever the later one can.</summary>
    public bool IsInterchangeableWith(KeyOperation other) =>
        IsUnknown && other.IsUnknown
            && Source.Kind == other.Source.Kind && Source.Force == other.Source.Force && Source.SizeBytes == other.Source.SizeBytes
        && (Client == other.Client || Source.Kind == OperationKind.Remove);
}

/// <summary>The rules.</summary>
/// <param name="putStartDiscardTimeout">Age at which an unfinished put gives way.</param>
internal sealed class ObjectModel(TimeSpan putStartDiscardTimeout)
{
    public const int UnknownBuffer = -1;

    /// <summary>Buffers of one key that the model can tell apart.</summary>
    public const int MaximumBuffers = 64;

    // Times are rounded to microseconds in three places.
    private const long RoundingMicroseconds = 1000;

    private readonly long _discardMicroseconds = (long)putStartDiscardTimeout.TotalMicroseconds;

    /// <summary>Could the call take effect in this state, with the outcome that it had? An unknown outcome counts as success.</summary>
    /// <param name="state">Before.</param>
    /// <param name="operation">The call.</param>
    /// <param name="latestMicroseconds">It takes effect not later than this.</param>
    /// <param name="next">After.</param>
    public bool TryStep(in ObjectState state, KeyOperation operation, long latestMicroseconds, out ObjectState next)
    {
        next = state;
        var error = operation.Source.Outcome.Error;
        return operation.Source.Kind switch
        {
            OperationKind.PutStart => error switch
            {
                ErrorCode.Ok => TryStart(state, operation, latestMicroseconds, out next),
                ErrorCode.ObjectAlreadyExists => state.Phase != ObjectPhase.Absent,
                ErrorCode.NoAvailableHandle => state.Phase == ObjectPhase.Absent || MayBeTakenOver(state, latestMicroseconds),
                _ => false,
            },
            OperationKind.PutEnd => error switch
            {
                ErrorCode.Ok when state.Phase != ObjectPhase.Absent && state.Writer == operation.Client =>
                    Becomes(state with { Phase = ObjectPhase.Complete, StartedMicroseconds = 0 }, out next),
                ErrorCode.Ok => false,
                _ => IsWriterRefusal(state, operation, error),
            },
            OperationKind.PutRevoke => error switch
            {
                ErrorCode.Ok => state.Phase == ObjectPhase.Writing && state.Writer == operation.Client && Becomes(state.Gone(), out next),
                ErrorCode.InvalidWrite => state.Phase == ObjectPhase.Complete && state.Writer == operation.Client,
                _ => IsWriterRefusal(state, operation, error),
            },
            OperationKind.Remove => error switch
            {
                ErrorCode.Ok => state.Phase == ObjectPhase.Complete
                    && (operation.Source.Force || latestMicroseconds >= state.LeasedUntilMicroseconds) && Becomes(state.Gone(), out next),
                ErrorCode.ObjectNotFound => state.Phase == ObjectPhase.Absent,
                // A new Primary leases every object, whatever was read of it, and unfinished ones too.
                ErrorCode.ObjectHasLease => state.Phase != ObjectPhase.Absent && !operation.Source.Force,
                ErrorCode.ReplicaIsNotReady => state.Phase == ObjectPhase.Writing,
                _ => false,
            },
            OperationKind.Exists => error switch
            {
                ErrorCode.Ok => state.Phase == ObjectPhase.Complete,
                ErrorCode.ObjectNotFound => state.Phase != ObjectPhase.Complete,
                _ => false,
            },
            OperationKind.GetReplicas => error switch
            {
                ErrorCode.Ok => TryRead(state, operation, out next),
                ErrorCode.ObjectNotFound => state.Phase == ObjectPhase.Absent,
                ErrorCode.ReplicaIsNotReady => state.Phase == ObjectPhase.Writing,
                _ => false,
            },
            _ => false,
        };
    }

    /// <summary>True for a refusal that says nothing of the object: there is nothing to explain.</summary>
    public static bool SaysNothing(in Outcome outcome) =>
        outcome is { Kind: OutcomeKind.Refused, Error: ErrorCode.UnavailableInCurrentMode or ErrorCode.UnavailableInCurrentStatus };

    /// <summary>The state for people.</summary>
    public static string Describe(in ObjectState state, IReadOnlyList<string> clients, IReadOnlyList<ObjectBuffer> buffers)
    {
        if (state.Phase == ObjectPhase.Absent)
            return "absent";
        var buffer = state.Buffer == UnknownBuffer ? "a buffer that nobody has seen" : $"replica {buffers[state.Buffer].ReplicaId}";
        var lease = state.LeasedUntilMicroseconds == 0
            ? "" : string.Create(CultureInfo.InvariantCulture, $", leased until {state.LeasedUntilMicroseconds / 1000.0:0.000} ms");
        return $"{(state.Phase == ObjectPhase.Writing ? "being written" : "complete")} by {clients[state.Writer]}, {buffer}{lease}";
    }

    private bool TryStart(in ObjectState state, KeyOperation operation, long latestMicroseconds, out ObjectState next)
    {
        next = state;
        var (size, buffer) = (operation.Source.SizeBytes, operation.Buffer);
        if (buffer != UnknownBuffer && operation.BufferBytes != size)
            return false;
        // The same put once more, after a failover: the same buffer, which nobody may have seen so far.
        if (state.Phase == ObjectPhase.Writing && state.Writer == operation.Client && state.SizeBytes == size
            && (state.Buffer == buffer || (state.Buffer == UnknownBuffer && IsUnborn(state, buffer))))
            return Becomes(state with { Buffer = buffer, Born = state.Born | BitOf(buffer) }, out next);
        if (state.Phase != ObjectPhase.Absent && !MayBeTakenOver(state, latestMicroseconds))
            return false;
        return IsUnborn(state, buffer)
            && Becomes(new ObjectState(ObjectPhase.Writing, operation.Client, size, buffer, operation.InvokeMicroseconds, 0,
                state.Born | BitOf(buffer)), out next);
    }

    private static bool TryRead(in ObjectState state, KeyOperation operation, out ObjectState next)
    {
        next = state;
        if (state.Phase != ObjectPhase.Complete || operation.Buffer == UnknownBuffer || operation.BufferBytes != state.SizeBytes)
            return false;
        if (state.Buffer != operation.Buffer && !(state.Buffer == UnknownBuffer && IsUnborn(state, operation.Buffer)))
            return false;
        var promised = operation.Source.Outcome.LeaseMilliseconds == 0
            ? 0 : operation.InvokeMicroseconds + ((long)operation.Source.Outcome.LeaseMilliseconds * 1000) - RoundingMicroseconds;
        return Becomes(
            state with
            {
                Buffer = operation.Buffer,
                Born = state.Born | BitOf(operation.Buffer),
                LeasedUntilMicroseconds = Math.Max(state.LeasedUntilMicroseconds, promised),
            },
            out next);
    }

    private static bool IsWriterRefusal(in ObjectState state, KeyOperation operation, ErrorCode error) => error switch
    {
        ErrorCode.ObjectNotFound => state.Phase == ObjectPhase.Absent,
        ErrorCode.IllegalClient => state.Phase != ObjectPhase.Absent && state.Writer != operation.Client,
        _ => false,
    };

    private bool MayBeTakenOver(in ObjectState state, long latestMicroseconds) =>
        state.Phase == ObjectPhase.Writing && latestMicroseconds - state.StartedMicroseconds >= _discardMicroseconds;

    private static bool IsUnborn(in ObjectState state, int buffer) => (state.Born & BitOf(buffer)) == 0;

    private static ulong BitOf(int buffer) => buffer == UnknownBuffer ? 0 : 1UL << buffer;

    private static bool Becomes(in ObjectState state, out ObjectState next)
    {
        next = state;
        return true;
    }
}
