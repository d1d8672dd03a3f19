// The part of the replica actor that keeps the node's state: restores the partitions, has them checkpointed, decides what the journal
// need not hold any more, and brings up a node that lacks entries by a full sync. Why each rule is safe: docs/protocol.md, "Checkpoints,
// truncation, full sync".
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Cells;
using HotStandby.Actors.Checkpoints;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Journal;
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;
using ICell = HotStandby.Core.Cells.ICell;

namespace HotStandby.Actors.Replication;

/// <summary>Used by <see cref="ReplicaActor"/> only, which carries out the replica's effects after each call.</summary>
internal sealed class StateKeeper
{
    // A Standby that was not heard for so long is not waited for.
    private static readonly long StandbyPatienceTicks = TimeSpan.FromSeconds(10).Ticks;

    // The images that a full sync has brought, from when it is complete until the partitions hold them.
    private sealed record Installing(ulong Life, SyncComplete Sync);

    private readonly IActorContext _context;
    private readonly ReplicaOptions _options;
    private readonly DataDirectory _directory;
    private readonly IReadOnlyList<IActorRef> _partitions;
    private readonly PartitionFeed _feed;
    private readonly Replica _replica;
    private readonly PeerDirectory _peers;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log;
    private readonly IActorRef _checkpoints;
    private readonly IActorRef _source;
    private readonly IActorRef _sync;
    private readonly ImageRequests _requests;
    private readonly List<ImageStamp> _aheadOfLog = [];
    private readonly LineLimit _refusalLines = new();
    private ulong _syncs; // that have begun
    private bool _isSyncing;
    private SyncProgress? _progress;
    private NodeId _syncSource = NodeId.None;
    private Installing? _installing;
    private ulong _reign;
    private bool _isStopping;
    private bool _isWhole;
    private bool _roundRuns;
    private ulong _roundLife;
    private bool _isForced;
    private long _roundAtTicks;
    private long _bytesAtRound;
    private ulong _sequenceAtRound;
    private ulong _checkpointed;

    public StateKeeper(
        IActorContext context, ReplicaOptions options, DataDirectory directory, NodeRoutes routes, PartitionFeed feed,
        Replica replica, PeerDirectory peers, TimeProvider time, ILoggingAdapter log)
    {
        (_context, _options, _directory, _partitions) = (context, options, directory, routes.Partitions);
        (_feed, _replica, _peers, _time, _log) = (feed, replica, peers, time, log);
        var self = options.Protocol.Self;
        var partitions = _partitions.Count;
        var firstImage = (ulong)Random.Shared.NextInt64(1, long.MaxValue);
        routes.Snapshots = context.ActorOf(SnapshotsActor.Props(self, options.SnapshotPluginId), "snapshots");
        routes.Checkpoints = _checkpoints = Carry(outbox => new CheckpointCell(partitions, outbox), "checkpoints");
        routes.SyncSource = _source = Carry(outbox => new SyncSourceCell(self, firstImage, outbox), "sync-source");
        routes.Sync = _sync = Carry(outbox => new SyncCell(self, partitions, outbox), "sync");
        _requests = new ImageRequests(_partitions, feed, replica, time);
        _roundAtTicks = time.NowTicks();

        IActorRef Carry(Func<Outbox, ICell> newCell, string name) => context.ActorOf(CellActor.Props(newCell, routes, time), name);
    }

    /// <summary>For operators.</summary>
    public StateStatus Status => new(_isWhole, _replica.State.Log.BaseSequence, _checkpointed, _progress);

    /// <summary>
    /// The node's life begins: the partitions are restored, and a full sync that an earlier life has not ended begins again.
    /// </summary>
    public void Begin()
    {
        Restore();
        if (!_directory.NeedsFullSync)
            return;
        _log.Warning(
            "Node {0} still needs a full sync: one was asked for before this start, and had not ended; {1} in the data directory says so",
            _options.Protocol.Self, DataDirectory.ResyncFile);
        FullSync(NodeId.None, isForced: true);
    }

