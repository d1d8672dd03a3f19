// The logs of one data directory, opened on first use and one for each persistenceId. Owned by FileJournal.
// Each log costs one thread; the product has one log a node. Opening checks the whole log, off the caller's thread.

using System.Collections.Concurrent;

namespace HotStandby.Actors.Journal;

/// <summary>Open logs by persistenceId, sharing one locked data directory.</summary>
internal sealed class LogSet : IDisposable
{
    private readonly DataDirectory _directory;
    private readonly FileJournalSettings _settings;
    private readonly IDisk _disk;
    private readonly TimeProvider _time;
    private readonly Action<JournalFault> _onFault;
    private readonly Action<string, RecoveryReport> _onOpened;
    private readonly ConcurrentDictionary<string, Lazy<Task<JournalWriter>>> _writers = new(StringComparer.Ordinal);
    private volatile bool _closed;

    /// <summary>Locks the directory.</summary>
    /// <exception cref="DataDirectoryRefused">It is in use, or somebody else's.</exception>
    public LogSet(
        IDisk disk, TimeProvider time, FileJournalSettings settings, Action<JournalFault> onFault, Action<string, RecoveryReport> onOpened)
    {
        (_disk, _time, _settings, _onFault, _onOpened) = (disk, time, settings, onFault, onOpened);
        _directory = DataDirectory.Open(disk, settings.Directory, settings.ClusterId, settings.NodeId);
    }

    /// <summary>The directory they are in.</summary>
    public DataDirectory Directory => _directory;

    /// <summary>The writer of a log. A log that could not be opened stays so: damage does not heal by asking again.</summary>
    public Task<JournalWriter> Get(string logName)
    {
        if (_closed)
            return Task.FromException<JournalWriter>(new ObjectDisposedException(nameof(LogSet)));
        return _writers.GetOrAdd(
            logName, static (name, self) => new Lazy<Task<JournalWriter>>(() => Task.Run(() => self.Open(name))), this).Value;
    }

    /// <summary>Reports damage found while reading.</summary>
    public void Report(string logName, Exception error) => _onFault(JournalFault.From(logName, _settings.Directory, error));

    /// <summary>Finishes what is queued, closes everything, releases the lock. Blocks until done.</summary>
    public void Dispose()
    {
        _closed = true;
        foreach (var (_, opening) in _writers)
        {
            var task = opening.Value;
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
            if (task.IsCompletedSuccessfully)
                task.Result.Dispose();
        }
        _directory.Dispose();
    }

    private JournalWriter Open(string logName)
    {
        try
        {
            var log = SegmentedLog.Open(_disk, _directory.LogPath(logName), _directory.Identity, logName, _settings.SegmentBytes);
            _onOpened(logName, log.Recovery);
            return new JournalWriter(log, _settings.Writer, _time, failure => Report(logName, new JournalFailed(failure)));
        }
        catch (Exception error)
        {
            Report(logName, error);
            throw;
        }
    }
}
