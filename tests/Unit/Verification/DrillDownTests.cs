// Every kind of fault in a Standby's shard is found, named and repaired; what is right is left alone.
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Model;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Unit.Verification;

public sealed class DrillDownTests
{
    private readonly TestPrimary _primary = new();
    private readonly VerifyingStandby _standby;

    public DrillDownTests() => _standby = new VerifyingStandby(_primary);

    [Fact]
    public void Equal_shards_are_clean_and_nobody_is_asked_anything()
    {
        PutMany(50);
        Assert.Null(_standby.Verify());
        Assert.True(_standby.Verdict.IsClean);
        Assert.Equal(0, _standby.Requests);
    }

    [Theory]
    [InlineData(VerifyFault.CorruptKey, MismatchKind.Different)]
    [InlineData(VerifyFault.DropKey, MismatchKind.Missing)]
    [InlineData(VerifyFault.AddKey, MismatchKind.Extra)]
    public void A_wrong_key_is_found_named_and_repaired(VerifyFault fault, MismatchKind kind)
    {
        PutMany(300);
        _standby.ApplyAll();
        Assert.Equal(1, FaultInjection.Inject(_standby.State, fault, 1));
        var drill = _standby.Verify();
        Assert.Equal((DrillDownState.Done, 1, 0), (drill!.State, drill.Mismatched, drill.PassedOver));
        var repaired = Assert.Single(_standby.Repaired);
        Assert.Equal(kind, repaired.Kind);
        Assert.Equal(kind == MismatchKind.Missing, repaired.StandbyChecksum == 0);
        Assert.Equal(kind == MismatchKind.Extra, repaired.PrimaryChecksum == 0);
        if (kind != MismatchKind.Extra)
            Assert.InRange(repaired.PrimaryLastSequence, 1UL, drill.MarkerSequence);
        if (kind == MismatchKind.Different)
            Assert.InRange(repaired.StandbyLastSequence, 1UL, repaired.PrimaryLastSequence);
        Assert.Null(_standby.Verify());
        Assert.True(_standby.Verdict.IsClean);
        _standby.MustEqualTheHealthyOne();
    }

    [Fact]
    public void A_damaged_shard_is_repaired_in_requests_of_few_keys()
    {
        var standby = new VerifyingStandby(_primary, new DrillDownSettings(KeysPerRequest: 3, RepairThreshold: 1000));
        PutMany(400);
        standby.ApplyAll();
        Assert.Equal(400, FaultInjection.Inject(standby.State, VerifyFault.DamageShard, 1));
        var drill = standby.Verify();
        Assert.Equal((DrillDownState.Done, 400), (drill!.State, drill.Mismatched));
        Assert.True(standby.Requests >= 400 / 3 / 2, $"{standby.Requests} requests");
        Assert.Null(standby.Verify());
        standby.MustEqualTheHealthyOne();
    }

    [Fact]
    public void An_answer_ends_at_its_bound_of_bytes_and_the_rest_is_asked_for()
    {
        var standby = new VerifyingStandby(_primary, new DrillDownSettings(KeysPerRequest: 1000, RepairThreshold: 1000));
        var group = new ReplicateConfig { ReplicaCount = 1, GroupIds = [new string('g', 60_000)] };
        for (var i = 0; i < 400; i++)
        {
            _primary.PutStart($"key-{i}", config: group);
            _primary.PutEnd($"key-{i}");
        }

        _primary.CommitAll();
        standby.ApplyAll();
        FaultInjection.Inject(standby.State, VerifyFault.DamageShard, 1);
        Assert.Equal((DrillDownState.Done, 400), (standby.Verify()!.State, standby.Drill!.Mismatched));
        Assert.True(standby.LongestAnswer is > 256 * 1024 and < 512 * 1024, $"{standby.LongestAnswer} bytes");
        Assert.Null(standby.Verify());
        standby.MustEqualTheHealthyOne();
    }

    [Fact]
    public void A_wrong_digest_is_computed_anew_without_asking_the_Primary()
    {
        PutMany(100);
        _standby.ApplyAll();
        FaultInjection.Inject(_standby.State, VerifyFault.WrongDigest, 1);
        var drill = _standby.Verify();
        Assert.Equal((DrillDownState.Done, 0, 1), (drill!.State, drill.Mismatched, drill.WrongDigests));
        Assert.Equal(0, _standby.Requests);
        Assert.Null(_standby.Verify());
        _standby.MustEqualTheHealthyOne();
    }

    [Fact]
    public void A_wrong_digest_of_the_Primary_is_mended_there_when_a_Standby_asks()
    {
        PutMany(100);
        FaultInjection.Inject(_primary.State, VerifyFault.WrongDigest, 1);
        Assert.Equal((DrillDownState.Done, 0), (_standby.Verify()!.State, _standby.Drill!.Mismatched));
        Assert.Null(_standby.Verify());
        Assert.True(_standby.Verdict.IsClean);
        _standby.MustEqualTheHealthyOne();
    }

