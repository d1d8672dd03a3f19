// The snapshot-store plugin of Akka.Persistence: one file a snapshot, below the node's data directory. A file is written under a
// temporary name, flushed, renamed, and the directory flushed: a crash leaves the old files or the new one as well, never half of one.
//   checkpoints/<persistenceId>@<seq, 16 hex digits>
//   magic 4, version 2, serializer id 4, timestamp 8, manifest length 2, manifest, the snapshot's bytes, CRC-32 of all before
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Snapshot;
using HotStandby.Actors.Journal;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Serialization;

namespace HotStandby.Actors.Checkpoints;

/// <summary>
/// An embedded snapshot store. A file that is damaged or cannot be read is skipped, with a warning, in favour of an older one.
/// </summary>
/// <remarks>
/// Settings: <c>dir</c>, the node's data directory. The journal holds the directory's lock, and is opened before anything is loaded or
/// saved.
/// </remarks>
public sealed class FileSnapshotStore : SnapshotStore
{
    /// <summary>Name of the directory.</summary>
    public const string DirectoryName = "checkpoints";

    private const uint Magic = 0x4B43_5348; // "HSCK"
    private const ushort Version = 1;
    private const int HeadBytes = 20;
    private const int TailBytes = 4;
    private const long MostBytes = 0x7FFFFFC7; // of an array

    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly ConcurrentDictionary<string, object> _gates = [];
    private readonly ConcurrentDictionary<string, bool> _unfinished = []; // by file name: saves that have written nothing under it

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
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        var name = NameOf(metadata.PersistenceId, metadata.SequenceNr);
        _unfinished[name] = true;
        return Task.Run(
            () =>
            {
                lock (GateOf(metadata.PersistenceId))
                    Save(metadata, snapshot, name, cancellationToken);
                _unfinished.TryRemove(name, out _);
            },
            cancellationToken);
    }

    /// <summary>
    /// Akka.Persistence asks for this after a failed save, in case it has left something. A save here leaves nothing, and what stands under
    /// the name may be an earlier image of the same seq: that stays.
    /// </summary>
    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            var name = NameOf(metadata.PersistenceId, metadata.SequenceNr);
            lock (GateOf(metadata.PersistenceId))
            {
                if (_unfinished.TryRemove(name, out _))
                    return;
                _disk.Delete(Path.Combine(_directory, name));
                _disk.FlushDirectory(_directory);
            }
        },
        cancellationToken);

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        Task.Run(
            () =>
            {
                lock (GateOf(persistenceId))
                    Delete(persistenceId, criteria);
            },
            cancellationToken);

    // Saves and deletions of one id follow one another: a save that was given up may still be running, and must not end behind a deletion.
    private object GateOf(string persistenceId) => _gates.GetOrAdd(persistenceId, static _ => new object());

    private void Save(SnapshotMetadata metadata, object snapshot, string name, CancellationToken cancellation)
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
        try
        {
            cancellation.ThrowIfCancellationRequested();
            _disk.CreateDirectory(_directory);
            SideFile.Replace(_disk, _directory, name, [head, .. body, checksum.GetCurrentHash()], cancellation);
        }
        catch
        {
            DropTemporary(name);
            throw;
        }
    }

    // A full disk has no room for what was written of the image. If this fails, too, the next deletion takes it.
    private void DropTemporary(string name)
    {
        try
        {
            _disk.Delete(Path.Combine(_directory, name + SideFile.TemporarySuffix));
        }
        catch (IOException error)
        {
            _log.Warning("Old checkpoints could not be deleted: {Reason}", error.Message);
        }
    }

    private void Delete(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        var names = Found(persistenceId, criteria).ConvertAll(sequence => NameOf(persistenceId, sequence));
        // No save of this id runs now: what stands under a temporary name was left by a process that ended.
        names.AddRange(_disk.List(_directory).Where(name => name.StartsWith($"{persistenceId}@", StringComparison.Ordinal)
            && name.EndsWith(SideFile.TemporarySuffix, StringComparison.Ordinal)));
        foreach (var name in names)
            _disk.Delete(Path.Combine(_directory, name));
        if (names.Count > 0)
            _disk.FlushDirectory(_directory); // what is deleted because it is wrong must not be back after a power failure
    }

    private SelectedSnapshot Load(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        foreach (var sequence in Found(persistenceId, criteria).OrderDescending())
        {
            var path = Path.Combine(_directory, NameOf(persistenceId, sequence));
            try
            {
                return new SelectedSnapshot(new SnapshotMetadata(persistenceId, sequence, TimeOf(Read(path), out var snapshot)), snapshot);
            }
            catch (Exception fault) when (
                fault is IOException or UnauthorizedAccessException or InvalidDataException or SerializationException)
            {
                _log.Warning("The checkpoint {File} is damaged, an older one is looked for: {Reason}", path, fault.Message);
            }
        }

        return null!; // what Akka.Persistence expects where there is none
    }

    private DateTime TimeOf(byte[] file, out object snapshot)
    {
        var manifestBytes = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(18));
        snapshot = _system.Serialization.Deserialize(
            file.AsSpan(HeadBytes + manifestBytes)[..^TailBytes].ToArray(), BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(6)),
            Encoding.UTF8.GetString(file, HeadBytes, manifestBytes));
        return new DateTime(BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(10)), DateTimeKind.Utc);
    }

    // All of a file that is what was written. Its head is looked at before its length is believed.
    private byte[] Read(string path)
    {
        using var file = _disk.Open(path, DiskOpen.Read);
        if (file.Length is < HeadBytes + TailBytes or > MostBytes)
            throw new InvalidDataException($"it has {file.Length} bytes");
        var head = new byte[HeadBytes];
        Fill(file, head);
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) != Magic || BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(4)) != Version
            || HeadBytes + BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(18)) > file.Length - TailBytes)
            throw new InvalidDataException("it is no checkpoint, or one of an unknown version");
        var bytes = GC.AllocateUninitializedArray<byte>((int)file.Length);
        Fill(file, bytes);
        return Crc32.HashToUInt32(bytes.AsSpan(..^TailBytes)) == BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(^TailBytes..))
            ? bytes
            : throw new InvalidDataException("its bytes do not match their checksum");
    }

    private static void Fill(IDiskFile file, Span<byte> bytes)
    {
        for (int read = 0, got; read < bytes.Length; read += got)
        {
            got = file.Read(read, bytes[read..]);
            if (got == 0)
                throw new EndOfStreamException("it ends before its length");
        }
    }

    // Names that NameOf has made, and no others.
    private List<long> Found(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        var found = new List<long>();
        var prefix = $"{persistenceId}@";
        foreach (var name in _disk.List(_directory))
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal)
                && long.TryParse(name.AsSpan(prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sequence)
                && NameOf(persistenceId, sequence) == name
                && sequence >= criteria.MinSequenceNr && sequence <= criteria.MaxSequenceNr)
                found.Add(sequence);
        }

        return found;
    }

    private static string NameOf(string persistenceId, long sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{persistenceId}@{sequence:x16}");
}
