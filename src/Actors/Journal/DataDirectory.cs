// A node's data directory: locked against a second process, and bound for good to one node of one cluster.
// Opened by FileJournal before any log in it. It never creates an identity over existing logs, nor among files of others.
//   node.lock       held with flock while open
//   node.identity   format, cluster, node, incarnation; memory, starts, birth (see NodeMemory)
//   node.resync     present while a full sync that was asked for has not ended
//   audit.log       what operators asked for; not the journal's
//   logs/<escaped persistenceId>/

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Journal;

/// <summary>An open data directory; disposing releases the lock.</summary>
public sealed class DataDirectory : INodeMemory, IDisposable
{
    /// <summary>Name of the identity file.</summary>
    public const string IdentityFile = "node.identity";

    /// <summary>Name of the file that is present while the state of the node has to be replaced by a full sync.</summary>
    public const string ResyncFile = "node.resync";

    /// <summary>Name of the lock file.</summary>
    public const string LockFile = "node.lock";

    /// <summary>Name of the file in which operators' commands are noted; the journal has nothing to do with it.</summary>
    public const string AuditFile = "audit.log";

    /// <summary>Name of the directory that holds the logs.</summary>
    public const string LogsDirectory = "logs";

    // What the first start may find of an earlier one that was cut short, and what a fresh file system brings along.
    private static readonly string[] MayBeThereBefore =
        [LockFile, LogsDirectory, AuditFile, IdentityFile + SideFile.TemporarySuffix, "lost+found"];

    private const string Format = "1";
    private const int MaxFileNameBytes = 240;

    private readonly IDisk _disk;
    private readonly IDisposable _lock;
    private readonly string _path;
    private readonly Lock _turn = new();
    private NodeMemory _memory;
    private bool _closed;

