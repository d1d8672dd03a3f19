// Who votes, and which memory under which name, as the log tells it. EPOCH_START names the voters of a reign, VOTER_RETURNED gives a name
// to another memory, VOTERS_CHANGED says that there is one voter more or less. In force from the moment the entry is in the log, committed
// or not; cut off with it. Kept by LogIndex, for every log there is.
using System.Text;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Replication;

/// <summary>One voter's place: whose memory has it now. The same object for the life of the roster, so that it can be held.</summary>
public sealed class RosterSeat
{
    internal RosterSeat(NodeId node) => Node = node;

    /// <summary>The name.</summary>
    public NodeId Node { get; }

    /// <summary>The memory that votes under it; 0: the log does not say.</summary>
    public ulong Memory { get; private set; }

    /// <summary>Seq of the entry that named it, or where the log begins.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>True when another memory may have voted under this name before: then this one counts once the entry is committed.</summary>
    public bool Replaces { get; private set; }

    /// <summary>The latest run of this memory that was met here. Earlier ones are over.</summary>
    internal ulong LatestIncarnation { get; private set; }

    internal (ulong Memory, ulong Sequence, bool Replaces) Holder
    {
        get => (Memory, Sequence, Replaces);
        set
        {
            if (value.Memory != Memory)
                LatestIncarnation = 0;
            (Memory, Sequence, Replaces) = value;
        }
    }

    /// <summary>A run of this memory says something; false: a later run has been met.</summary>
    public bool Meets(ulong incarnation)
    {
        if (incarnation < LatestIncarnation)
            return false;
        LatestIncarnation = incarnation;
        return true;
    }
}

/// <summary>The voters that a log names. Not thread safe.</summary>
public sealed class Roster
{
    private readonly record struct Change(
        ulong Sequence, RosterSeat Seat, (ulong Memory, ulong Sequence, bool Replaces) Before, ulong Memory, bool Replaces);

    private readonly record struct ListChange(ulong Sequence, NodeId[]? Before, NodeId[] List);

    private readonly Dictionary<NodeId, RosterSeat> _seats = [];
    private readonly List<Change> _changes = []; // behind the log's base, oldest first
    private readonly List<ListChange> _listChanges = []; // likewise
    private NodeId[]? _list;
    private ulong _birthSequence;

    /// <summary>The identity of the cluster that this log belongs to; 0: no entry says.</summary>
    public ulong Birth { get; private set; }

    /// <summary>The voters; null: no entry says, the founding list is in force.</summary>
    public IReadOnlyList<NodeId>? List => _list;

    /// <summary>
    /// Seq of the last entry that named another memory or another voter than before; where the log begins, if that is not known.
    /// </summary>
    public ulong LastNamedAt { get; private set; }

    /// <summary>A voter's seat. Ask it for voters only: it is made for every name.</summary>
    public RosterSeat SeatOf(NodeId node)
    {
        if (!_seats.TryGetValue(node, out var seat))
            _seats.Add(node, seat = new RosterSeat(node));
        return seat;
    }

    /// <summary>A voter's seat, if there is one.</summary>
    public RosterSeat? Find(NodeId node) => _seats.GetValueOrDefault(node);

    /// <summary>The birth, if the entry that says so is among the first so many.</summary>
    public ulong BirthUpTo(ulong sequence) => _birthSequence <= sequence ? Birth : 0;

    /// <summary>Entries follow in the log.</summary>
    /// <exception cref="InvariantViolation">2: an entry that names voters cannot be read.</exception>
    public void Note(OpLogBatch batch)
    {
        foreach (var entry in batch)
        {
            if (entry.Type == OpType.EpochStart && !entry.Payload.IsEmpty)
                Note(entry, VoterRoll.TryRead(entry.Payload, out var roll) ? roll : throw Unreadable(entry));
            else if (entry.Type == OpType.VoterReturned)
                Note(entry, VoterReturnedPayload.TryRead(entry.Payload, out var returned) ? returned : throw Unreadable(entry));
            else if (entry.Type == OpType.VotersChanged)
                NoteList(entry, VoterRoll.TryRead(entry.Payload, out var list) && list.IsList ? list : throw Unreadable(entry));
        }
    }

    private static InvariantViolation Unreadable(OpLogEntry entry) =>
        new(2, $"entry {entry.Epoch}/{entry.Sequence} names voters in {entry.Payload.Length} bytes that cannot be read");

    private void Note(OpLogEntry entry, VoterRoll roll)
    {
        if (Birth == 0)
            (Birth, _birthSequence) = (roll.Birth, entry.Sequence);
        foreach (var voter in roll.Voters)
        {
            var seat = SeatOf(voter.Node);
            if (seat.Memory != voter.Memory)
                Name(entry.Sequence, seat, voter.Memory, replaces: seat.Memory != 0);
        }
    }

    // One of an earlier version names no memory, and changes nothing here.
    private void Note(OpLogEntry entry, VoterReturnedPayload returned)
    {
        var seat = SeatOf(new NodeId(Encoding.UTF8.GetString(entry.Key)));
        if (returned.Life.Memory != 0 && returned.Life.Memory != seat.Memory)
            Name(entry.Sequence, seat, returned.Life.Memory, replaces: true);
    }

    // Who is added has never voted under this name, or not since it was removed: its memory takes nobody's place.
    private void NoteList(OpLogEntry entry, VoterRoll list)
    {
        foreach (var voter in list.Voters)
        {
            var seat = SeatOf(voter.Node);
            if (voter.Memory != 0 && seat.Memory != voter.Memory)
                Name(entry.Sequence, seat, voter.Memory, replaces: seat.Memory != 0);
        }

        Take(entry.Sequence, [.. list.Voters.Select(static voter => voter.Node)]);
    }