    [Theory]
    [InlineData(VerifyFault.DamageShard)]
    [InlineData(VerifyFault.CorruptKey)]
    public void Beyond_the_threshold_a_full_sync_is_needed(VerifyFault fault)
    {
        var standby = new VerifyingStandby(_primary, new DrillDownSettings(KeysPerRequest: 100, RepairThreshold: 0));
        PutMany(64);
        standby.ApplyAll();
        FaultInjection.Inject(standby.State, fault, 1);
        var drill = standby.Verify();
        Assert.Equal(DrillDownState.NeedsFullSync, drill!.State);
        Assert.NotEqual("", drill.Reason);
        Assert.Empty(standby.Repaired);
    }

    [Fact]
    public void Too_many_different_keys_in_all_are_noticed_although_each_request_has_few()
    {
        var standby = new VerifyingStandby(_primary, new DrillDownSettings(KeysPerRequest: 2, RepairThreshold: 150));
        PutMany(400);
        standby.ApplyAll();
        FaultInjection.Inject(standby.State, VerifyFault.DamageShard, 1);
        Assert.Equal(DrillDownState.NeedsFullSync, standby.Verify()!.State);
    }

    [Fact]
    public void Parked_puts_that_differ_cannot_be_repaired_key_by_key()
    {
        PutMany(5);
        _primary.PutStart("abandoned");
        _primary.CommitAll();
        _standby.ApplyAll();
        _primary.ClientGone(TestPrimary.Alice);
        _primary.CommitAll();
        Assert.Equal(1, _standby.Lag);
        _standby.Skip(1);
        _standby.Verify();
        Assert.True(_standby.Verdict is { IsComparable: true, IsRestDifferent: true });
    }

    [Fact]
    public void An_object_is_repaired_with_the_transfer_that_is_running()
    {
        PutMany(1);
        _standby.ApplyAll();
        FaultInjection.Inject(_standby.State, VerifyFault.CorruptKey, 1);
        Assert.Equal(ErrorCode.Ok, _primary.Transfer("key-0", 1, [2]).Error);
        Assert.Equal(DrillDownState.Done, _standby.Verify()!.State);
        Assert.Equal(MismatchKind.Different, Assert.Single(_standby.Repaired).Kind);
        _standby.MustEqualTheHealthyOne();
        Assert.Equal(ErrorCode.Ok, _primary.EndTransfer("key-0"));
        Assert.Null(_standby.Verify());
        _standby.MustEqualTheHealthyOne();
    }

    [Fact]
    public void Leases_and_pins_deadlines_are_no_part_of_a_checksum()
    {
        PutMany(1);
        var before = _primary.State.ChecksumOf(_primary.Record("key-0"));
        _primary.Advance(TimeSpan.FromSeconds(1));
        _primary.Get("key-0");
        Assert.True(_primary.Leader.LeaseOf(_primary.Record("key-0")) > _primary.Now);
        Assert.Equal(before, _primary.State.ChecksumOf(_primary.Record("key-0")));
        _primary.CommitAll();
        _primary.FailOver();
        Assert.Equal(before, _primary.State.ChecksumOf(_primary.Record("key-0")));
    }

    [Fact]
    public void A_repair_waits_until_the_shard_has_come_as_far_as_the_answer()
    {
        PutMany(30);
        _standby.ApplyAll();
        FaultInjection.Inject(_standby.State, VerifyFault.DropKey, 1);
        _primary.MarkVerificationPoint();
        _primary.CommitAll();
        _standby.ApplyAll();
        _primary.Put("later");
        _primary.CommitAll();
        _standby.Exchange();
        Assert.Empty(_standby.Repaired);
        _standby.Apply(1);
        Assert.Empty(_standby.Repaired);
        _standby.Apply(1);
        Assert.Equal(MismatchKind.Missing, Assert.Single(_standby.Repaired).Kind);
        _standby.MustEqualTheHealthyOne();
    }

    [Fact]
    public void A_key_that_changes_before_the_repair_is_passed_over()
    {
        PutMany(30);
        _standby.ApplyAll();
        FaultInjection.Inject(_standby.State, VerifyFault.CorruptKey, 1);
        _primary.MarkVerificationPoint();
        _primary.CommitAll();
        _standby.ApplyAll();
        var victim = _standby.Drill!.Request!.Entries.Select(entry => entry.Key).First(
            key => _standby.State.ChecksumOf(_standby.State.Find(key)!) != _primary.State.ChecksumOf(_primary.State.Find(key)!)).ToString();
        _standby.Exchange(); // answers for a state in which the key is still there
        Assert.Single(_standby.Repaired);

        FaultInjection.Inject(_standby.State, VerifyFault.CorruptKey, 1);
        Assert.NotNull(_standby.Verify(() => _primary.Remove(victim, force: true)));
        Assert.Equal((0, DrillDownState.Done), (_standby.Drill!.Mismatched, _standby.Drill.State));
        Assert.Single(_standby.Repaired);
        _primary.CommitAll();
        Assert.Null(_standby.Verify());
        _standby.MustEqualTheHealthyOne();
    }

