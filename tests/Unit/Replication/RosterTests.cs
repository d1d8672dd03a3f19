// Which memory votes under which name, entry by entry: in force when it is in the log, taken back when it is cut off, kept when it is
// truncated.
using System.Text;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class RosterTests
{
    private static readonly NodeId A = new("a");
    private static readonly NodeId B = new("b");
    private static readonly NodeId C = new("c");

    private readonly LogIndex _log = new();

    private Roster Roster => _log.Roster;

    private void Append(ulong epoch, OpType type, byte[] key, byte[] payload)
    {
        var drafts = new DraftBuffer(Partition.SegmentTable);
        payload.CopyTo(drafts.Add(type, key, 0, payload.Length));
        var writer = new BatchWriter();
        writer.Add(drafts.Bytes, _log.LastSequence + 1, epoch, 0);
        _log.Append(writer.Close(0));
    }

    private void Start(ulong epoch, ulong birth, params (NodeId Node, ulong Memory)[] voters) =>
        Append(epoch, OpType.EpochStart, [],
            new VoterRoll(birth, [.. voters.Select(static each => new NamedVoter(each.Node, each.Memory))]).Encode());

    private void Return(NodeId node, ulong memory)
    {
        var payload = new byte[VoterReturnedPayload.EncodedBytes];
        new VoterReturnedPayload(new Life(memory, 9)).WriteTo(payload);
        Append(_log.LastEpoch, OpType.VoterReturned, Encoding.UTF8.GetBytes(node.Name), payload);
    }

    private void Change(NodeId node, params NamedVoter[] list) => Append(
        _log.LastEpoch, OpType.VotersChanged, Encoding.UTF8.GetBytes(node.Name), new VoterRoll(77, list, IsList: true).Encode());

    private (ulong Memory, ulong Sequence, bool Replaces) Seat(NodeId node) =>
        (Roster.SeatOf(node).Memory, Roster.SeatOf(node).Sequence, Roster.SeatOf(node).Replaces);

    [Fact]
    public void The_first_entry_names_voters_and_a_later_one_changes_only_what_differs()
    {
        Start(1, 77, (A, 10), (B, 20));
        Start(2, 77, (A, 10), (B, 21));
        Assert.Equal((10ul, 1ul, false), Seat(A));
        Assert.Equal((21ul, 2ul, true), Seat(B));
        Assert.Equal((77ul, 2ul), (Roster.Birth, Roster.LastNamedAt));
    }

    [Fact]
    public void What_is_cut_off_is_not_in_force_any_more()
    {
        Start(1, 77, (A, 10), (B, 20));
        Return(B, 21);
        Return(B, 22);
        _log.CutAfter(2);
        Assert.Equal((21ul, 2ul, true), Seat(B));
        _log.CutAfter(1);
        Assert.Equal((20ul, 1ul, false), Seat(B));
        _log.CutAfter(0);
        Assert.Equal((0ul, 0ul), (Roster.SeatOf(B).Memory, Roster.Birth));
    }

    [Fact]
    public void A_truncation_keeps_what_is_in_force_and_a_recovery_finds_it()
    {
        Start(1, 77, (A, 10), (B, 20));
        Return(B, 21);
        Return(A, 11);
        var roll = Roster.At(2);
        Assert.Equal(77ul, roll.Birth);
        Assert.Equal([new NamedVoter(A, 10), new NamedVoter(B, 21)], roll.Voters);
        _log.TruncateTo(2);
        _log.CutAfter(2);
        Assert.Equal((10ul, 21ul), (Roster.SeatOf(A).Memory, Roster.SeatOf(B).Memory));

        var found = new LogIndex();
        found.FoundOn([new EpochEnd(1, 2)], roll);
        Assert.Equal((10ul, 21ul, 77ul), (found.Roster.SeatOf(A).Memory, found.Roster.SeatOf(B).Memory, found.Roster.Birth));
        Assert.False(found.Roster.SeatOf(B).Replaces);
    }

    [Fact]
    public void A_list_is_in_force_when_it_is_in_the_log_and_until_it_is_cut_off()
    {
        Start(1, 77, (A, 10), (B, 20));
        Assert.Null(Roster.List);
        Change(C, new(A, 10), new(B, 20), new(C, 30));
        Change(B, new(A, 10), new(C, 30));
        Assert.Equal([A, C], Roster.List);
        Assert.Equal((0ul, 3ul, false), Seat(B));
        Assert.Equal((30ul, 2ul, false), Seat(C));
        Assert.Equal(3ul, Roster.LastNamedAt);
        _log.CutAfter(2);
        Assert.Equal([A, B, C], Roster.List);
        Assert.Equal((20ul, 1ul, false), Seat(B));
        Assert.Equal(2ul, Roster.LastNamedAt);
        _log.CutAfter(1);
        Assert.Null(Roster.List);
        Assert.Equal((0ul, 1ul), (Roster.SeatOf(C).Memory, Roster.LastNamedAt));
    }

    [Fact]
    public void A_truncation_keeps_the_list_and_a_recovery_finds_it()
    {
        Start(1, 77, (A, 10), (B, 20));
        Change(C, new(A, 10), new(B, 20), new(C, 30));
        Change(B, new(A, 10), new(C, 30));
        Assert.False(Roster.At(1).IsList);
        var roll = Roster.At(2);
        Assert.True(roll.IsList);
        Assert.Equal([new NamedVoter(A, 10), new NamedVoter(B, 20), new NamedVoter(C, 30)], roll.Voters);
        _log.TruncateTo(2);
        _log.CutAfter(2);
        Assert.Equal([A, B, C], Roster.List);

        var found = new LogIndex();
        found.FoundOn([new EpochEnd(1, 2)], roll);
        Assert.Equal([A, B, C], found.Roster.List);
        Assert.Equal(30ul, found.Roster.SeatOf(C).Memory);
    }

    [Fact]
    public void A_list_at_a_base_that_is_told_late_does_not_undo_a_later_one()
    {
        Append(1, OpType.MountSegment, [], []);
        Change(B, new(A, 10), new(C, 30));
        Roster.FoundOn(new VoterRoll(77, [new(A, 10), new(B, 20), new(C, 30)], IsList: true), 1);
        Assert.Equal([A, C], Roster.List);
        Assert.Equal(0ul, Roster.SeatOf(B).Memory);
        _log.CutAfter(1);
        Assert.Equal([A, B, C], Roster.List);
        Assert.Equal(20ul, Roster.SeatOf(B).Memory);
    }

    [Fact]
    public void A_memory_that_is_removed_has_lost_its_place_and_another_is_not_touched()
    {
        Start(1, 77, (A, 10), (B, 20));
        Change(B, new NamedVoter(A, 10));
        Assert.True(Roster.Supersedes(B, 20, behind: 1, fromAny: false));
        Assert.False(Roster.Supersedes(B, 21, behind: 1, fromAny: true));
        Assert.False(Roster.Supersedes(A, 10, behind: 1, fromAny: true));
        Change(B, new(A, 10), new(B, 21));
        Assert.True(Roster.Supersedes(B, 22, behind: 2, fromAny: true));
        Assert.Equal((21ul, 3ul, false), Seat(B));
    }

    [Fact]
    public void A_base_that_is_told_late_does_not_undo_the_entries_behind_it()
    {
        Append(1, OpType.MountSegment, [], []);
        Return(B, 22);
        Roster.FoundOn(new VoterRoll(77, [new(A, 10), new(B, 20)]), 0);
        Assert.Equal((22ul, 2ul, true), Seat(B));
        Assert.Equal((10ul, 77ul), (Roster.SeatOf(A).Memory, Roster.Birth));
    }

    [Fact]
    public void Entries_of_an_earlier_version_name_nobody()
    {
        Append(1, OpType.EpochStart, [], []);
        Append(1, OpType.VoterReturned, "b"u8.ToArray(), BitConverter.GetBytes(7ul));
        Assert.Equal((0ul, 0ul, 0ul), (Roster.SeatOf(B).Memory, Roster.Birth, Roster.LastNamedAt));
    }

    [Fact]
    public void An_entry_that_names_voters_and_cannot_be_read_stops_the_node()
    {
        Assert.Equal(2, Assert.Throws<InvariantViolation>(() => Append(1, OpType.EpochStart, [], [1, 2, 3])).Number);
        Assert.Equal(2, Assert.Throws<InvariantViolation>(() => Append(1, OpType.VoterReturned, "b"u8.ToArray(), [1, 2, 3])).Number);
        var noList = new VoterRoll(77, [new(A, 10)]).Encode();
        Assert.Equal(2, Assert.Throws<InvariantViolation>(() => Append(1, OpType.VotersChanged, "b"u8.ToArray(), noList)).Number);
    }

    [Fact]
    public void A_later_run_of_the_same_memory_ends_the_earlier_ones()
    {
        Start(1, 77, (A, 10));
        var seat = Roster.SeatOf(A);
        Assert.True(seat.Meets(5));
        Assert.False(seat.Meets(4));
        Assert.True(seat.Meets(5));
        Return(A, 11);
        Assert.True(seat.Meets(1)); // of another memory
    }
}
