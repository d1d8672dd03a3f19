// Watches all nodes from outside, knowing what none of them can know: every entry ever appended, everything ever committed,
// who led when. Throws at the first event after which an invariant of docs/protocol.md does not hold.
using System.IO.Hashing;
using HotStandby.Core;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Core.Replication;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using HotStandby.Tests.Simulation.Nodes;

namespace HotStandby.Tests.Simulation;

/// <summary>An entry's place in history: its epoch, and a hash over it and everything before it.</summary>
public readonly record struct Link(ulong Epoch, ulong PrefixHash);

/// <summary>The omniscient observer.</summary>
/// <param name="keepsEntries">Whether entries mean something: then they are kept, and what is said of them is checked.</param>
/// <param name="mounted">Hears of every mount that is committed.</param>
public sealed class InvariantChecker(bool keepsEntries, Action<Uuid> mounted)
{
    private readonly record struct CommittedEntry(Link Link, ulong CommittedInEpoch);

    private readonly Dictionary<ulong, (NodeId Leader, ulong Incarnation)> _leaders = [];
    private readonly Dictionary<(NodeId Node, long AtTicks), bool> _leaseWhenAsked = [];
    private readonly Dictionary<(ulong Epoch, ulong Sequence), ulong> _history = [];
    private readonly List<CommittedEntry> _committed = [];
    private readonly Dictionary<(ulong Epoch, ulong Sequence), byte[]> _entries = [];
    private readonly Dictionary<(int Partition, ulong Sequence), PartitionDigest> _digests = [];
    private readonly ShardState[] _shards =
        [.. Enumerable.Range(0, CellProcess.ShardCount)
            .Select(static shard => new ShardState(Partition.OfShard(shard), CellProcess.ShardCount))];
    private readonly Dictionary<(ulong Epoch, ulong Sequence), NamedVoter[]> _namings = [];
    private readonly Dictionary<NodeId, ulong> _voters = [];
    private readonly Dictionary<ulong, NodeId> _served = [];
    private readonly HashSet<ulong> _started = [];
    private readonly HashSet<ulong> _ended = [];

    /// <summary>How much is committed as far as anybody knows.</summary>
    public ulong Committed => (ulong)_committed.Count;

    /// <summary>How often a Primary was found without a lease.</summary>
    public int PrimariesLost { get; private set; }

    /// <summary>How often a fault was put into the state of a Standby.</summary>
    public int FaultsPutIn { get; set; }

    /// <summary>How often such a fault was gone again while its process lived.</summary>
    public int FaultsGone { get; set; }

    /// <summary>Keys that verification has repaired.</summary>
    public int KeysRepaired { get; set; }

    /// <summary>Reigns so far.</summary>
    public int Reigns => _leaders.Count;

    /// <summary>Invariant 2: adds a batch to a node's log and checks that no other log says otherwise.</summary>
    public void Append(List<Link> log, OpLogBatch batch, NodeId node)
    {
        if (!(batch.FirstSequence == (ulong)log.Count + 1))
            throw new InvariantViolation(2, $"{node} appends {batch.FirstSequence} behind {log.Count}");
        foreach (var entry in batch)
        {
            var before = log.Count == 0 ? 0 : log[^1].PrefixHash;
            var hash = XxHash3.HashToUInt64(entry.Encoded, unchecked((long)before));
            log.Add(new Link(entry.Epoch, hash));
            if (_history.TryAdd((entry.Epoch, entry.Sequence), hash))
            {
                NoteNames(entry);
                if (keepsEntries)
                    _entries[(entry.Epoch, entry.Sequence)] = entry.Encoded.ToArray();
            }
            else if (_history[(entry.Epoch, entry.Sequence)] != hash)
                throw new InvariantViolation(2, $"{node} holds another {entry.Epoch}/{entry.Sequence} than others do");
        }
    }

