// What clients see of replication tasks and drain jobs.
using HotStandby.Messages.Identity;

namespace HotStandby.Messages.Model;

/// <summary>What a task does. Wire values of Mooncake.</summary>
public enum TaskType
{
    /// <summary>Another replica.</summary>
    ReplicaCopy = 0,
    /// <summary>Another replica, and the source goes.</summary>
    ReplicaMove = 1,
}

/// <summary>How far a task is. Wire values of Mooncake.</summary>
public enum ReplicationTaskStatus
{
    /// <summary>Waits for its client.</summary>
    Pending = 0,
    /// <summary>Its client has fetched it.</summary>
    Processing = 1,
    /// <summary>Ended without success.</summary>
    Failed = 2,
    /// <summary>Ended well.</summary>
    Success = 3,
}

/// <summary>How far a drain job is. Wire values of Mooncake.</summary>
public enum JobStatus
{
    /// <summary>Nothing planned yet.</summary>
    Created = 0,
    /// <summary>Moves are being planned.</summary>
    Planning = 1,
    /// <summary>Moves are running.</summary>
    Running = 2,
    /// <summary>The segments are empty.</summary>
    Succeeded = 3,
    /// <summary>Given up; the segments are allocatable again.</summary>
    Failed = 4,
    /// <summary>Canceled; the segments are allocatable again.</summary>
    Canceled = 5,
}

/// <summary>A task: one client copies or moves one object.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Type">Copy or move.</param>
/// <param name="Key">The object.</param>
/// <param name="Source">Name of the segment to read from.</param>
/// <param name="Targets">Names of the target segments.</param>
/// <param name="Client">Who does it: the owner of a segment with a complete replica.</param>
/// <param name="Status">How far it is.</param>
/// <param name="CreatedMilliseconds">Wall clock, since 1970.</param>
/// <param name="UpdatedMilliseconds">Wall clock, since 1970.</param>
/// <param name="Message">The client's words at its end.</param>
/// <param name="JobId">The drain job that wants it; <see cref="Uuid.None"/> for none.</param>
public sealed record ReplicationTask(
    Uuid Id, TaskType Type, ObjectKey Key, string Source, IReadOnlyList<string> Targets, Uuid Client, ReplicationTaskStatus Status,
    long CreatedMilliseconds, long UpdatedMilliseconds, string Message, Uuid JobId);

/// <summary>A drain job as it is reported.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">How far it is.</param>
/// <param name="CreatedMilliseconds">Wall clock, since 1970.</param>
/// <param name="UpdatedMilliseconds">Wall clock, since 1970.</param>
/// <param name="Segments">Names of the segments to empty.</param>
/// <param name="SucceededUnits">Moves that ended well.</param>
/// <param name="FailedUnits">Moves given up.</param>
/// <param name="BlockedUnits">Objects that cannot be moved now (leased or hard-pinned).</param>
/// <param name="ActiveUnits">Moves that run.</param>
/// <param name="MigratedBytes">Bytes moved.</param>
/// <param name="Message">Why it failed.</param>
public sealed record DrainJob(
    Uuid Id, JobStatus Status, long CreatedMilliseconds, long UpdatedMilliseconds, IReadOnlyList<string> Segments,
    long SucceededUnits, long FailedUnits, long BlockedUnits, long ActiveUnits, long MigratedBytes, string Message);

/// <summary>A mounted segment and how much of it is in use.</summary>
/// <param name="Client">Who mounted it.</param>
/// <param name="Segment">As mounted.</param>
/// <param name="Status">Its state.</param>
/// <param name="UsedBytes">Bytes handed out.</param>
public sealed record SegmentUse(Uuid Client, Segment Segment, SegmentStatus Status, ulong UsedBytes);
