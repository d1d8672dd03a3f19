// The product's own journal on a disk in memory: segments, frames, recovery and the books over them, driven as OpLogActor drives them.
// Used by SimulatedJournal in a share of the runs. It decides nothing about what is written.
using System.Buffers;
using HotStandby.Actors.Journal;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Serialization;
using HotStandby.Core.Replication;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Doubles;

/// <summary>One node's journal files. Every member throws what the journal throws.</summary>
public sealed class RealLog
{
    private const string Directory = "/data/logs/oplog";

    private readonly record struct Asked(IJournalEvent Event, bool IsOwn, long DeleteTo);

    private static readonly NodeIdentity Owner = new("simulation", "node", Guid.Empty);

    private readonly Queue<Asked> _asked = [];
    private readonly ArrayBufferWriter<byte> _head = new();
    private readonly long _segmentBytes;
    private readonly bool _flushes;
    private MemoryDisk _disk = new();
    private SegmentedLog _log = null!;
    private OpLogBook _book = new();

    /// <summary>A new journal.</summary>
    /// <param name="segmentBytes">Size of a segment.</param>
    /// <param name="flushes">True: every write is flushed, and a crash may be a power cut. False: a crash ends the process only.</param>
    public RealLog(long segmentBytes, bool flushes)
    {
        (_segmentBytes, _flushes) = (segmentBytes, flushes);
        Open();
    }

    /// <summary>What the last start has found.</summary>
    public RecoveredJournal Recovered { get; private set; } = null!;

    /// <summary>Asks for a write.</summary>
    public void Ask(JournalWrite write) => _asked.Enqueue(new Asked(_book.Ask(write), false, 0));

    /// <summary>The oldest write that was asked for happens.</summary>
    public void WriteOldest()
    {
        Write(_asked.Peek());
        _asked.Dequeue();
    }

    /// <summary>What the journal writes of its own accord, as far as it comes next.</summary>
    public void WriteOwn()
    {
        while (_asked.TryPeek(out var own) && own.IsOwn)
            WriteOldest();
    }

    /// <summary>Nothing fails any more.</summary>
    public void Mend() => _disk.Fault = null;

    /// <summary>Disk calls fail from now on, until the process has ended.</summary>
    /// <param name="isFull">True: writes fail after half of their bytes. False: flushes fail.</param>
    public void Break(bool isFull) => _disk.Fault = (call, _) =>
        call == (isFull ? DiskCall.Write : DiskCall.Flush)
            ? new IOException(isFull ? "No space left on device" : "Input/output error") : null;

    /// <summary>
    /// The process ends, or the power does. Returns how many of the writes that were asked for and not confirmed are there.
    /// </summary>
    /// <param name="random">Chance.</param>
    /// <param name="underWay">How many writes were on their way to the disk, unflushed.</param>
    public int Crash(SeededRandom random, int underWay)
    {
        var confirmed = _log.HighestSequenceNr;
        var kept = 0;
        if (_log.Failed is null && underWay > 0)
        {
            List<RecordBatch> writes = [.. _asked.TakeWhile(static asked => asked.DeleteTo == 0)
                .Take(underWay).Select((asked, i) => Encode(asked.Event, confirmed + 1 + i))];
            try
            {
                _log.Append(writes, flush: false);
            }
            catch (JournalFailed)
            {
                // Whoever asked for these was never answered.
            }

            writes.ForEach(static write => write.Dispose());
        }

        _disk.Fault = null;
        var asked = _asked.ToArray();
        _asked.Clear();
        _log.Dispose();
        _disk = _flushes && random.Chance(0.7) ? _disk.AfterPowerCut(new Random((int)(random.Bits() >> 33))) : _disk.AfterKill();
        // A look that only a simulation can take: what will the next start find?
        using var survivor = SegmentedLog.Open(_disk.AfterKill(), Directory, Owner, "oplog", _segmentBytes);
        for (var i = 0; i < survivor.HighestSequenceNr - confirmed; i++)
            kept += asked[i].IsOwn ? 0 : 1;
        return kept;
    }

    /// <summary>A process starts on what is there.</summary>
    /// <exception cref="JournalDamaged">It must not.</exception>
    public void Open()
    {
        _log = SegmentedLog.Open(_disk, Directory, Owner, "oplog", _segmentBytes);
        _book = new OpLogBook();
        using var reader = _log.Read(1, long.MaxValue);
        while (reader.TryRead())
            _book.Replay(Decode(reader.Payload), reader.SequenceNr);
        Recovered = _book.Recovered;
    }

