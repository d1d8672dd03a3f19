// The snapshot-store plugin of Akka.Persistence: one file a snapshot, below the node's data directory. A file is written under a
// temporary name, flushed, renamed, and the directory flushed: a crash leaves the old files or the new one as well, never half of one.
//   checkpoints/<persistenceId>@<seq, 16 hex digits>
//   magic 4, version 2, serializer id 4, timestamp 8, manifest length 2, manifest, the snapshot's bytes, CRC-32 of all before
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Snapshot;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Protocol;
using HotStandby.Actors.Serialization;

namespace HotStandby.Actors.Checkpoints;

/// <summary>An embedded snapshot store. A file that is damaged is passed over, with a warning, in favour of an older one.</summary>
/// <remarks>
/// Settings: <c>dir</c>, the node's data directory. The journal holds the directory's lock, and is opened before anything is loaded or saved.
/// </remarks>
public sealed class FileSnapshotStore : SnapshotStore
{
    /// <summary>Name of the directory.</summary>
    public const string DirectoryName = "checkpoints";

    private const uint Magic = 0x4B43_5348; // "HSCK"
    private const ushort Version = 1;
    private const int HeadBytes = 20;
    private const int TailBytes = 4;

    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IDisk _disk;
    private readonly string _directory;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="config">The plugin's block.</param>
    /// <exception cref="ConfigurationException"><c>dir</c> is missing.</exception>
    public FileSnapshotStore(Config config)
    {
        var dir = config.GetString("dir", "");
        if (string.IsNullOrWhiteSpace(dir))
            throw new ConfigurationException("file snapshot store: dir = '': the data directory must be set");
        _disk = _system.Settings.Setup.Get<FileJournalSetup>().Select(setup => setup.Disk).GetOrElse(FileDisk.Instance);
        _directory = Path.Combine(Path.GetFullPath(dir), DirectoryName);
    }

    /// <inheritdoc/>
    protected override Task<SelectedSnapshot> LoadAsync(
        string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        Task.Run(() => Load(persistenceId, criteria), cancellationToken);

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken) =>
        Task.Run(() => Save(metadata, snapshot), cancellationToken);

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken) => Task.Run(
        () => _disk.Delete(Path.Combine(_directory, NameOf(metadata.PersistenceId, metadata.SequenceNr))), cancellationToken);

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        Task.Run(
            () =>
            {
                foreach (var sequence in Found(persistenceId, criteria))
                    _disk.Delete(Path.Combine(_directory, NameOf(persistenceId, sequence)));
            },
            cancellationToken);

    private void Save(SnapshotMetadata metadata, object snapshot)
    {
        var serializer = _system.Serialization.FindSerializerFor(snapshot);
        // An image is megabytes long: it goes to the disk from where it is, since a copy for each would keep the collector busy.
        IReadOnlyList<ReadOnlyMemory<byte>> body = snapshot is PartitionCheckpoint checkpoint
            ? [JournalEventCodec.HeadOf(checkpoint), checkpoint.Image]
            : [Akka.Serialization.Serialization.WithTransport(
                _system, (serializer, snapshot), static state => state.serializer.ToBinary(state.snapshot))];
        var manifest = Encoding.UTF8.GetBytes(Akka.Serialization.Serialization.ManifestFor(serializer, snapshot));
        var head = new byte[HeadBytes + manifest.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(4), Version);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(6), serializer.Identifier);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(10), metadata.Timestamp.Ticks);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(18), checked((ushort)manifest.Length));
        manifest.CopyTo(head, HeadBytes);
        var checksum = new Crc32();
        checksum.Append(head);
        foreach (var piece in body)
            checksum.Append(piece.Span);
        _disk.CreateDirectory(_directory);
        SideFile.Replace(_disk, _directory, NameOf(metadata.PersistenceId, metadata.SequenceNr), [head, .. body, checksum.GetCurrentHash()]);
    }

    private SelectedSnapshot Load(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        foreach (var sequence in Found(persistenceId, criteria).OrderDescending())
        {
            var path = Path.Combine(_directory, NameOf(persistenceId, sequence));
            if (Read(path) is not { } bytes)
            {
                _log.Warning("The checkpoint {0} is damaged, an older one is looked for", path);
                continue;
            }

            var manifestBytes = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(18));
            var body = bytes.AsSpan(HeadBytes + manifestBytes)[..^TailBytes].ToArray();
            var snapshot = _system.Serialization.Deserialize(
                body, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(6)), Encoding.UTF8.GetString(bytes, HeadBytes, manifestBytes));
            var timestamp = new DateTime(BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(10)), DateTimeKind.Utc);
            return new SelectedSnapshot(new SnapshotMetadata(persistenceId, sequence, timestamp), snapshot);
        }

        return null!; // what Akka.Persistence expects where there is none
    }

    // Null: not what was written.
    private byte[]? Read(string path)
    {
        using var file = _disk.Open(path, DiskOpen.Read);
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)file.Length));
        for (int read = 0, got; read < bytes.Length; read += got)
        {
            got = file.Read(read, bytes.AsSpan(read));
            if (got == 0)
                return null;
        }

        return bytes.Length >= HeadBytes + TailBytes && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Magic
            && BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(4)) == Version
            && HeadBytes + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(18)) <= bytes.Length - TailBytes
            && Crc32.HashToUInt32(bytes.AsSpan(..^TailBytes)) == BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(^TailBytes..))
            ? bytes
            : null;
    }

    private List<long> Found(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        var found = new List<long>();
        var prefix = $"{persistenceId}@";
        foreach (var name in _disk.List(_directory))
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal)
                && long.TryParse(name.AsSpan(prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sequence)
                && sequence >= criteria.MinSequenceNr && sequence <= criteria.MaxSequenceNr)
                found.Add(sequence);
        }

        return found;
    }

    private static string NameOf(string persistenceId, long sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{persistenceId}@{sequence:x16}");
}
