// The calls on tasks (a client is asked to copy or move a replica) and on drain jobs (a segment is emptied by many such moves).
// The segment table answers them; a call that creates a task visits the shard of its key first, which knows the replicas.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Messages.Calls;

/// <summary>CreateCopyTask, CreateMoveTask.</summary>
/// <param name="sink">Where the answer goes.</param>
/// <param name="type">Copy or move.</param>
/// <param name="key">The object.</param>
/// <param name="source">Move: the name of the segment to move from; null for a copy.</param>
/// <param name="targets">Names of the segments to copy to; one for a move.</param>
public sealed class CreateTaskCall(IReplySink sink, TaskType type, ObjectKey key, string? source, IReadOnlyList<string> targets)
    : SegmentCall(sink, Uuid.None)
{
    /// <summary>Copy or move.</summary>
    public TaskType Type { get; } = type;

    /// <summary>The object.</summary>
    public ObjectKey Key { get; } = key;

    /// <summary>Move: from where.</summary>
    public string? Source { get; } = source;

    /// <summary>Where to.</summary>
    public IReadOnlyList<string> Targets { get; } = targets;

    /// <summary>Handles of the segments with a complete replica of the object; null until its shard has been asked.</summary>
    public uint[]? SegmentHandles { get; set; }

    /// <summary>The answer: the task's id.</summary>
    public Uuid TaskId { get; set; }
}

/// <summary>QueryTask.</summary>
public sealed class QueryTaskCall(IReplySink sink, Uuid taskId) : SegmentCall(sink, Uuid.None)
{
    /// <summary>Which.</summary>
    public Uuid TaskId { get; } = taskId;

    /// <summary>The answer.</summary>
    public ReplicationTask? Task { get; set; }
}

/// <summary>FetchTasks: takes tasks that wait for this client.</summary>
public sealed class FetchTasksCall(IReplySink sink, Uuid client, int maximum) : SegmentCall(sink, client)
{
    /// <summary>Most tasks to take, at least 0.</summary>
    public int Maximum { get; } = maximum;

    /// <summary>The answer.</summary>
    public IReadOnlyList<ReplicationTask> Tasks { get; set; } = [];
}

/// <summary>MarkTaskToComplete.</summary>
public sealed class CompleteTaskCall(
    IReplySink sink, Uuid client, Uuid taskId, ReplicationTaskStatus status, string message) : SegmentCall(sink, client)
{
    /// <summary>Which.</summary>
    public Uuid TaskId { get; } = taskId;

    /// <summary>How it ended. Any number can arrive.</summary>
    public ReplicationTaskStatus Status { get; } = status;

    /// <summary>The client's words.</summary>
    public string Message { get; } = message;
}

/// <summary>CreateDrainJob: moves every replica off the segments.</summary>
public sealed class CreateDrainJobCall(
    IReplySink sink, IReadOnlyList<string> segments, IReadOnlyList<string> targets, int maximumConcurrency)
    : SegmentCall(sink, Uuid.None)
{
    /// <summary>Names of the segments to empty.</summary>
    public IReadOnlyList<string> Segments { get; } = segments;

    /// <summary>Names of the segments to move to; empty: any other.</summary>
    public IReadOnlyList<string> Targets { get; } = targets;

    /// <summary>Most moves at a time.</summary>
    public int MaximumConcurrency { get; } = maximumConcurrency;

    /// <summary>The answer: the job's id.</summary>
    public Uuid JobId { get; set; }
}

/// <summary>QueryDrainJob and CancelDrainJob.</summary>
public sealed class DrainJobCall(IReplySink sink, Uuid jobId, bool cancel) : SegmentCall(sink, Uuid.None)
{
    /// <summary>Which.</summary>
    public Uuid JobId { get; } = jobId;

    /// <summary>True: cancel it; false: only report.</summary>
    public bool Cancel { get; } = cancel;

    /// <summary>The answer.</summary>
    public DrainJob? Job { get; set; }
}
