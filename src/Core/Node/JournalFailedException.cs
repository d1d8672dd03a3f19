namespace HotStandby.Core.Node;

/// <summary>
/// The journal or the snapshot store cannot be written, read or cleared: the process ends (exit code 74), its supervisor restarts it.
/// </summary>
public sealed class JournalFailedException(string message, Exception? cause = null)
    : Exception(cause is null ? message : $"{message}: {cause.Message}", cause);
