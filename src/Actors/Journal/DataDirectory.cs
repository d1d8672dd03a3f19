// A node's data directory: locked against a second process, and bound for good to one node of one cluster.
// Opened by FileJournal before any log in it. It never creates an identity over existing logs, nor among files of others.
//   node.lock       held with flock while open
//   node.identity   cluster, node, incarnation, format
//   audit.log       what operators asked for; not the journal's
//   logs/<escaped persistenceId>/

using System.Globalization;
using System.Text;

namespace HotStandby.Actors.Journal;

/// <summary>An open data directory; disposing releases the lock.</summary>
public sealed class DataDirectory : IDisposable
{
    /// <summary>Name of the identity file.</summary>
    public const string IdentityFile = "node.identity";

    /// <summary>Name of the lock file.</summary>
    public const string LockFile = "node.lock";

    /// <summary>Name of the file in which operators' commands are noted; the journal has nothing to do with it.</summary>
    public const string AuditFile = "audit.log";

    /// <summary>Name of the directory that holds the logs.</summary>
    public const string LogsDirectory = "logs";

    // What the first start may find of an earlier one that was cut short, and what a fresh file system brings along.
    private static readonly string[] MayBeThereBefore = [LockFile, LogsDirectory, AuditFile, IdentityFile + SideFile.TemporarySuffix, "lost+found"];

    private const string Format = "1";
    private const int MaxFileNameBytes = 240;

    private readonly IDisposable _lock;
    private readonly string _path;

    private DataDirectory(string path, NodeIdentity identity, IDisposable heldLock, bool created) =>
        (_path, Identity, _lock, WasCreated) = (path, identity, heldLock, created);

    /// <summary>Whose directory this is.</summary>
    public NodeIdentity Identity { get; }

    /// <summary>True when this opening created the identity: the node remembers nothing, and must not vote as if it did.</summary>
    public bool WasCreated { get; }

    /// <summary>Opens the directory, creating it and its identity at the first start.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The directory.</param>
    /// <param name="clusterId">The cluster this node belongs to.</param>
    /// <param name="nodeId">This node.</param>
    /// <exception cref="DataDirectoryRefused">It belongs to somebody else, is in use, or its identity is missing or unreadable.</exception>
    /// <exception cref="IOException">The disk is full, read-only or broken.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read or write there.</exception>
    public static DataDirectory Open(IDisk disk, string path, string clusterId, string nodeId)
    {
        NodeIdentity.RequireValidId(clusterId, nameof(clusterId));
        NodeIdentity.RequireValidId(nodeId, nameof(nodeId));
        var heldLock = Lock(disk, path);
        try
        {
            var names = disk.List(path);
            var created = !names.Contains(IdentityFile);
            var identity = created
                ? Create(disk, path, clusterId, nodeId)
                : Read(disk, path, clusterId, nodeId);
            disk.CreateDirectory(Path.Combine(path, LogsDirectory));
            disk.FlushDirectory(path);
            return new DataDirectory(path, identity, heldLock, created);
        }
        catch
        {
            heldLock.Dispose();
            throw;
        }
    }

    /// <summary>Refuses what <see cref="Open"/> would refuse. Makes nothing but the directory and its lock file; the lock is tried, and not kept.</summary>
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
            throw new DataDirectoryRefused(RefusalKind.IdentityMissing, path, $"it holds no {IdentityFile}: this is not a node's data directory");
        if (names.Contains(LockFile))
            (disk.TryLock(Path.Combine(path, LockFile)) ?? throw new DataDirectoryRefused(RefusalKind.InUse, path, "a node runs on it")).Dispose();
        return Read(disk, path);
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
            throw new ArgumentException($"escaped, the name has {escaped.Length} characters; {MaxFileNameBytes} fit a file name", nameof(logName));
        return Path.Combine(_path, LogsDirectory, escaped.ToString());
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static IDisposable Lock(IDisk disk, string path)
    {
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
            throw new DataDirectoryRefused(RefusalKind.Foreign, path, $"it holds '{foreign}' and no {IdentityFile}: name an empty directory, or one that does not exist yet");
    }

    private static NodeIdentity Create(IDisk disk, string path, string clusterId, string nodeId)
    {
        RequireNoLogs(disk, path);
        var identity = new NodeIdentity(clusterId, nodeId, Guid.NewGuid());
        SideFile.Replace(disk, path, IdentityFile,
            ("format", Format), ("cluster", clusterId), ("node", nodeId), ("incarnation", identity.Incarnation.ToString("D")));
        return identity;
    }

    private static NodeIdentity Read(IDisk disk, string path, string clusterId, string nodeId)
    {
        var identity = Read(disk, path);
        if (identity.ClusterId != clusterId)
            throw new DataDirectoryRefused(RefusalKind.AnotherCluster, path, $"it belongs to cluster '{identity.ClusterId}', this is '{clusterId}'");
        if (identity.NodeId != nodeId)
            throw new DataDirectoryRefused(RefusalKind.AnotherNode, path, $"it belongs to node '{identity.NodeId}', this is '{nodeId}'");
        return identity;
    }

    private static NodeIdentity Read(IDisk disk, string path)
    {
        var values = SideFile.Read(disk, Path.Combine(path, IdentityFile));
        if (values is null || !values.TryGetValue("format", out var format))
            throw new DataDirectoryRefused(RefusalKind.IdentityUnreadable, path, $"{IdentityFile} is damaged");
        if (format != Format)
            throw new DataDirectoryRefused(RefusalKind.UnknownFormat, path, $"format {format}, this version knows {Format}");
        if (!values.TryGetValue("cluster", out var cluster) || !values.TryGetValue("node", out var node)
            || !Guid.TryParse(values.GetValueOrDefault("incarnation"), out var incarnation))
            throw new DataDirectoryRefused(RefusalKind.IdentityUnreadable, path, $"{IdentityFile} lacks cluster, node or incarnation");
        return new NodeIdentity(cluster, node, incarnation);
    }
}