    private void Take(ulong sequence, NodeId[] list)
    {
        foreach (var seat in _seats.Values)
            if (seat.Memory != 0 && !list.Contains(seat.Node))
                Name(sequence, seat, 0, replaces: false);
        _listChanges.Add(new ListChange(sequence, _list, list));
        (_list, LastNamedAt) = (list, sequence);
    }

    private void Name(ulong sequence, RosterSeat seat, ulong memory, bool replaces)
    {
        _changes.Add(new Change(sequence, seat, seat.Holder, memory, replaces));
        seat.Holder = (memory, sequence, replaces);
        LastNamedAt = sequence;
    }

    /// <summary>
    /// Whether an entry behind a seq takes a name from this memory, or gives it to another one: from this one, or from any.
    /// </summary>
    public bool Supersedes(NodeId node, ulong memory, ulong behind, bool fromAny)
    {
        for (var i = _changes.Count - 1; i >= 0 && _changes[i].Sequence > behind; i--)
            if (_changes[i].Seat.Node == node && _changes[i].Memory != memory
                && (_changes[i].Before.Memory == memory || (fromAny && _changes[i].Memory != 0)))
                return true;
        return false;
    }

    /// <summary>Drops what entries behind a seq have said.</summary>
    public void CutAfter(ulong lastKept)
    {
        if (_birthSequence > lastKept)
            (Birth, _birthSequence) = (0, 0);
        if (LastNamedAt <= lastKept)
            return;
        for (var i = _changes.Count - 1; i >= 0 && _changes[i].Sequence > lastKept; i--)
        {
            _changes[i].Seat.Holder = _changes[i].Before;
            _changes.RemoveAt(i);
        }

        for (var i = _listChanges.Count - 1; i >= 0 && _listChanges[i].Sequence > lastKept; i--)
        {
            _list = _listChanges[i].Before;
            _listChanges.RemoveAt(i);
        }

        LastNamedAt = Math.Max(
            _seats.Values.Max(static seat => seat.Sequence), _listChanges.Count > 0 ? _listChanges[^1].Sequence : 0);
    }

    /// <summary>The entries up to a seq are gone: what they said cannot be taken back any more.</summary>
    public void TruncateTo(ulong sequence)
    {
        _changes.RemoveRange(0, _changes.FindLastIndex(change => change.Sequence <= sequence) + 1);
        _listChanges.RemoveRange(0, _listChanges.FindLastIndex(change => change.Sequence <= sequence) + 1);
    }

    /// <summary>Forgets everything; the seats stay, empty.</summary>
    public void Clear()
    {
        _changes.Clear();
        _listChanges.Clear();
        (Birth, _birthSequence, LastNamedAt, _list) = (0, 0, 0, null);
        foreach (var seat in _seats.Values)
            seat.Holder = default;
    }

    /// <summary>What is in force at a seq, whatever the entries up to there say; those behind it that are held follow.</summary>
    public void FoundOn(VoterRoll roll, ulong sequence)
    {
        ArgumentNullException.ThrowIfNull(roll);
        Change[] held = [.. _changes.Where(change => change.Sequence > sequence)];
        ListChange[] heldLists = [.. _listChanges.Where(change => change.Sequence > sequence)];
        var (birth, bornAt) = (Birth, _birthSequence);
        Clear();
        (Birth, _birthSequence) = roll.Birth != 0 || bornAt <= sequence ? (roll.Birth, sequence) : (birth, bornAt);
        LastNamedAt = roll.Voters.Count > 0 ? sequence : 0;
        _list = roll.IsList ? [.. roll.Voters.Select(static voter => voter.Node)] : null;
        foreach (var voter in roll.Voters)
            SeatOf(voter.Node).Holder = (voter.Memory, sequence, false);
        foreach (var (_, takeAgain) in held.Select(change => (change.Sequence, TakeAgain: (Action)(() => TakeAgain(change))))
            .Concat(heldLists.Select(change => (change.Sequence, TakeAgain: (Action)(() => Take(change.Sequence, change.List)))))
            .OrderBy(static each => each.Sequence))
            takeAgain();
    }

    // What is told at the base was not known when the entry was read.
    private void TakeAgain(Change change)
    {
        if (change.Seat.Memory != change.Memory)
            Name(change.Sequence, change.Seat, change.Memory, change.Memory != 0 && (change.Replaces || change.Seat.Memory != 0));
    }

    /// <summary>What is in force at a seq, which is not before the log's base.</summary>
    public VoterRoll At(ulong sequence)
    {
        var memories = _seats.Values.ToDictionary(static seat => seat.Node, static seat => seat.Memory);
        for (var i = _changes.Count - 1; i >= 0 && _changes[i].Sequence > sequence; i--)
            memories[_changes[i].Seat.Node] = _changes[i].Before.Memory;
        var list = _list;
        for (var i = _listChanges.Count - 1; i >= 0 && _listChanges[i].Sequence > sequence; i--)
            list = _listChanges[i].Before;
        var named = list is null
            ? memories.Where(static each => each.Value != 0)
            : list.Select(node => KeyValuePair.Create(node, memories.GetValueOrDefault(node)));
        return new VoterRoll(
            BirthUpTo(sequence),
            [
                .. named.OrderBy(static each => each.Key.Name, StringComparer.Ordinal)
                    .Select(static each => new NamedVoter(each.Key, each.Value)),
            ],
            IsList: list is not null);
    }
}
