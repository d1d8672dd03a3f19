// The part of the replica that keeps the node's state: restores the partitions, gives images to checkpoints and to other nodes, and brings
// up a node that lacks entries by a full sync. Why each rule is safe: docs/protocol.md, "Checkpoints, truncation, full sync".
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Node;

/// <summary>Used by <see cref="ReplicaCell"/> only, which carries out the replica's effects after each call.</summary>
internal sealed class StateKeeper
{
    // The images that a full sync has brought, from when it is complete until the partitions hold them.
    private sealed record Installing(ulong StateNumber, SyncComplete Sync);

    private readonly ReplicaCellSettings _settings;
    private readonly INodeMemory _memory;
    private readonly PartitionFeed _feed;
    private readonly Replica _replica;
    private readonly Outbox _outbox;
    private readonly ImageRequests _requests;
    private readonly CheckpointRounds _rounds;
    private readonly List<ImageStamp> _aheadOfLog = [];
    private readonly LineLimit _refusalLines = new();
    private IReadOnlyCollection<NodeId> _peers = [];
    private ulong _syncs;
    private ulong _sync; // the number of the one that is under way; 0: none
    private SyncProgress? _progress;
    private NodeId _syncSource = NodeId.None;
    private Installing? _installing;
    private ulong _reign;
    private bool _isStopping;
    private bool _isWhole;
    private bool _isForced;
    private ulong _restoredUpTo; // the newest image that a partition holds

    public StateKeeper(ReplicaCellSettings settings, INodeMemory memory, PartitionFeed feed, Replica replica, Outbox outbox, long now)
    {
        (_settings, _memory, _feed, _replica, _outbox) = (settings, memory, feed, replica, outbox);
        _requests = new ImageRequests(1 + settings.Shards, feed, replica, outbox);
        _rounds = new CheckpointRounds(settings, feed, replica, _requests, outbox, now);
    }

    /// <summary>The partitions hold what the log begins with, and follow it.</summary>
    public bool IsWhole => _isWhole;

    /// <summary>For operators.</summary>
    public StateStatus Status => new(_isWhole, _replica.State.Log.BaseSequence, _rounds.CheckpointedSequence, _progress);

    private NodeId Self => _settings.Protocol.Self;

    // Until the feed has come to the newest image that was restored, some partition holds more than what its image would stand for.
    private bool MayGiveImages => _isWhole && _feed.FedSequence >= _restoredUpTo;

