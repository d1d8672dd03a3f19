// The journal plugin of Akka.Persistence: persistent actors and standbys' catch-up talk to it through the plugin protocol
// (WriteMessages, ReplayMessages, DeleteMessagesTo). One SegmentedLog for each persistenceId, in one data directory.
// It never rejects single events and never retries: an event that cannot be serialized fails its whole write, because a
// rejected one would leave a hole in the sequenceNrs; a disk that fails ends in a JournalFault on the event stream.

using System.Buffers;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace HotStandby.Actors.Journal;

/// <summary>An embedded segmented append-only file journal.</summary>
/// <remarks>
/// <code>
/// akka.persistence.journal {
///   plugin = "hotstandby.journal"
/// }
/// hotstandby.journal {
///   class = "HotStandby.Actors.Journal.FileJournal, HotStandby.Actors"
///   dir = "/var/lib/hotstandby"        # the node's data directory; no default
///   cluster-id = "mooncake"            # no default, 1..128 characters
///   node-id = "node1"                  # no default, 1..128 characters
///   segment-bytes = 64MiB              # 4KiB .. 1GiB
///   flush = every-batch                # or interval
///   flush-interval = 1s                # 1ms .. 60s, only with flush = interval
///   queue-bytes = 64MiB                # 64KiB .. 1GiB; more than that waiting: the write fails
///   circuit-breaker.call-timeout = 60s # opening reads and checks the whole log
/// }
/// </code>
/// With <c>flush = interval</c> a power cut may lose the last interval; the end of the process loses nothing in either mode.
/// Every fault is published as <see cref="JournalFault"/> on the event stream.
/// </remarks>
public sealed class FileJournal : AsyncWriteJournal, IDisposable
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ArrayBufferWriter<byte> _head = new(256);
    private readonly LogSet? _logs;
    private readonly Exception? _refusal;

    /// <summary>Opens the data directory; a refusal fails every later call instead of restarting the actor for ever.</summary>
    /// <param name="config">The plugin's block, see <see cref="FileJournalSettings"/>.</param>
    public FileJournal(Config config)
    {
        var setup = _system.Settings.Setup.Get<FileJournalSetup>().GetOrElse(new FileJournalSetup(FileDisk.Instance, TimeProvider.System));
        try
        {
            _logs = new LogSet(setup.Disk, setup.Time, FileJournalSettings.From(config), Publish, Opened);
        }
        catch (Exception error) when (error is JournalException or ConfigurationException or IOException or UnauthorizedAccessException)
        {
            _refusal = error;
            Publish(JournalFault.From("", config.GetString("dir", ""), error));
        }
    }

    /// <inheritdoc/>
    public override async Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        var writer = await GetWriter(persistenceId).WaitAsync(cancellationToken).ConfigureAwait(false);
        // Behind the writes still queued: an actor that restarts must not be given a sequenceNr twice.
        return await writer.SettledAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max,
        Action<IPersistentRepresentation> recoveryCallback)
    {
        var writer = await GetWriter(persistenceId).ConfigureAwait(false);
        await Task.Run(() => Replay(writer.Log, persistenceId, fromSequenceNr, toSequenceNr, max, recoveryCallback)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(
        IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Serialized here, on the actor's thread: the events must not be looked at once the caller has its thread back.
        var batches = Encode(messages);
        if (batches.Count == 1 && GetWriter(batches[0].PersistenceId) is { IsCompletedSuccessfully: true } ready)
            return AllWritten(ready.Result.AppendAsync(batches[0].Batch), cancellationToken);
        return AllWritten(Task.WhenAll(batches.Select(write => AppendWhenOpen(write, cancellationToken))), cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken)
    {
        var writer = await GetWriter(persistenceId).WaitAsync(cancellationToken).ConfigureAwait(false);
        await writer.DeleteToAsync(toSequenceNr).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Answers <see cref="GetDataDirectory"/>, which is asked before anything of the node speaks.</summary>
    protected override bool ReceivePluginInternal(object message)
    {
        if (message is not GetDataDirectory)
            return false;
        Sender.Tell(_logs is null ? new Status.Failure(_refusal!) : new DataDirectoryOpen(_logs.Directory));
        return true;
    }

    /// <summary>Closes the logs, see <see cref="PostStop"/>. May be called twice.</summary>
    public void Dispose() => _logs?.Dispose();

    /// <summary>Blocks until queued writes are done and the lock is free: the next life of this actor, or of the node, needs it.</summary>
    protected override void PostStop()
    {
        Dispose();
        base.PostStop();
    }

    // Null means "all written"; a list would have to hold one entry for each AtomicWrite. The token ends the wait alone: what is queued
    // is written all the same, and the caller takes the outcome for unknown.
    private static async Task<IImmutableList<Exception>> AllWritten(Task written, CancellationToken cancellationToken)
    {
        await written.WaitAsync(cancellationToken).ConfigureAwait(false);
        return null!;
    }

    private async Task AppendWhenOpen((string PersistenceId, RecordBatch Batch) write, CancellationToken cancellationToken)
    {
        JournalWriter writer;
        try
        {
            writer = await GetWriter(write.PersistenceId).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            write.Batch.Dispose();
            throw;
        }
        await writer.AppendAsync(write.Batch).ConfigureAwait(false);
    }

    // One batch for each persistenceId; almost always there is only one.
    private List<(string PersistenceId, RecordBatch Batch)> Encode(IEnumerable<AtomicWrite> messages)
    {
        var batches = new List<(string PersistenceId, RecordBatch Batch)>(1);
        try
        {
            foreach (var message in messages)
            {
                var events = (IImmutableList<IPersistentRepresentation>)message.Payload;
                var batch = BatchOf(batches, message);
                for (var i = 0; i < events.Count; i++)
                    Add(batch, events[i], i + 1 < events.Count ? FrameKind.Continued : FrameKind.Final);
            }
            return batches;
        }
        catch
        {
            foreach (var (_, batch) in batches)
                batch.Dispose();
            throw;
        }
    }

    private static RecordBatch BatchOf(List<(string PersistenceId, RecordBatch Batch)> batches, AtomicWrite message)
    {
        foreach (var (persistenceId, batch) in batches)
            if (persistenceId == message.PersistenceId)
                return batch;
        batches.Add((message.PersistenceId, new RecordBatch(message.LowestSequenceNr)));
        return batches[^1].Batch;
    }

    private void Add(RecordBatch batch, IPersistentRepresentation persistent, FrameKind kind)
    {
        if (persistent.SequenceNr != batch.LastSequenceNr + 1)
            throw new ArgumentException($"sequenceNr {persistent.SequenceNr} after {batch.LastSequenceNr}: a write must have no gap");
        var serializer = _system.Serialization.FindSerializerFor(persistent.Payload);
        var bytes = Akka.Serialization.Serialization.WithTransport(_system, (serializer, persistent.Payload),
            static state => state.serializer.ToBinary(state.Payload));
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, persistent.Payload);
        _head.ResetWrittenCount();
        new EventEnvelope(serializer.Identifier, manifest, persistent.Manifest ?? "", persistent.WriterGuid ?? "", persistent.Timestamp)
            .WriteTo(_head);
        batch.Add(_head.WrittenSpan, bytes, kind);
    }

    private void Replay(
        SegmentedLog log, string persistenceId, long from, long to, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        try
        {
            using var reader = log.Read(from, to, max);
            while (reader.TryRead())
            {
                var envelope = EventEnvelope.Read(reader.Payload.Span, out var eventBytes);
                var payload = _system.Serialization.Deserialize(eventBytes.ToArray(), envelope.SerializerId, envelope.SerializerManifest);
                recoveryCallback(new Persistent(payload, reader.SequenceNr, persistenceId, envelope.EventManifest,
                    isDeleted: false, ActorRefs.NoSender, envelope.WriterGuid, envelope.Timestamp));
            }
        }
        catch (Exception error) when (error is JournalDamaged or IOException)
        {
            _logs!.Report(persistenceId, error);
            throw;
        }
    }

    private Task<JournalWriter> GetWriter(string persistenceId) =>
        _logs is null ? Task.FromException<JournalWriter>(_refusal!) : _logs.Get(persistenceId);

    private void Opened(string logName, RecoveryReport report)
    {
        if (report.CutFile is null)
            _log.Info("Journal '{Log}' opened: {Records} records, highest sequenceNr {LastSequence}, deleted to {DeletedTo}",
                logName, report.Records, report.HighestSequenceNr, report.DeletedTo);
        else
            _log.Warning("Journal '{Log}' opened: torn tail of {CutBytes} bytes cut from {File}, highest sequenceNr now {LastSequence}",
                logName, report.CutBytes, report.CutFile, report.HighestSequenceNr);
    }

    private void Publish(JournalFault fault)
    {
        _log.Error(
            "Journal unusable ({Kind}), log '{Log}', {File} at byte {Offset}: {Reason}",
            fault.Kind, fault.LogName, fault.File, fault.OffsetBytes, fault.Reason);
        _system.EventStream.Publish(fault);
    }
}