    private void NoteNames(OpLogEntry entry)
    {
        if (entry.Type == OpType.EpochStart && VoterRoll.TryRead(entry.Payload, out var roll))
            _namings[(entry.Epoch, entry.Sequence)] = [.. roll.Voters];
        else if (entry.Type == OpType.VoterReturned && VoterReturnedPayload.TryRead(entry.Payload, out var returned))
            _namings[(entry.Epoch, entry.Sequence)] =
                [new NamedVoter(new NodeId(System.Text.Encoding.UTF8.GetString(entry.Key)), returned.Life.Memory)];
    }

    /// <summary>Which memory votes under a name as far as is committed; 0: none does yet.</summary>
    public ulong VoterOf(NodeId node) => _voters.GetValueOrDefault(node);

    /// <summary>Invariants 1 and 3: a node begins to lead.</summary>
    public void Leads(NodeId node, ulong incarnation, ulong epoch, List<Link> log)
    {
        if (!(_leaders.TryAdd(epoch, (node, incarnation))))
            throw new InvariantViolation(1, $"{node} leads in epoch {epoch}, but {_leaders[epoch].Leader} did");
        for (var i = _committed.Count; i > 0; i--)
        {
            if (_committed[i - 1].CommittedInEpoch >= epoch)
                continue;
            if (!(log.Count >= i && log[i - 1] == _committed[i - 1].Link))
                throw new InvariantViolation(3, $"{node} leads in epoch {epoch} without the committed entry {i}");
            return;
        }
    }

    /// <summary>A node begins to answer clients.</summary>
    public void Serves(NodeId node, ulong epoch) => _served[epoch] = node;

    /// <summary>Invariant 6: what a node tells clients of who serves was true at some moment, and is not known to be over.</summary>
    public void Publishes(NodeId node, Service service, bool isCurrent)
    {
        if (!isCurrent || _served.GetValueOrDefault(service.Epoch) != service.Node)
            throw new InvariantViolation(6, $"{node} tells clients that {service.Node} serves in epoch {service.Epoch}");
    }

    /// <summary>A voter asks the others for their grants; whether the Primary in question has its lease at this moment.</summary>
    public void AsksForGrants(NodeId node, long atTicks, bool holdsLease) => _leaseWhenAsked[(node, atTicks)] = holdsLease;

    /// <summary>Invariant 6: who is found without a lease had none at the moment of the question.</summary>
    public void LosesPrimary(NodeId node, PrimaryLost lost)
    {
        PrimariesLost++;
        if (_leaseWhenAsked[(node, lost.AtTicks)])
            throw new InvariantViolation(6, $"{node} found {lost.Primary} without a lease in epoch {lost.Epoch}, but it had one");
    }

    /// <summary>Invariants 3 and 7: a node says that everything up to here is committed, and applies it.</summary>
    public void Commits(NodeId node, ulong epoch, List<Link> log, ulong from, ulong to)
    {
        if (!(to > from && to <= (ulong)log.Count))
            throw new InvariantViolation(7, $"{node} commits {to} after {from} with a log of {log.Count}");
        for (var i = (int)from; i < (int)to; i++)
        {
            if (i == _committed.Count)
            {
                _committed.Add(new CommittedEntry(log[i], epoch));
                foreach (var voter in _namings.GetValueOrDefault((log[i].Epoch, (ulong)i + 1), []))
                    _voters[voter.Node] = voter.Memory;
                if (keepsEntries)
                    Note(EntryOf(log[i].Epoch, (ulong)i + 1));
            }
            else
                if (!(_committed[i].Link == log[i]))
                    throw new InvariantViolation(3, $"{node} commits another entry {i + 1} than others did");
        }
    }

    /// <summary>The bytes of an entry that somebody has appended.</summary>
    public ReadOnlySpan<byte> EntryOf(ulong epoch, ulong sequence) => _entries[(epoch, sequence)];