    /// <summary>The partitions are given what the checkpoints hold; what the log holds behind it follows.</summary>
    public void Restore()
    {
        if (_installing is null) // else the images of a sync are about to be restored
            Restore(only: null);
    }

    private void Restore(IReadOnlyList<ImageStamp>? only)
    {
        Suspend();
        _checkpoints.Tell(new RestoreImages(_feed.Life, _replica.State.Log.Describe(), _replica.State.ImagesUpTo, only));
    }

    private void Suspend()
    {
        _feed.Suspend();
        _replica.Rebuilding();
        _replica.StateIsComplete(false);
        _isWhole = false;
        _aheadOfLog.Clear();
    }

    /// <summary>The partitions have been told to lead.</summary>
    public void BeginReign(ulong reign) => _reign = reign;

    /// <summary>They have been told to stop; images of that reign will not be known to be committed here.</summary>
    public void EndReign(bool partitionsMustStop)
    {
        (_reign, _isStopping) = (0, partitionsMustStop);
        _requests.EndReign();
    }

    /// <summary>They have stopped.</summary>
    public void Stopped() => _isStopping = false;

    /// <summary>Everything up to here is committed.</summary>
    public void Committed(ulong sequence)
    {
        _requests.Committed(sequence);
        for (var i = _aheadOfLog.Count - 1; i >= 0; i--)
        {
            var image = _aheadOfLog[i];
            if (image.Sequence > sequence)
                continue;
            if (_replica.State.Log.EpochOf(image.Sequence) != image.Epoch)
                throw new InvariantViolation(
                    7, $"an image stands for {image.Epoch}/{image.Sequence}, and another entry was committed there");
            _aheadOfLog.RemoveAt(i);
        }
    }

    /// <summary>Time has passed: is a round of checkpoints due?</summary>
    public void Tick(long now)
    {
        _feed.Tick(now);
        var log = _replica.State.Log;
        if (WhyNoRound() is not null
            || (log.TotalBytes - _bytesAtRound < _options.CheckpointBytes
                && (now - _roundAtTicks < _options.CheckpointIntervalTicks || log.LastSequence == _sequenceAtRound)))
            return;
        BeginRound(now);
    }

    /// <summary>Entries that this node lacks are in nobody's log, or its state is wrong: images first.</summary>
    /// <param name="source">Who is asked first.</param>
    /// <param name="isForced">An operator or the verifier says that the partitions are not what they should be: their images are replaced
    /// in any case, and until then none is given to another node or kept as a checkpoint. Remembered across a restart.</param>
    public void FullSync(NodeId source, bool isForced = false)
    {
        if (isForced)
        {
            (_isForced, _isWhole) = (true, false);
            _directory.NoteFullSync(isNeeded: true);
            _source.Tell(ForgetImages.Instance);
        }

        if (_isSyncing)
            return;
        _log.Warning(
            "Node {0} begins a full sync: its log ends at {1}, its state is {2}", _options.Protocol.Self, _replica.State.Log.LastSequence,
            _isWhole ? "whole" : "not whole");
        _replica.StateIsComplete(false);
        _isSyncing = true;
        _sync.Tell(new BeginSync(++_syncs, Source(preferred: source, silent: source == NodeId.None ? _syncSource : NodeId.None)));
    }