    /// <summary>Batches of the log from a seq on.</summary>
    public List<OpLogBatch> Read(ulong fromSequence, int most)
    {
        var places = _book.Index.From(fromSequence, most == int.MaxValue ? long.MaxValue : SegmentedLog.MinSegmentBytes);
        if (places.Length > most)
            places = places[..most];
        var found = new List<OpLogBatch>();
        if (places.Length == 0)
            return found;
        using var reader = _log.Read(places[0].JournalNumber, places[^1].JournalNumber);
        foreach (var place in places)
        {
            while (reader.TryRead() && reader.SequenceNr < place.JournalNumber)
            {
                // Events of other kinds, and batches that were cut off.
            }

            if (reader.SequenceNr != place.JournalNumber || Decode(reader.Payload) is not BatchAppended { Batch: var batch })
                throw new InvalidOperationException($"no batch at {place}");
            found.Add(batch.Until(place.LastSequence).From(Math.Max(fromSequence, place.FirstSequence)));
        }

        return found;
    }

    /// <summary>
    /// Damages what was once good: a byte anywhere but in the last record, which nobody could tell from a torn one; or a file.
    /// </summary>
    public string Damage(SeededRandom random)
    {
        var files = _disk.Paths.ToArray();
        var path = random.Pick<string>(files);
        if (random.Chance(0.1))
        {
            _disk.Remove(path);
            return $"{path} is lost";
        }

        var bytes = _disk.Bytes(path);
        var isLast = path == files.Where(static file => !file.EndsWith(".state", StringComparison.Ordinal)).Max(StringComparer.Ordinal);
        var at = random.Below(isLast ? Math.Max(1, bytes.Length - LastRecordBytes()) : bytes.Length);
        bytes[at] ^= (byte)(1 << random.Below(8));
        _disk.Fault = null;
        using var file = _disk.Open(path, DiskOpen.Write);
        file.Write(at, [bytes.AsMemory(at, 1)]);
        file.Flush();
        return $"{path} is damaged at {at} of {bytes.Length}";
    }

    /// <summary>A planted mistake: whatever cannot be read is taken for the torn end of the log.</summary>
    public bool TryCutWhereDamaged(JournalDamaged damaged)
    {
        if (damaged.Kind != DamageKind.BadFrame
            || damaged.File != _disk.Paths.Where(static path => !path.EndsWith(".state", StringComparison.Ordinal)).Last())
            return false;
        _disk.Put(damaged.File, _disk.Bytes(damaged.File)[..(int)damaged.OffsetBytes]);
        Open();
        return true;
    }

    private int LastRecordBytes()
    {
        using var reader = _log.Read(_log.HighestSequenceNr, _log.HighestSequenceNr);
        return reader.TryRead() ? reader.Payload.Length + JournalFrame.HeaderBytes : 0;
    }

    private void Write(Asked asked)
    {
        if (asked.DeleteTo > 0)
        {
            _log.DeleteTo(asked.DeleteTo);
            return;
        }

        var number = _log.AppendedSequenceNr + 1;
        using (var batch = Encode(asked.Event, number))
            _log.Append([batch], _flushes);
        if (asked.IsOwn || _book.Written(asked.Event, number) is not (> 0 and var deleteTo))
            return;
        foreach (var standing in _book.Standing)
            _asked.Enqueue(new Asked(standing, true, 0));
        _asked.Enqueue(new Asked(null!, true, deleteTo));
    }

    private RecordBatch Encode(IJournalEvent happened, long number)
    {
        var batch = new RecordBatch(number);
        _head.ResetWrittenCount();
        new EventEnvelope(1, JournalEventCodec.ManifestOf(happened), "", "", 0).WriteTo(_head);
        batch.Add(_head.WrittenSpan, JournalEventCodec.Encode(happened));
        return batch;
    }

    private static IJournalEvent Decode(ReadOnlyMemory<byte> record)
    {
        var envelope = EventEnvelope.Read(record.Span, out var bytes);
        return JournalEventCodec.Decode(envelope.SerializerManifest, bytes.ToArray());
    }
}