    /// <summary>Invariant 4: a client is answered, and what it is told is committed.</summary>
    /// <param name="node">Who answers.</param>
    /// <param name="write">Of which write.</param>
    /// <param name="isEnd">True: that its object is there. False: that it may write into its buffers.</param>
    public void Answers(SimulatedNode node, ulong write, bool isEnd)
    {
        if (!(isEnd ? _ended : _started).Contains(write))
            throw new InvariantViolation(4, $"{node.Id} tells a client of write {write}, which is not committed");
    }

    /// <summary>Invariant 5: a Primary takes a buffer for a writer. As far as is committed, nothing lies there.</summary>
    public void Takes(SimulatedNode node, Extent taken)
    {
        foreach (var shard in _shards)
            foreach (var live in shard.EnumerateLiveExtents())
                if (live.SegmentHandle == taken.SegmentHandle && live.Offset < taken.End && taken.Offset < live.End)
                    throw new InvariantViolation(5, $"{node.Id} takes {taken} for a writer, but the committed state has {live} in use");
    }

    /// <summary>Invariant 7: what a partition of a node holds at a seq is what it holds on others.</summary>
    public void Holds(NodeId node, int partition, ulong sequence, PartitionDigest digest)
    {
        if (!_digests.TryAdd((partition, sequence), digest) && _digests[(partition, sequence)] != digest)
            throw new InvariantViolation(7, $"partition {partition} of {node} holds something else at {sequence} than others do");
    }

    /// <summary>A partition holds at a seq what it must, as far as that is known.</summary>
    public bool IsRight(int partition, ulong sequence, PartitionDigest digest) =>
        _digests.TryGetValue((partition, sequence), out var right) && right == digest;

    /// <summary>A node goes from one phase to another.</summary>
    public static void Goes(NodeId node, NodePhase from, NodePhase to)
    {
        if (!to.MayFollow(from))
            throw new InvalidOperationException($"{node} goes from {from} to {to}");
    }

    /// <summary>The history up to a seq that is committed.</summary>
    public Link[] CommittedUpTo(ulong sequence) => [.. _committed.Take((int)sequence).Select(static entry => entry.Link)];

    /// <summary>Invariant 7: the image from which a node goes on is what was committed up to its seq.</summary>
    public void Restores(NodeId node, ImageStamp image)
    {
        if (!image.IsNone && image.Sequence <= Committed && _committed[(int)image.Sequence - 1].Link != new Link(image.Epoch, image.Hash))
            throw new InvariantViolation(
                7, $"{node} restores an image of {image.Epoch}/{image.Sequence} that is not what was committed up to there");
    }

    private void Note(ReadOnlySpan<byte> encoded)
    {
        OpLogEntry.TryView(encoded, out var entry);
        if (entry.Partition.IsShard)
        {
            var shard = _shards[entry.Partition.ShardIndex];
            shard.Apply(entry);
            _digests[(entry.Partition.Value, entry.Sequence)] = shard.Digest;
        }

        if (entry.Type == OpType.MountSegment && MountSegmentPayload.TryRead(entry.Payload, out var mount))
            mounted(mount.Segment.Id);
        else if (entry.Type == OpType.PutStart && PutStartPayload.TryRead(entry.Payload, out var start))
            _started.Add(start.Client.Second);
        else if (entry.Type == OpType.PutEnd && PutEndPayload.TryRead(entry.Payload, out var end) && end.ObjectChecksum is { } write)
            _ended.Add(write);
    }

    /// <summary>Invariant 8: nothing committed is missing in a log at the end.</summary>
    public void HoldsEverything(NodeId node, List<Link> log)
    {
        if (!(log.Count >= _committed.Count))
            throw new InvariantViolation(8, $"{node} ends with {log.Count} entries, {_committed.Count} were committed");
        for (var i = 0; i < _committed.Count; i++)
            if (!(log[i] == _committed[i].Link))
                throw new InvariantViolation(8, $"{node} ends with another entry {i + 1} than was committed");
    }
}