    /// <summary>A message about state; false: it was about something else.</summary>
    public bool TryHandle(object message, IActorRef sender, long now)
    {
        switch (message)
        {
            case RequestImage request:
                _requests.Ask(request, sender, _isWhole && !_isStopping);
                return true;
            case ImageTaken taken:
                _requests.Taken(taken, _isWhole, _reign);
                return true;
            case RoundEnded ended:
                OnRoundEnded(ended, now);
                return true;
            case ImagesRestored restored:
                OnRestored(restored);
                return true;
            case FetchImage or ImageChunk when !_replica.Hears(((ReplicationMessage)message).Origin):
                return true;
            case FetchImage fetch:
                OnFetch(fetch, now);
                return true;
            case ImageChunk chunk:
                _sync.Tell(chunk);
                return true;
            case SendToNode send:
                _peers[send.To]?.Tell(send.Message with { Origin = _replica.State.Origin }, _context.Self);
                return true;
            case SourceIsSilent silent when IsCurrent(silent.Number):
                _sync.Tell(new SourceIs(Source(preferred: _replica.State.Leader, silent.Source)));
                return true;
            case SyncProgress progress when IsCurrent(progress.Number):
                _progress = progress;
                return true;
            case RunNodeCommand { Command: NodeCommand.Checkpoint }:
                sender.Tell(new NodeCommandAnswer(WhyNoRound()));
                if (WhyNoRound() is null)
                    BeginRound(now);
                return true;
            case RunNodeCommand { Command: NodeCommand.FullSync }:
                sender.Tell(new NodeCommandAnswer(WhyNoSync()));
                if (WhyNoSync() is null)
                    FullSync(_replica.State.Leader, isForced: true);
                return true;
            case SyncComplete complete when IsCurrent(complete.Number):
                OnSynced(complete);
                return true;
            case SyncFailed failed when IsCurrent(failed.Number):
                BeginAnotherSync();
                return true;
            case SourceIsSilent or SyncProgress or SyncComplete or SyncFailed:
                return true; // of a sync that has ended
            case OnlyKept kept when kept.Life == _installing?.Life:
                Install(_installing.Sync, now);
                return true;
            case OnlyKept:
                return true;
            default:
                return false;
        }
    }

    private string? WhyNoRound() => _roundRuns ? "a round of checkpoints is under way"
        : !_isWhole || _feed.FedSequence == 0 ? "this node has nothing to keep: it has not followed anybody yet, or is being synced" : null;

    private string? WhyNoSync() => _replica.Role == ReplicaRole.Primary ? "this node leads: let another one lead first"
        : _isSyncing ? "a full sync is under way"
        : _options.Protocol.Peers.All(peer => _peers[peer] is null) ? "no other node is in the cluster" : null;

    private void BeginRound(long now)
    {
        (_roundRuns, _roundAtTicks, _roundLife) = (true, now, _feed.Life);
        (_bytesAtRound, _sequenceAtRound) = (_replica.State.Log.TotalBytes, _replica.State.Log.LastSequence);
        _checkpoints.Tell(Core.Node.BeginRound.Instance);
    }

    // What a peer names is looked at before anything is done with it.
    private void OnFetch(FetchImage fetch, long now)
    {
        var problem = !_options.Protocol.Peers.Contains(fetch.From) ? "it is no other voter of this cluster"
            : fetch.Partition.Value >= _partitions.Count ? $"this node has {_partitions.Count - 1} shards" : null;
        if (problem is not null)
        {
            if (_refusalLines.IsDue(now))
                _log.Warning("{0} asks for an image of {1}, and is not answered: {2}", fetch.From, fetch.Partition, problem);
            return;
        }

        _requests.Asks(fetch.From, now);
        _source.Tell(fetch);
    }

    private void OnRoundEnded(RoundEnded ended, long now)
    {
        _roundRuns = false;
        if (!ended.IsComplete || _roundLife != _feed.Life)
            return; // the images of another life are gone, or not what this one rests on
        _checkpointed = ended.OlderSequence;
        var kept = Math.Max(SlowestStandby(now), _replica.State.Log.KeepingBytes(_options.RetainBytes));
        var target = _requests.Limit(Math.Min(ended.OlderSequence, kept), now);
        if (target > _replica.State.Log.BaseSequence)
            _replica.Truncate(target);
    }

    // What everybody has who is there to ask for it; 0 on a Standby, which does not know.
    private ulong SlowestStandby(long now)
    {
        if (_reign == 0)
            return 0;
        var slowest = ulong.MaxValue;
        foreach (var standby in _replica.Standbys)
            if (standby.HeardAtTicks != long.MinValue && now - standby.HeardAtTicks < StandbyPatienceTicks)
                slowest = Math.Min(slowest, standby.MatchSequence);
        return slowest;
    }