    /// <summary>
    /// The node's life begins: the partitions are restored, and a full sync that an earlier life has not ended begins again.
    /// </summary>
    public void Begin()
    {
        Restore();
        if (!_memory.NeedsFullSync)
            return;
        _outbox.Report(new FullSyncStillNeeded(Self));
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
        _outbox.Send(
            CellAddress.Checkpoints, new RestoreImages(_feed.StateNumber, _replica.State.Log.Describe(), _replica.State.ImagesUpTo, only));
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
    public void Stopped()
    {
        _isStopping = false;
        _feed.EndLeading();
    }

    /// <summary>Everything up to here is committed.</summary>
    public void Committed(ulong sequence, long now)
    {
        _requests.Committed(sequence, now);
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
        _rounds.Tick(MayGiveImages, now);
    }

    /// <summary>These of the other nodes are in the cluster.</summary>
    public void PeersAre(IReadOnlyCollection<NodeId> nodes) => _peers = nodes;

    /// <summary>This node lacks entries that are in no log any more, or its state is wrong: images come first.</summary>
    /// <param name="source">Who is asked first.</param>
    /// <param name="isForced">An operator or the verifier says that the partitions are not what they should be: their images are replaced
    /// in any case, and until then none is given to another node or kept as a checkpoint. Remembered across a restart.</param>
    public void FullSync(NodeId source, bool isForced = false)
    {
        if (isForced)
        {
            (_isForced, _isWhole) = (true, false);
            _memory.NoteFullSync(isNeeded: true);
            _outbox.Send(CellAddress.SyncSource, ForgetImages.Instance);
        }

        if (_sync != 0)
            return;
        _outbox.Report(new FullSyncBegins(Self, _replica.State.Log.LastSequence, _isWhole));
        _replica.StateIsComplete(false);
        _sync = ++_syncs;
        _outbox.Send(
            CellAddress.Sync, new BeginSync(_sync, Source(preferred: source, silent: source == NodeId.None ? _syncSource : NodeId.None)));
    }

    /// <summary>A message about state; false: it was about something else.</summary>
    public bool Receive(object message, CellAddress from, long now)
    {
        switch (message)
        {
            case RequestImage request:
                _requests.Ask(request, from, MayGiveImages && !_isStopping);
                return true;
            case ImageTaken taken:
                _requests.Taken(taken, _isWhole, _reign, now);
                return true;
            case RoundEnded ended:
                _rounds.Ended(ended, _reign, now);
                return true;
            case ImagesRestored restored:
                OnRestored(restored);
                return true;
            case ExtentsDoNotFit:
                _feed.ForgetExtents();
                return true;
            case FetchImage or ImageChunk when !_replica.Hears(((ReplicationMessage)message).Origin):
                return true;
            case FetchImage fetch:
                OnFetch(fetch, now);
                return true;
            case ImageChunk chunk:
                if (_sync != 0)
                    _outbox.Send(CellAddress.Sync, chunk);
                return true;
            case SendToNode send:
                _outbox.Send(CellAddress.Peer(send.To), send.Message with { Origin = _replica.State.Origin });
                return true;
            case SourceIsSilent silent:
                if (silent.Number == _sync)
                    _outbox.Send(CellAddress.Sync, new SourceIs(Source(preferred: _replica.State.Leader, silent.Source)));
                return true;
            case SyncProgress progress:
                if (progress.Number == _sync)
                    _progress = progress;
                return true;
            case RunNodeCommand { Command: NodeCommand.Checkpoint }:
                _outbox.Send(from, new NodeCommandAnswer(_rounds.TryBegin(MayGiveImages, now)));
                return true;
            case RunNodeCommand { Command: NodeCommand.FullSync }:
                var refusal = WhyNoSync();
                _outbox.Send(from, new NodeCommandAnswer(refusal));
                if (refusal is null)
                    FullSync(_replica.State.Leader, isForced: true);
                return true;
            case SyncComplete complete:
                if (complete.Number == _sync)
                    OnSynced(complete);
                return true;
            case SyncFailed failed:
                if (failed.Number == _sync)
                    BeginAnotherSync();
                return true;
            case OnlyKept kept:
                if (kept.StateNumber == _installing?.StateNumber)
                    Install(_installing.Sync, now);
                return true;
            default:
                return false;
        }
    }

    private string? WhyNoSync() => _replica.Role == ReplicaRole.Primary ? "this node leads: let another one lead first"
        : _sync != 0 ? "a full sync is under way"
        : _replica.State.CommitSequence == 0 ? "nothing is committed yet: there is no state that could be wrong"
        : _peers.Count == 0 ? "no other node is in the cluster" : null;

    // What a peer names is looked at before anything is done with it.
    private void OnFetch(FetchImage fetch, long now)
    {
        var problem = !_settings.Protocol.Peers.Contains(fetch.From) ? "it is no other voter of this cluster"
            : fetch.Partition.Value > _settings.Shards ? $"this node has {_settings.Shards} shards" : null;
        if (problem is not null)
        {
            if (_refusalLines.IsDue(now))
                _outbox.Report(new ImageNotGiven(fetch.From, fetch.Partition, problem));
            return;
        }

        _requests.Asks(fetch.From, now);
        _outbox.Send(CellAddress.SyncSource, fetch);
    }

    private void OnRestored(ImagesRestored restored)
    {
        if (restored.StateNumber != _feed.StateNumber)
            return;
        var oldest = restored.Images.Min(image => image.Sequence);
        if (oldest < _replica.State.Log.BaseSequence)
        {
            _outbox.Report(new CheckpointsMissing(Self, oldest, _replica.State.Log.BaseSequence));
            FullSync(NodeId.None);
            return;
        }

        _aheadOfLog.AddRange(restored.Images.Where(image => image.Sequence > _replica.State.Log.LastSequence));
        _isWhole = !_isForced;
        _restoredUpTo = restored.Images.Max(image => image.Sequence);
        _replica.StateIsComplete(_sync == 0);
        _feed.GoOnFrom(oldest);
        _feed.Advance(_replica.State.CommitSequence, _replica.State.Window);
    }

    private void OnSynced(SyncComplete complete)
    {
        var (state, oldest) = (_replica.State, complete.Below[^1].LastSequence);
        if (_isWhole && oldest < state.CommitSequence)
        {
            CloseSync();
            _replica.StateIsComplete(true); // the entries came by another way meanwhile
            return;
        }

        var conflict = complete.Images.FirstOrDefault(
            image => image.Sequence <= state.CommitSequence && state.Log.EpochOf(image.Sequence) != image.Epoch);
        if (!conflict.IsNone)
            _outbox.Report(new FullSyncConflicts(_syncSource, conflict, state.CommitSequence));
        if (!conflict.IsNone || oldest < state.Log.BaseSequence)
        {
            BeginAnotherSync(); // of another history, or older than what this node's own log goes on from
            return;
        }

        Suspend();
        _installing = new Installing(_feed.StateNumber, complete);
        _outbox.Send(CellAddress.Checkpoints, new KeepOnly(_feed.StateNumber, complete.Images));
    }

    private void Install(SyncComplete complete, long now)
    {
        CloseSync();
        (_installing, _isForced) = (null, false);
        _memory.NoteFullSync(isNeeded: false);
        var imagesUpTo = complete.Images.Max(image => image.Sequence);
        _outbox.Report(new FullSyncInstalled(Self, complete.Below[^1].LastSequence, imagesUpTo));
        _replica.Install(complete.Below, complete.Roll, imagesUpTo, now);
        Restore(complete.Images);
    }

    private void BeginAnotherSync()
    {
        CloseSync();
        FullSync(NodeId.None);
    }

    private void CloseSync()
    {
        _outbox.Send(CellAddress.Sync, EndSync.Instance);
        (_sync, _progress) = (0, null);
    }

    private NodeId Source(NodeId preferred, NodeId silent)
    {
        var peers = _settings.Protocol.Peers.Where(_peers.Contains).ToArray();
        var after = Array.IndexOf(peers, silent) + 1;
        return _syncSource = preferred != silent && peers.Contains(preferred) ? preferred
            : peers.Length == 0 ? NodeId.None : peers[after % peers.Length];
    }
}
