// What else clients and operators do: upserts, copies and moves, their tasks, drain jobs, groups and pins, graceful unmounts, removals
// by pattern. On top of the traps, because they run on the same masters. No expectation may rest on a time that is short.
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Scenarios.Steps;
using static HotStandby.Tests.Scenarios.TaskSteps;

namespace HotStandby.Tests.Scenarios;

/// <summary>Calls beside the traps.</summary>
public abstract class CallScenarios : TrapScenarios
{
    private readonly TaskSteps _tasks = new();

    [Fact]
    public async Task Upsert_of_an_absent_key_is_a_put() => await On
        .Given(Mount("a"), Upsert("k"))
        .When(Exists("k")).Then("false")
        .When(Get("k")).Then("ReplicaIsNotReady")
        .When(PutEnd("k", "other")).Then("IllegalClient")
        .Given(PutEnd("k"))
        .When(Get("k")).Then("Ok")
        .When(UsedBytes("a")).Then("4096");

    [Fact]
    public async Task Upsert_of_the_same_size_reuses_the_buffer_and_hides_the_object_until_its_end() => await On
        .Given(Mount("a"), Stored("k"), Upsert("k", client: "other"))
        .When(UsedBytes("a")).Then("4096")
        .When(Get("k")).Then("ReplicaIsNotReady")
        .When(PutEnd("k")).Then("IllegalClient")
        .Given(PutEnd("k", "other"))
        .When(Get("k")).Then("Ok")
        .When(UsedBytes("a")).Then("4096");

    [Fact]
    public async Task Upsert_of_another_size_takes_a_new_buffer_and_the_old_one_is_kept_for_slow_readers() => await On
        .Given(Mount("a"), Stored("k"), Upsert("k", 8192))
        .When(UsedBytes("a")).Then("12288")
        .When(Get("k")).Then("ReplicaIsNotReady")
        .Given(PutEnd("k"))
        .When(Get("k")).Then("Ok")
        .When(UsedBytes("a")).Then("12288");

    [Fact]
    public async Task Upsert_that_is_revoked_takes_with_it_what_it_wrote_over() => await On
        .Given(Mount("a"), Stored("k"), Upsert("k"), PutRevoke("k"))
        .When(Get("k")).Then("ObjectNotFound");

    [Fact]
    public async Task Copy_is_readable_when_it_has_ended_and_a_revoked_one_leaves_nothing() => await On
        .Given(Mount("a"), Stored("k"), Mount("b", client: "other"))
        .Given(CopyStart("k", "a", "b"))
        .When(UsedBytes("b")).Then("4096")
        .Given(Transfer(KeyedOperation.CopyRevoke, "k"))
        .When(UsedBytes("b")).Then("0")
        .Given(CopyStart("k", "a", "b"), Transfer(KeyedOperation.CopyEnd, "k"))
        .When(Readable("k")).Then("2")
        .When(UsedBytes("a")).Then("4096")
        .When(UsedBytes("b")).Then("4096");

    [Fact]
    public async Task Move_leaves_one_replica_on_its_target_and_a_revoked_one_leaves_it_where_it_was() => await On
        .Given(Mount("a"), Stored("k"), Mount("b", client: "other"))
        .Given(MoveStart("k", "a", "b"), Transfer(KeyedOperation.MoveRevoke, "k"))
        .When(UsedBytes("a")).Then("4096")
        .When(UsedBytes("b")).Then("0")
        .Given(MoveStart("k", "a", "b"), Transfer(KeyedOperation.MoveEnd, "k"))
        .When(UsedBytes("a")).Then("0")
        .When(UsedBytes("b")).Then("4096")
        .When(Readable("k")).Then("1");

    [Fact]
    public async Task Copy_of_what_is_not_there_is_refused() => await On
        .Given(Mount("a"), PutStart("unfinished"), Mount("b", client: "other"))
        .When(CopyStart("none", "a", "b")).Then("ObjectNotFound")
        .When(_tasks.CreateCopy("none", "b")).Then("ObjectNotFound")
        .When(Transfer(KeyedOperation.CopyEnd, "none")).Then("ObjectNotFound")
        .When(UsedBytes("b")).Then("0");

    [Fact]
    public async Task Copy_task_is_fetched_and_ended_by_the_owner_of_the_source_alone() => await On
        .Given(Mount("a"), Stored("k"), Mount("b", client: "other"))
        .When(_tasks.CreateCopy("k", "nowhere")).Then("InvalidParams")
        .Given(_tasks.CreateCopy("k", "b"))
        .When(_tasks.Status()).Then("ReplicaCopy Pending")
        .When(Fetch("other")).Then("")
        .When(Fetch()).Then("ReplicaCopy k from a to b")
        .When(Fetch()).Then("")
        .When(_tasks.Status()).Then("ReplicaCopy Processing")
        .When(_tasks.Complete(client: "other")).Then("IllegalClient")
        .When(_tasks.Complete(ReplicationTaskStatus.Processing)).Then("InvalidParams")
        .Given(_tasks.Complete(), _tasks.Complete())
        .When(_tasks.Complete(ReplicationTaskStatus.Failed)).Then("InvalidParams")
        .When(_tasks.Status()).Then("ReplicaCopy Success");

