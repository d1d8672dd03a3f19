namespace HotStandby.Core.Tasks;

/// <summary>Bounds of tasks and jobs. Upstream's defaults, where upstream has the bound.</summary>
public sealed record TaskSettings
{
    /// <summary>Most tasks that wait for their clients; one more is refused with TaskPendingLimitExceeded. Default 10,000.</summary>
    public int MaximumPending { get; init; } = 10_000;

    /// <summary>Most tasks that clients work on; the others wait. Default 10,000.</summary>
    public int MaximumProcessing { get; init; } = 10_000;

    /// <summary>Most tasks and jobs that have ended and are still known; the oldest is forgotten first. Default 10,000.</summary>
    public int MaximumFinished { get; init; } = 10_000;

    /// <summary>
    /// How long a task or job that has ended is still known, on the Primary's monotonic clock; a new Primary counts anew. Default 1 day.
    /// </summary>
    public TimeSpan KeepFinished { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Most tasks that one FetchTasks takes, whatever it asks for; the others wait for the next. Each costs an entry and a piece of the
    /// answer, and clients ask once a second for a handful. Default 256.
    /// </summary>
    public int MaximumFetched { get; init; } = 256;

    /// <summary>
    /// How long a task may wait, and how long a client may work on it, before it is given up or tried again. Default 300 s.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How often a task is tried again when its client does not end it. Default 10.</summary>
    public int MaximumRetries { get; init; } = 10;

    /// <summary>How often a drain job tries to move one object. Default 3.</summary>
    public int MaximumMoves { get; init; } = 3;

    /// <summary>Most bytes of a message that is kept. Default 1024.</summary>
    public int MaximumMessageBytes { get; init; } = 1024;
}
