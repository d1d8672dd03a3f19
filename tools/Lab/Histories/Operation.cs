// One call of one client as its recorder saw it: what was asked, when, and what came of it. Written by History, judged by
// LinearizabilityChecker. Knows nothing of the wire.
using HotStandby.Messages;

namespace HotStandby.Lab.Histories;

/// <summary>What was asked. All calls are about one key.</summary>
internal enum OperationKind
{
    /// <summary>Begin to write an object.</summary>
    PutStart,
    /// <summary>The object is written.</summary>
    PutEnd,
    /// <summary>The write is given up.</summary>
    PutRevoke,
    /// <summary>Remove the object.</summary>
    Remove,
    /// <summary>Can the object be read?</summary>
    Exists,
    /// <summary>Where can it be read?</summary>
    GetReplicas,
}

/// <summary>What is known of a call's end.</summary>
internal enum OutcomeKind
{
    /// <summary>No answer: it may take effect at any time from its invocation on, or never.</summary>
    Unknown = 0,
    /// <summary>It was carried out.</summary>
    Ok,
    /// <summary>It was answered with an error code, or never left: it had no effect, and the code tells of the state.</summary>
    Refused,
}

/// <summary>The memory of an object: what makes one put's object another than the next one's under the same key.</summary>
/// <param name="ReplicaId">Unique in the cluster, never used again.</param>
/// <param name="Endpoint">Whose memory it is.</param>
/// <param name="Address">Of the first byte.</param>
/// <param name="SizeBytes">Its length.</param>
internal sealed record ObjectBuffer(ulong ReplicaId, string Endpoint, ulong Address, ulong SizeBytes);

/// <summary>What came of a call. The default is unknown.</summary>
/// <param name="Kind">What is known.</param>
/// <param name="Error">Why it was refused; Ok otherwise. A key that Exists did not find is refused with ObjectNotFound.</param>
/// <param name="Buffer">Of an Ok PutStart or GetReplicas; null otherwise.</param>
/// <param name="LeaseMilliseconds">Of an Ok GetReplicas: for how long the buffer may be read, counted from some moment of the call.</param>
internal readonly record struct Outcome(
    OutcomeKind Kind, ErrorCode Error = ErrorCode.Ok, ObjectBuffer? Buffer = null, ulong LeaseMilliseconds = 0)
{
    /// <summary>It was carried out, and there is nothing more to say.</summary>
    public static readonly Outcome Ok = new(OutcomeKind.Ok);

    /// <summary>No answer.</summary>
    public static readonly Outcome Unknown;

    /// <summary>Definitely without effect.</summary>
    public static Outcome Refused(ErrorCode error) => new(OutcomeKind.Refused, error);

    /// <summary>It was carried out, and showed this buffer.</summary>
    public static Outcome With(ObjectBuffer buffer, ulong leaseMilliseconds = 0) =>
        new(OutcomeKind.Ok, ErrorCode.Ok, buffer, leaseMilliseconds);
}

/// <summary>A call and its outcome. All times are of the recorder's one monotonic clock.</summary>
/// <param name="Number">From 0, in the order of the invocations.</param>
/// <param name="Client">Who called, under which client id.</param>
/// <param name="Key">Which object.</param>
/// <param name="Kind">What was asked.</param>
/// <param name="InvokeMicroseconds">Before the first byte of it left.</param>
internal sealed record Operation(int Number, string Client, string Key, OperationKind Kind, long InvokeMicroseconds)
{
    /// <summary>Of a PutStart: the size that was asked for.</summary>
    public ulong SizeBytes { get; init; }

    /// <summary>Of a Remove: whether it ignores leases.</summary>
    public bool Force { get; init; }

    /// <summary>After its answer had come; null when none came.</summary>
    public long? ReturnMicroseconds { get; init; }

    /// <summary>What came of it.</summary>
    public Outcome Outcome { get; init; }
}