    [Fact]
    public async Task Move_task_that_was_fetched_before_a_failover_is_done_after_it() => await On
        .Given(Mount("a"), Stored("k"), Mount("b", client: "other"), _tasks.CreateMove("k", "a", "b"))
        .When(Fetch()).Then("ReplicaMove k from a to b")
        .Given(FailOver(), ReMount("writer", "a"), ReMount("other", "b"))
        .When(_tasks.Status()).Then("ReplicaMove Processing")
        .Given(MoveStart("k", "a", "b"), Transfer(KeyedOperation.MoveEnd, "k"), _tasks.Complete())
        .When(_tasks.Status()).Then("ReplicaMove Success")
        .When(Readable("k")).Then("1")
        .When(UsedBytes("b")).Then("4096");

    [Fact]
    public async Task Drain_job_moves_every_object_away_and_leaves_its_segment_drained() => await On
        .Given(Mount("a"), Stored("k1"), Stored("k2"), Stored("k3"), Mount("b", client: "other"), _tasks.Drain("a", "b"))
        .When(StatusOf("a")).Then("Draining")
        .WhenAfter(Rounds, _tasks.Job()).Then("Running, 0 moved, 3 under way")
        .When(_tasks.CancelJob()).Then("UnavailableInCurrentStatus")
        .When(DoTasks()).Then("ReplicaMove k1 from a to b; ReplicaMove k2 from a to b; ReplicaMove k3 from a to b")
        .WhenAfter(Rounds, _tasks.Job()).Then("Succeeded, 3 moved, 0 under way")
        .When(StatusOf("a")).Then("Drained")
        .When(UsedBytes("a")).Then("0")
        .When(UsedBytes("b")).Then("12288")
        .When(Get("k1", "k2", "k3")).Then("[Ok, Ok, Ok]");

    [Fact]
    public async Task Drain_job_that_is_canceled_opens_its_segment_again() => await On
        .Given(Mount("a"), Stored("pinned", config: new() { HardPin = true }), _tasks.Drain("a")) // what is pinned blocks the job
        .When(PutStart("k")).Then("NoAvailableHandle")
        .When(_tasks.CancelJob()).Then("Canceled, 0 moved, 0 under way")
        .When(StatusOf("a")).Then("Ok")
        .When(PutStart("k")).Then("Ok");

    [Fact]
    public async Task Hard_pinned_object_stays_where_another_makes_room() => await On
        .Given(Mount("a", 2 * 4096), Stored("pinned", config: new() { HardPin = true }), Stored("plain"))
        .When(PutStart("new")).Then("NoAvailableHandle")
        .WhenAfter(Moment, PutStart("new")).Then("Ok")
        .When(Exists("pinned", "plain")).Then("[true, false]");

    [Fact]
    public async Task Soft_pinned_object_stays_as_long_as_another_makes_room() => await On
        .Given(Mount("a", 2 * 4096), Stored("pinned", config: new() { SoftPinAction = SoftPinAction.Enable }), Stored("plain"))
        .When(PutStart("new")).Then("NoAvailableHandle")
        .WhenAfter(Moment, PutStart("new")).Then("Ok")
        .When(Exists("pinned", "plain")).Then("[true, false]");

    [Fact]
    public async Task Lease_of_one_member_keeps_its_whole_group() => await On
        .Given(Mount("a", 3 * 4096))
        .Given(
            Stored("g1", config: new() { GroupIds = ["g"] }), Stored("g2", config: new() { GroupIds = ["g"] }), Stored("plain"), Get("g2"))
        .When(PutStart("new")).Then("NoAvailableHandle")
        .WhenAfter(Moment, PutStart("new")).Then("Ok")
        .When(Exists("g1", "g2", "plain")).Then("[true, true, false]");

    [Fact]
    public async Task Preferred_segment_is_taken() => await On
        .Given(Mount("a"), Mount("b"), Mount("c"))
        .Given(Stored("k1", config: new() { PreferredSegment = "b" }), Stored("k2", config: new() { PreferredSegment = "b" }))
        .When(UsedBytes("b")).Then("8192");

    [Fact]
    public async Task Graceful_unmount_takes_nothing_new_and_stays_readable_until_its_time() => await On
        .Given(Mount("a"), Stored("k"), GracefullyUnmount("a", TimeSpan.FromHours(1)))
        .When(StatusOf("a")).Then("GracefullyUnmounting")
        .When(Get("k")).Then("Ok")
        .When(PutStart("new")).Then("NoAvailableHandle");