    [Fact]
    public void A_dropped_segment_ends_a_drill_down_and_the_next_marker_begins_another()
    {
        PutMany(30, on: [1, 2]);
        _standby.ApplyAll();
        FaultInjection.Inject(_standby.State, VerifyFault.DropKey, 1);
        _primary.MarkVerificationPoint();
        _primary.CommitAll();
        _standby.ApplyAll();
        _primary.Kill(2);
        _primary.DropSegment(2);
        _standby.Exchange();
        Assert.Equal((DrillDownState.Superseded, true), (_standby.Drill!.State, _standby.Drill.Reason.Length > 0));
        _primary.CommitAll();
        Assert.Equal(DrillDownState.Done, _standby.Verify()!.State);
        Assert.Single(_standby.Repaired);
        _standby.MustEqualTheHealthyOne();
    }

    [Fact]
    public void A_late_answer_does_not_bring_back_what_was_removed_behind_its_seq()
    {
        PutMany(1);
        _standby.ApplyAll();
        FaultInjection.Inject(_standby.State, VerifyFault.CorruptKey, 1);
        _primary.MarkVerificationPoint();
        _primary.CommitAll();
        _standby.ApplyAll();
        var answer = _standby.Ask()!;
        Assert.Equal(MismatchKind.Different, Assert.Single(answer.Mismatches).Kind);
        Assert.Equal(ErrorCode.Ok, _primary.Remove("key-0", force: true));
        _primary.CommitAll();
        _standby.ApplyAll();
        _standby.Deliver(answer);
        Assert.Equal((0, 1), (_standby.Drill!.Mismatched, _standby.Drill.PassedOver));
        _standby.MustEqualTheHealthyOne();
        Assert.Equal(0, _standby.State.ObjectCount);
    }

    [Fact]
    public void A_late_answer_does_not_bring_back_a_replica_on_a_segment_that_was_dropped_behind_its_seq()
    {
        PutMany(1, on: [1, 2]);
        _standby.ApplyAll();
        FaultInjection.Inject(_standby.State, VerifyFault.DropKey, 1);
        _primary.MarkVerificationPoint();
        _primary.CommitAll();
        _standby.ApplyAll();
        var answer = _standby.Ask()!;
        _primary.Kill(2);
        _primary.DropSegment(2);
        _primary.CommitAll();
        _standby.ApplyAll();
        _standby.Deliver(answer);
        Assert.Equal(DrillDownState.Superseded, _standby.Drill!.State);
        Assert.Equal(0, _standby.State.ObjectCount);
        Assert.Equal(DrillDownState.Done, _standby.Verify()!.State);
        _standby.MustEqualTheHealthyOne();
    }

    [Fact]
    public void An_answer_to_another_question_is_passed_over()
    {
        PutMany(30);
        _standby.ApplyAll();
        FaultInjection.Inject(_standby.State, VerifyFault.DropKey, 1);
        _primary.MarkVerificationPoint();
        _primary.CommitAll();
        _standby.ApplyAll();
        var answer = _standby.Ask()!;
        _standby.Deliver(answer with { MarkerSequence = answer.MarkerSequence - 1 });
        _standby.Deliver(answer with { Bucket = (byte)(answer.Bucket ^ 1) });
        _standby.Deliver(answer with { FromHash = 1 });
        Assert.Empty(_standby.Repaired);
        _standby.Deliver(answer);
        Assert.Single(_standby.Repaired);
        _standby.Deliver(answer);
        Assert.Equal((1, DrillDownState.Done), (_standby.Drill!.Mismatched, _standby.Drill.State));
    }

    [Fact]
    public void A_repair_that_does_not_fit_its_key_ends_in_a_full_sync()
    {
        PutMany(30);
        _standby.ApplyAll();
        FaultInjection.Inject(_standby.State, VerifyFault.DropKey, 1);
        _primary.MarkVerificationPoint();
        _primary.CommitAll();
        _standby.ApplyAll();
        var answer = _standby.Ask()!;
        _standby.Deliver(answer with { Mismatches = [answer.Mismatches[0] with { Content = new byte[50] }] });
        Assert.Equal(DrillDownState.NeedsFullSync, _standby.Drill!.State);
    }

    [Fact]
    public void More_changes_than_can_be_remembered_end_a_drill_down()
    {
        var standby = new VerifyingStandby(_primary, new DrillDownSettings(100, 1000, MaximumTouched: 3));
        PutMany(200);
        standby.ApplyAll();
        FaultInjection.Inject(standby.State, VerifyFault.DamageShard, 1);
        _primary.MarkVerificationPoint();
        _primary.CommitAll();
        standby.ApplyAll();
        PutMany(10, "new");
        standby.ApplyAll();
        Assert.Equal(DrillDownState.Superseded, standby.Drill!.State);
        Assert.Equal(DrillDownState.Done, standby.Verify()!.State);
        standby.MustEqualTheHealthyOne();
    }

    private void PutMany(int count, string name = "key", uint[]? on = null)
    {
        for (var i = 0; i < count; i++)
            _primary.Put($"{name}-{i}", on: on);
        _primary.CommitAll();
    }
}