    private DataDirectory(
        IDisk disk, string path, NodeIdentity identity, NodeMemory memory, IDisposable heldLock, IReadOnlyList<string> names)
    {
        (_disk, _path, Identity, _lock) = (disk, path, identity, heldLock);
        (WasCreated, NeedsFullSync) = (!names.Contains(IdentityFile), names.Contains(ResyncFile));
        _memory = memory with { Starts = memory.Starts + 1 };
        Incarnation = Life.IncarnationOf(_memory.Starts, BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint))));
        Write(_memory);
    }

    /// <summary>Whose directory this is.</summary>
    public NodeIdentity Identity { get; }

    /// <summary>True when this opening created the identity: the node remembers nothing, and must not vote as if it did.</summary>
    public bool WasCreated { get; }

    /// <summary>A full sync was asked for and has not ended: the state in this directory may be wrong.</summary>
    public bool NeedsFullSync { get; private set; }

    /// <summary>This run of the process; higher than that of every earlier run of the same memory.</summary>
    public ulong Incarnation { get; }

    /// <summary>What the directory remembers, as it is now. May be read on any thread.</summary>
    public NodeMemory Memory
    {
        get
        {
            lock (_turn)
                return _memory;
        }
    }

    /// <summary>This life of the node, as it is now: another one after <see cref="RenewMemory"/>.</summary>
    public Life Life => new(Memory.Id, Incarnation);

    /// <inheritdoc/>
    public ulong Birth => Memory.Birth;

    /// <inheritdoc/>
    public ulong FirstMemory => NodeMemory.FirstOf(Identity);

    /// <summary>Opens the directory, creating it and its identity at the first start.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The directory.</param>
    /// <param name="clusterId">The cluster this node belongs to.</param>
    /// <param name="nodeId">This node.</param>
    /// <param name="mayHoldOthers">
    /// False refuses a directory with files of others and no identity. True where the journal is not kept in it.
    /// </param>
    /// <remarks>Every opening is counted, durably, before this returns.</remarks>
    /// <exception cref="DataDirectoryRefused">
    /// It belongs to another node or cluster, is in use, or its identity is missing or unreadable.
    /// </exception>
    /// <exception cref="IOException">The disk is full, read-only or broken.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read or write there.</exception>
    public static DataDirectory Open(IDisk disk, string path, string clusterId, string nodeId, bool mayHoldOthers = false)
    {
        NodeIdentity.RequireValidId(clusterId, nameof(clusterId));
        NodeIdentity.RequireValidId(nodeId, nameof(nodeId));
        var heldLock = Lock(disk, path, mayHoldOthers);
        try
        {
            var names = disk.List(path);
            var (identity, memory) = names.Contains(IdentityFile)
                ? Read(disk, path, clusterId, nodeId)
                : Create(disk, path, clusterId, nodeId);
            disk.CreateDirectory(Path.Combine(path, LogsDirectory));
            return new DataDirectory(disk, path, identity, memory, heldLock, names);
        }
        catch
        {
            heldLock.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Refuses what <see cref="Open"/> would refuse. Creates only the directory and its lock file; the lock is tried, and not kept.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The directory.</param>
    /// <param name="clusterId">The cluster this node belongs to.</param>
    /// <param name="nodeId">This node.</param>
    /// <exception cref="DataDirectoryRefused">It belongs to another node, is in use, or its identity is missing or unreadable.</exception>
    /// <exception cref="IOException">It cannot be made, read or locked.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read or write there.</exception>
    public static void Check(IDisk disk, string path, string clusterId, string nodeId)
    {
        ArgumentNullException.ThrowIfNull(disk);
        using var held = Lock(disk, path);
        if (disk.List(path).Contains(IdentityFile))
            Read(disk, path, clusterId, nodeId);
        else
            RequireNoLogs(disk, path);
    }

    /// <summary>Whose directory this is, for readers that leave everything as it is. The lock is tried, and not kept.</summary>
    /// <exception cref="DataDirectoryRefused">It is in use, or its identity is missing or unreadable.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static NodeIdentity Look(IDisk disk, string path)
    {
        ArgumentNullException.ThrowIfNull(disk);
        var names = disk.List(path);
        if (!names.Contains(IdentityFile))
            throw new DataDirectoryRefused(
                RefusalKind.IdentityMissing, path, $"it holds no {IdentityFile}: this is not a node's data directory");
        if (names.Contains(LockFile))
            (disk.TryLock(Path.Combine(path, LockFile))
                ?? throw new DataDirectoryRefused(RefusalKind.InUse, path, "a node runs on it")).Dispose();
        return Read(disk, path).Identity;
    }

    /// <summary>Binds the directory to a cluster permanently; durable on return.</summary>
    /// <param name="birth">The birth of the cluster: that of a log whose first reign is committed. Never 0.</param>
    /// <exception cref="DataDirectoryRefused">It belongs to a cluster of another birth.</exception>
    /// <exception cref="IOException">The disk is full, read-only or broken.</exception>
    public void StoreBirth(ulong birth)
    {
        ArgumentOutOfRangeException.ThrowIfZero(birth);
        lock (_turn)
        {
            if (_memory.Birth == birth)
                return;
            if (_memory.Birth != 0)
                throw new DataDirectoryRefused(
                    RefusalKind.AnotherBirth, _path,
                    $"its cluster was born as {_memory.Birth:x16}, and the log in it belongs to one that was born as {birth:x16}");
            Write(_memory with { Birth = birth });
        }
    }

    /// <summary>
    /// Draws a new memory; durable on return. The vote of the old one is lost: from here on this directory is that of a node which has
    /// promised nothing.
    /// </summary>
    /// <returns>This life, as it is named from now on.</returns>
    /// <exception cref="IOException">The disk is full, read-only or broken.</exception>
    public Life RenewMemory()
    {
        lock (_turn)
        {
            Write(_memory with { Id = NodeMemory.Draw() });
            return Life;
        }
    }

    /// <summary>Notes whether a full sync is needed, for later starts; durable on return.</summary>
    /// <exception cref="IOException">The disk is full, read-only or broken.</exception>
    public void NoteFullSync(bool isNeeded)
    {
        lock (_turn)
        {
            if (isNeeded == NeedsFullSync)
                return;
            ObjectDisposedException.ThrowIf(_closed, this);
            if (isNeeded)
            {
                SideFile.Replace(_disk, _path, ResyncFile, ("needs", "full sync"));
            }
            else
            {
                _disk.Delete(Path.Combine(_path, ResyncFile));
                _disk.FlushDirectory(_path);
            }

            NeedsFullSync = isNeeded;
        }
    }

    /// <summary>The directory of a log. Characters that a file name may not hold are written as %XX.</summary>
    /// <exception cref="ArgumentException">The name is empty or too long for a file name.</exception>
    public string LogPath(string logName)
    {
        ArgumentException.ThrowIfNullOrEmpty(logName);
        var escaped = new StringBuilder();
        foreach (var unit in Encoding.UTF8.GetBytes(logName))
        {
            var plain = char.IsAsciiLetterOrDigit((char)unit) || unit is (byte)'-' or (byte)'_' || (unit == '.' && escaped.Length > 0);
            if (plain)
                escaped.Append((char)unit);
            else
                escaped.Append('%').Append(unit.ToString("X2", CultureInfo.InvariantCulture));
        }
        if (escaped.Length > MaxFileNameBytes)
            throw new ArgumentException(
                $"escaped, the name has {escaped.Length} characters; {MaxFileNameBytes} fit a file name", nameof(logName));
        return Path.Combine(_path, LogsDirectory, escaped.ToString());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_turn)
        {
            _closed = true;
            _lock.Dispose();
        }
    }

    // Under the lock: without it, another process may already have the directory.
    private void Write(NodeMemory memory)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        SideFile.Replace(_disk, _path, IdentityFile,
            ("format", Format), ("cluster", Identity.ClusterId), ("node", Identity.NodeId),
            ("incarnation", Identity.Incarnation.ToString("D")),
            ("memory", memory.Id.ToString("x16", CultureInfo.InvariantCulture)),
            ("starts", memory.Starts.ToString(CultureInfo.InvariantCulture)),
            ("birth", memory.Birth.ToString("x16", CultureInfo.InvariantCulture)));
        _memory = memory;
    }

    private static IDisposable Lock(IDisk disk, string path, bool mayHoldOthers = false)
    {
        if (!mayHoldOthers)
            RequireOwnOrEmpty(disk, path); // before the lock: its file is already a change
        disk.CreateDirectory(path);
        return disk.TryLock(Path.Combine(path, LockFile))
            ?? throw new DataDirectoryRefused(RefusalKind.InUse, path, "another process or journal has it open");
    }

    private static void RequireNoLogs(IDisk disk, string path)
    {
        if (disk.List(Path.Combine(path, LogsDirectory)).Count > 0)
            throw new DataDirectoryRefused(RefusalKind.IdentityMissing, path, $"it holds logs but no {IdentityFile}");
    }

    private static void RequireOwnOrEmpty(IDisk disk, string path)
    {
        var names = disk.List(path);
        if (!names.Contains(IdentityFile) && names.FirstOrDefault(name => !MayBeThereBefore.Contains(name)) is { } foreign)
            throw new DataDirectoryRefused(
                RefusalKind.Foreign, path,
                $"it holds '{foreign}' and no {IdentityFile}: name an empty directory, or one that does not exist yet");
    }

    private static (NodeIdentity Identity, NodeMemory Memory) Create(IDisk disk, string path, string clusterId, string nodeId)
    {
        RequireNoLogs(disk, path);
        return (new NodeIdentity(clusterId, nodeId, Guid.NewGuid()), new NodeMemory(NodeMemory.Draw(), Starts: 0, Birth: 0));
    }

    private static (NodeIdentity Identity, NodeMemory Memory) Read(IDisk disk, string path, string clusterId, string nodeId)
    {
        var (identity, memory) = Read(disk, path);
        if (identity.ClusterId != clusterId)
            throw new DataDirectoryRefused(
                RefusalKind.AnotherCluster, path, $"it belongs to cluster '{identity.ClusterId}', this is '{clusterId}'");
        if (identity.NodeId != nodeId)
            throw new DataDirectoryRefused(RefusalKind.AnotherNode, path, $"it belongs to node '{identity.NodeId}', this is '{nodeId}'");
        return (identity, memory);
    }

    private static (NodeIdentity Identity, NodeMemory Memory) Read(IDisk disk, string path)
    {
        var values = SideFile.Read(disk, Path.Combine(path, IdentityFile));
        if (values is null || !values.TryGetValue("format", out var format))
            throw new DataDirectoryRefused(RefusalKind.IdentityUnreadable, path, $"{IdentityFile} is damaged");
        if (format != Format)
            throw new DataDirectoryRefused(RefusalKind.UnknownFormat, path, $"format {format}, this version knows {Format}");
        if (!values.TryGetValue("cluster", out var cluster) || !values.TryGetValue("node", out var node)
            || !Guid.TryParse(values.GetValueOrDefault("incarnation"), out var incarnation))
            throw new DataDirectoryRefused(RefusalKind.IdentityUnreadable, path, $"{IdentityFile} lacks cluster, node or incarnation");
        var identity = new NodeIdentity(cluster, node, incarnation);
        return NodeMemory.TryRead(values, identity, out var memory)
            ? (identity, memory)
            : throw new DataDirectoryRefused(
                RefusalKind.IdentityUnreadable, path, $"{IdentityFile} has an impossible memory, starts or birth");
    }
}