    [Fact]
    public async Task Client_that_starts_again_at_its_address_has_its_place_at_once_and_its_dead_life_is_gone() => await On
        .Given(Mount("a"), Stored("k"), PutStart("unfinished"), FallsSilent("writer"), MountAgain("a", "second", "a2"))
        .When(Get("k")).Then("ObjectNotFound")
        .When(Capacity("a")).Then($"{MiB}")
        .When(Ping("writer")).Then("NeedRemount")
        .Given(PutStart("k", client: "second"), PutEnd("k", "second"), PutStart("unfinished", client: "second"))
        .When(Get("k")).Then("Ok")
        .Given(ReMountAgain("a", "second", "a2"))
        .When(Ping("second")).Then("Ok")
        .When(StatusOf("a")).Then("Ok");

    [Fact]
    public async Task Client_that_starts_again_in_other_memory_has_its_place_at_once_too() => await On
        .Given(Mount("a"), Stored("k"), FallsSilent("writer"), MountAgain("a", "second", "a2", moved: true))
        .When(Get("k")).Then("ObjectNotFound")
        .Given(Stored("new"))
        .When(Get("new")).Then("Ok")
        .Given(FailOver(), ReMountAgain("a", "third", "a3", "a4")) // and again, by a remount and with two segments
        .When(Get("new")).Then("ObjectNotFound")
        .When(Capacity("a")).Then($"{2 * MiB}")
        .When(Ping("third")).Then("Ok");

    [Fact]
    public async Task Of_two_clients_at_one_endpoint_the_later_one_has_it_for_good() => await On
        .Given(Mount("a"), Stored("k"), MountAgain("a", "second", "a2"), Stored("new"))
        .When(ReMount("writer", "a")).Then("IllegalClient")
        .Given(FailOver())
        .When(ReMount("writer", "a")).Then("IllegalClient")
        .When(Ping("writer")).Then("NeedRemount")
        .Given(ReMountAgain("a", "second", "a2"))
        .When(Get("new")).Then("Ok")
        .Given(Unmount("a2", "second"), ReMount("writer", "a"))
        .When(Ping("writer")).Then("Ok");

    [Fact]
    public async Task Remount_with_one_segment_that_cannot_be_mounted_mounts_none_and_says_so() => await On
        .Given(Mount("a"), Mount("b"))
        .When(ReMountAgain("a", "writer", "overlaps", "fits")).Then("InvalidParams")
        .When(Capacity("a")).Then($"{MiB}")
        .When(Ping()).Then("NeedRemount");

    [Fact]
    public async Task Memory_that_a_writer_was_given_in_a_dead_life_is_not_given_out_in_the_next_one_while_it_may_write() => await On
        .Given(Mount("a"), PutStart("k", client: "other"), FallsSilent("writer"), MountAgain("a", "second", "a2"))
        .When(UsedBytes("a")).Then("4096")
        .When(PutEnd("k", "other")).Then("ObjectNotFound")
        .Given(FailOver())
        .When(UsedBytes("a")).Then("4096")
        .Given(ReMountAgain("a", "second", "a2"))
        .When(UsedBytes("a")).Then("4096");

    [Fact]
    public async Task Copy_from_or_to_a_dead_life_ends_with_nothing() => await On
        .Given(Mount("a"), Stored("from"), Mount("b", client: "other"), MountAgain("b", "second", "b2"))
        .Given(CopyStart("from", "a", "b"), MountAgain("b", "third", "b3"))
        .When(Transfer(KeyedOperation.CopyEnd, "from")).Then("ReplicaIsGone")
        .When(Readable("from")).Then("1")
        .Given(CopyStart("from", "a", "b"), MountAgain("a", "fourth", "a2"))
        .When(Transfer(KeyedOperation.CopyEnd, "from")).Then("ObjectNotFound")
        .When(Get("from")).Then("ObjectNotFound");

    [Fact]
    public async Task More_memory_than_can_be_counted_is_refused_and_nothing_is_evicted_for_it() => await On
        .Given(Mount("a"), Stored("k"))
        .When(Mount("b", size: 1UL << 63)).Then("InvalidParams")
        .When(Mount("c", size: ulong.MaxValue)).Then("InvalidParams")
        .Given(Mount("d", size: 1UL << 62))
        .When(Mount("e", size: 1UL << 62)).Then("InvalidParams")
        .Given(Later(Moment))
        .When(Exists("k")).Then("true");

    [Fact]
    public async Task Removal_by_pattern_takes_what_matches_and_is_not_leased() => await On
        .Given(Mount("a"), Stored("ab"), Stored("ba"), Stored("bb"), Stored("c"))
        .When(RemoveMatching("(")).Then("InvalidParams")
        .When(RemoveMatching("^a")).Then("1")
        .When(RemoveMatching("none")).Then("0")
        .Given(Get("ba"))
        .When(RemoveMatching("b")).Then("1")
        .When(RemoveMatching("b", force: true)).Then("1")
        .When(Exists("ab", "ba", "bb", "c")).Then("[false, false, false, true]");
}
