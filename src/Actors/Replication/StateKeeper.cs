// The part of the replica actor that keeps the node's state: restores the partitions, has them checkpointed, decides what the journal
// need not hold any more, and brings up a node that lacks entries by a full sync. Why each rule is safe: docs/protocol.md, "Checkpoints,
// truncation, full sync".
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Checkpoints;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Replication;

/// <summary>Used by <see cref="ReplicaActor"/> only, which carries out the replica's effects after each call.</summary>
internal sealed class StateKeeper
{
    // A Standby that was not heard for so long is not waited for; a node in full sync that asks for nothing more is gone.
    private static readonly long StandbyPatienceTicks = TimeSpan.FromSeconds(10).Ticks;
    private static readonly long PinTicks = TimeSpan.FromMinutes(1).Ticks;

    private readonly record struct Asked(IActorRef Asker, NodeId For);

    private readonly record struct Awaiting(ulong Sequence, Asked Asked, Partition Partition, ImageWriter Image);

    private readonly IActorContext _context;
    private readonly ReplicaOptions _options;
    private readonly IReadOnlyList<IActorRef> _partitions;
    private readonly PartitionFeed _feed;
    private readonly Replica _replica;
    private readonly PeerDirectory _peers;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log;
    private readonly IActorRef _checkpoints;
    private readonly IActorRef _source;
    private readonly Queue<Asked>[] _asked;
    private readonly Queue<Awaiting> _awaiting = [];
    private readonly Dictionary<NodeId, (ulong Sequence, long UntilTicks)> _pins = [];
    private readonly List<EpochEnd> _aheadOfLog = [];
    private IActorRef _sync = ActorRefs.Nobody;
    private SyncProgress? _progress;
    private ulong _reign;
    private bool _isStopping;
    private bool _isRestoring;
    private bool _isWhole;
    private bool _roundRuns;
    private bool _isForced;
    private long _roundAtTicks;
    private long _bytesAtRound;
    private ulong _sequenceAtRound;
    private ulong _checkpointed;

    public StateKeeper(
        IActorContext context, ReplicaOptions options, IReadOnlyList<IActorRef> partitions, PartitionFeed feed, Replica replica,
        PeerDirectory peers, TimeProvider time, ILoggingAdapter log)
    {
        (_context, _options, _partitions, _feed, _replica, _peers, _time, _log) = (context, options, partitions, feed, replica, peers, time, log);
        var self = options.Protocol.Self;
        _checkpoints = context.ActorOf(CheckpointActor.Props(self, partitions, options.SnapshotPluginId), "checkpoints");
        _source = context.ActorOf(SyncSourceActor.Props(self, time), "sync-source");
        _asked = [.. partitions.Select(_ => new Queue<Asked>())];
        _roundAtTicks = time.NowTicks();
    }

    /// <summary>For operators.</summary>
    public StateStatus Status => new(_isWhole, _replica.State.Log.BaseSequence, _checkpointed, _progress);

    /// <summary>The partitions are given what the checkpoints hold; what the log holds behind it follows.</summary>
    public void Restore()
    {
        _feed.Suspend();
        _replica.Rebuilding();
        _replica.StateIsComplete(false);
        (_isRestoring, _isWhole) = (true, false);
        _checkpoints.Tell(new RestoreImages(_feed.Life, _replica.State.Log.Describe(), _replica.State.ImagesUpTo));
    }

    /// <summary>The partitions have been told to lead.</summary>
    public void BeginReign(ulong reign) => _reign = reign;

    /// <summary>They have been told to stop; images of that reign will not be known to be committed here.</summary>
    public void EndReign(bool partitionsMustStop)
    {
        (_reign, _isStopping) = (0, partitionsMustStop);
        while (_awaiting.TryDequeue(out var awaiting))
        {
            awaiting.Image.Dispose();
            Refuse(awaiting.Asked.Asker, awaiting.Partition);
        }
    }

    /// <summary>They have stopped.</summary>
    public void Stopped() => _isStopping = false;