    private void OnRestored(ImagesRestored restored)
    {
        if (restored.Life != _feed.Life)
            return;
        var oldest = restored.Images.Min(image => image.Sequence);
        if (oldest < _replica.State.Log.BaseSequence)
        {
            _log.Error(
                "Node {0} lacks checkpoints: the oldest stands for {1}, its log begins behind {2}", _options.Protocol.Self, oldest,
                _replica.State.Log.BaseSequence);
            FullSync(NodeId.None);
            return;
        }

        _aheadOfLog.AddRange(restored.Images.Where(image => image.Sequence > _replica.State.Log.LastSequence));
        _isWhole = !_isForced;
        _replica.StateIsComplete(!_isSyncing);
        _feed.GoOnFrom(oldest);
        _feed.Advance(_replica.State.CommitSequence, _replica.State.Window);
    }

    private void OnSynced(SyncComplete complete)
    {
        var (state, oldest) = (_replica.State, complete.Below[^1].LastSequence);
        if (_isWhole && oldest < state.CommitSequence)
        {
            EndSync();
            _replica.StateIsComplete(true); // the entries came by another way meanwhile
            return;
        }

        var conflict = complete.Images.FirstOrDefault(
            image => image.Sequence <= state.CommitSequence && state.Log.EpochOf(image.Sequence) != image.Epoch);
        if (!conflict.IsNone)
            _log.Error(
                "The full sync with {0} begins again with another node: {1}", _syncSource,
                $"{conflict.Epoch}/{conflict.Sequence} is not in the log, and {state.CommitSequence} is committed");
        if (!conflict.IsNone || oldest < state.Log.BaseSequence)
        {
            BeginAnotherSync(); // of another history, or older than what this node's own log goes on from
            return;
        }

        Suspend();
        _installing = new Installing(_feed.Life, complete);
        _checkpoints.Tell(new KeepOnly(_feed.Life, complete.Images));
    }

    private void Install(SyncComplete complete, long now)
    {
        EndSync();
        (_installing, _isForced) = (null, false);
        _directory.NoteFullSync(isNeeded: false);
        var imagesUpTo = complete.Images.Max(image => image.Sequence);
        _log.Info(
            "Node {0} goes on behind {1}, from images up to {2}", _options.Protocol.Self, complete.Below[^1].LastSequence, imagesUpTo);
        _replica.Install(complete.Below, complete.Roll, imagesUpTo, now);
        Restore(complete.Images);
    }

    private void BeginAnotherSync()
    {
        EndSync();
        FullSync(NodeId.None);
    }

    private void EndSync()
    {
        _sync.Tell(Core.Node.EndSync.Instance);
        (_isSyncing, _progress) = (false, null);
    }

    private bool IsCurrent(ulong sync) => _isSyncing && sync == _syncs;

    private NodeId Source(NodeId preferred, NodeId silent)
    {
        var peers = _options.Protocol.Peers.Where(peer => _peers[peer] is not null).ToArray();
        var after = Array.IndexOf(peers, silent) + 1;
        return _syncSource = preferred != silent && peers.Contains(preferred) ? preferred
            : peers.Length == 0 ? NodeId.None : peers[after % peers.Length];
    }
}

/// <summary>What a replica's state rests on.</summary>
/// <param name="IsWhole">The partitions hold what the log begins with, and follow it.</param>
/// <param name="BaseSequence">Entries up to here are in checkpoints only.</param>
/// <param name="CheckpointSequence">Two checkpoints of every partition cover everything up to here; 0: not yet in this life.</param>
/// <param name="Sync">The full sync that is under way, or null.</param>
public sealed record StateStatus(bool IsWhole, ulong BaseSequence, ulong CheckpointSequence, SyncProgress? Sync);