    /// <summary>Everything up to here is committed.</summary>
    public void Committed(ulong sequence)
    {
        while (_awaiting.TryPeek(out var oldest) && oldest.Sequence <= sequence)
        {
            _awaiting.Dequeue();
            HandOver(oldest.Asked, oldest.Partition, oldest.Sequence, oldest.Image);
        }

        for (var i = _aheadOfLog.Count - 1; i >= 0; i--)
        {
            var image = _aheadOfLog[i];
            if (image.LastSequence > sequence)
                continue;
            if (_replica.State.Log.EpochOf(image.LastSequence) != image.Epoch)
                throw new InvariantViolation(7, $"an image stands for {image.Epoch}/{image.LastSequence}, and another entry was committed there");
            _aheadOfLog.RemoveAt(i);
        }
    }

    /// <summary>Time has passed: is a round of checkpoints due?</summary>
    public void Tick(long now)
    {
        var log = _replica.State.Log;
        if (WhyNoRound() is not null
            || (log.TotalBytes - _bytesAtRound < _options.CheckpointBytes
                && (now - _roundAtTicks < _options.CheckpointIntervalTicks || log.LastSequence == _sequenceAtRound)))
            return;
        BeginRound(now);
    }

    /// <summary>Entries that this node lacks are in nobody's log, or its state is wrong: images first.</summary>
    /// <param name="source">Who is asked first.</param>
    /// <param name="isForced">Somebody says that the partitions are not what they should be: their images are replaced in any case.</param>
    public void FullSync(NodeId source, bool isForced = false)
    {
        _isForced |= isForced;
        if (!_sync.IsNobody())
            return;
        _log.Warning("Node {0} begins a full sync: its log ends at {1}, its state is {2}", _options.Protocol.Self, _replica.State.Log.LastSequence, _isWhole ? "whole" : "not whole");
        _replica.StateIsComplete(false);
        _sync = _context.ActorOf(SyncActor.Props(_options.Protocol.Self, _partitions.Count, _checkpoints, _time));
        _sync.Tell(new SourceIs(Source(preferred: source, silent: NodeId.None)));
    }

    /// <summary>A message about state; false: it was about something else.</summary>
    public bool TryHandle(object message, IActorRef sender, long now)
    {
        switch (message)
        {
            case RequestImage request:
                OnRequest(request, sender);
                return true;
            case ImageTaken taken:
                OnTaken(taken);
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
                if (_pins.TryGetValue(fetch.From, out var pin))
                    _pins[fetch.From] = pin with { UntilTicks = now + PinTicks };
                _source.Tell(fetch);
                return true;
            case ImageChunk chunk:
                _sync.Tell(chunk);
                return true;
            case SendToNode send:
                _peers[send.To]?.Tell(send.Message with { Origin = _replica.State.Origin }, _context.Self);
                return true;
            case SourceIsSilent silent:
                _sync.Tell(new SourceIs(Source(preferred: _replica.State.Leader, silent.Source)));
                return true;
            case SyncProgress progress:
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
            case SyncComplete complete:
                OnSynced(complete, now);
                return true;
            default:
                return false;
        }
    }

    private string? WhyNoRound() => _roundRuns ? "a round of checkpoints is under way"
        : !_isWhole || _feed.FedSequence == 0 ? "this node has nothing to keep: it has not followed anybody yet, or is being synced" : null;

    private string? WhyNoSync() => _replica.Role == ReplicaRole.Primary ? "this node leads: let another one lead first"
        : !_sync.IsNobody() ? "a full sync is under way"
        : _options.Protocol.Peers.All(peer => _peers[peer] is null) ? "no other node is in the cluster" : null;

    private void BeginRound(long now)
    {
        (_roundRuns, _roundAtTicks) = (true, now);
        (_bytesAtRound, _sequenceAtRound) = (_replica.State.Log.TotalBytes, _replica.State.Log.LastSequence);
        _checkpoints.Tell(Checkpoints.BeginRound.Instance);
    }

    private void OnRequest(RequestImage request, IActorRef asker)
    {
        if (!_isWhole || _isStopping || _feed.FedSequence == 0)
        {
            Refuse(asker, request.Partition);
            return;
        }

        _asked[request.Partition.Value].Enqueue(new Asked(asker, request.For));
        _partitions[request.Partition.Value].Tell(new TakeImage(_feed.FedSequence));
    }

    private void OnTaken(ImageTaken taken)
    {
        var asked = _asked[taken.Partition.Value].Dequeue();
        if (taken.Image is not { } image)
        {
            Refuse(asked.Asker, taken.Partition);
        }
        else if (taken.Reign == 0)
        {
            HandOver(asked, taken.Partition, taken.FedSequence, image);
        }
        else if (taken.Reign != _reign)
        {
            image.Dispose();
            Refuse(asked.Asker, taken.Partition);
        }
        else if (_replica.LastProposed is var sequence && sequence <= _replica.State.CommitSequence)
        {
            HandOver(asked, taken.Partition, sequence, image);
        }
        else
        {
            _awaiting.Enqueue(new Awaiting(_replica.LastProposed, asked, taken.Partition, image));
        }
    }

    private void HandOver(Asked asked, Partition partition, ulong sequence, ImageWriter image)
    {
        if (asked.For != NodeId.None)
        {
            var now = _time.NowTicks();
            var smallest = _pins.TryGetValue(asked.For, out var pin) && pin.UntilTicks > now ? Math.Min(pin.Sequence, sequence) : sequence;
            _pins[asked.For] = (smallest, now + PinTicks);
        }

        asked.Asker.Tell(new ImageReady(
            partition, sequence, _replica.State.Log.DescribeUntil(sequence), _replica.State.Log.Roster.At(sequence), image));
    }

    private static void Refuse(IActorRef asker, Partition partition) => asker.Tell(new ImageReady(partition, 0, [], VoterRoll.Empty, null));

    private void OnRoundEnded(RoundEnded ended, long now)
    {
        _roundRuns = false;
        if (!ended.IsComplete)
            return;
        _checkpointed = ended.OlderSequence;
        var target = Math.Min(ended.OlderSequence, Math.Max(SlowestStandby(now), _replica.State.Log.KeepingBytes(_options.RetainBytes)));
        foreach (var (sequence, until) in _pins.Values)
            target = until > now ? Math.Min(target, sequence) : target;
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
        _isRestoring = false;
        var oldest = restored.Images.Min(image => image.LastSequence);
        if (oldest < _replica.State.Log.BaseSequence)
        {
            _log.Error(
                "Node {0} lacks checkpoints: the oldest stands for {1}, its log begins behind {2}", _options.Protocol.Self, oldest,
                _replica.State.Log.BaseSequence);
            FullSync(NodeId.None);
            return;
        }

        _aheadOfLog.Clear();
        _aheadOfLog.AddRange(restored.Images.Where(image => image.LastSequence > _replica.State.Log.LastSequence));
        _isWhole = true;
        _replica.StateIsComplete(true);
        _feed.GoOnFrom(oldest);
        _feed.Advance(_replica.State.CommitSequence, _replica.State.Window);
    }

    private void OnSynced(SyncComplete complete, long now)
    {
        _context.Stop(_sync);
        (_sync, _progress) = (ActorRefs.Nobody, null);
        var oldest = complete.Below[^1].LastSequence;
        var isForced = _isForced;
        _isForced = false;
        if (_isWhole && !isForced && oldest < _replica.State.CommitSequence)
        {
            _replica.StateIsComplete(true); // the entries came by another way meanwhile
            return;
        }

        if (oldest < _replica.State.Log.BaseSequence)
        {
            FullSync(NodeId.None, isForced); // older than what this node's own log goes on from: somebody else must have it
            return;
        }

        _log.Info("Node {0} goes on behind {1}, from images up to {2}", _options.Protocol.Self, oldest, complete.ImagesUpTo);
        _replica.Install(complete.Below, complete.Roll, complete.ImagesUpTo, now);
        Restore();
    }

    private NodeId Source(NodeId preferred, NodeId silent)
    {
        var peers = _options.Protocol.Peers.Where(peer => _peers[peer] is not null).ToArray();
        if (preferred != silent && peers.Contains(preferred))
            return preferred;
        var after = Array.IndexOf(peers, silent) + 1;
        return peers.Length == 0 ? NodeId.None : peers[after % peers.Length];
    }
}

/// <summary>What a replica's state rests on.</summary>
/// <param name="IsWhole">The partitions hold what the log begins with, and follow it.</param>
/// <param name="BaseSequence">Entries up to here are in checkpoints only.</param>
/// <param name="CheckpointSequence">Two checkpoints of every partition cover everything up to here; 0: not yet in this life.</param>
/// <param name="Sync">The full sync that is under way, or null.</param>
public sealed record StateStatus(bool IsWhole, ulong BaseSequence, ulong CheckpointSequence, SyncProgress? Sync);
