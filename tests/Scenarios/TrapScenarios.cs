// The fifteen things that surprise users of Mooncake's master, each by name. Written once; the subclasses say on what they run.
// A put that found no room makes eviction work until something has gone: a scenario with one must see that through.
// No time of the master may run out here: ExpiryScenarios are about that, and VirtualTimeTraps show both in one scenario.
using HotStandby.Messages.Model;
using static HotStandby.Tests.Scenarios.Steps;

namespace HotStandby.Tests.Scenarios;

/// <summary>Traps of the master's semantics.</summary>
public abstract class TrapScenarios : MasterScenarios
{
    [Fact]
    public async Task Trap_01_a_key_that_is_being_written_does_not_exist_is_not_ready_and_cannot_be_put() => await On
        .Given(Mount("a"), PutStart("k"))
        .When(Exists("k")).Then("false")
        .When(Get("k")).Then("ReplicaIsNotReady")
        .When(PutStart("k")).Then("ObjectAlreadyExists");

    [Fact]
    public async Task Trap_02_ending_twice_is_success_revoking_after_it_and_ending_by_another_are_not() => await On
        .Given(Mount("a"), PutStart("k"))
        .When(PutEnd("k", "other")).Then("IllegalClient")
        .When(PutEnd("k")).Then("Ok")
        .When(PutEnd("k")).Then("Ok")
        .When(PutRevoke("k")).Then("InvalidWrite");

    [Fact]
    public async Task Trap_03_a_new_object_can_be_removed_at_once_one_that_was_read_cannot() => await On
        .Given(Mount("a"), Stored("fresh"), Stored("seen"), Stored("read"))
        .When(Remove("fresh")).Then("Ok")
        .When(Exists("seen")).Then("true")
        .When(Remove("seen")).Then("ObjectHasLease")
        .When(Get("read")).Then("Ok")
        .When(Remove("read")).Then("ObjectHasLease");

    [Fact]
    public async Task Trap_04_force_ignores_a_lease_but_not_that_the_object_is_incomplete() => await On
        .Given(Mount("a"), Stored("read"), Get("read"), PutStart("unfinished"))
        .When(Remove("read", force: true)).Then("Ok")
        .When(Remove("unfinished", force: true)).Then("ReplicaIsNotReady");

    [Fact]
    public async Task Trap_05_removing_all_passes_over_what_is_leased() => await On
        .Given(Mount("a"), Stored("k1"), Stored("k2"), Stored("k3"), Get("k1"))
        .When(RemoveAll()).Then("2")
        .When(RemoveAll()).Then("0");

    [Fact]
    public async Task Trap_05_removing_all_right_after_reading_all_removes_nothing() => await On
        .Given(Mount("a"), Stored("k1"), Stored("k2"))
        .When(Find(".*")).Then("k1 k2")
        .When(RemoveAll()).Then("0")
        .When(RemoveAll(force: true)).Then("2");

    [Fact]
    public async Task Trap_06_an_object_whose_segment_is_unmounted_is_not_found() => await On
        .Given(Mount("a"), Stored("k"), Unmount("a"))
        .When(Get("k")).Then("ObjectNotFound");

    [Fact]
    public async Task Trap_07_mounting_twice_and_unmounting_the_unknown_are_success() => await On
        .Given(Mount("a"), Mount("a"), Unmount("never mounted"))
        .When(Capacity("a")).Then($"{MiB}");

    [Fact]
    public async Task Trap_08_segments_of_one_name_and_two_ids_add_up() => await On
        .Given(Mount("a", id: "first"), Mount("a", id: "second"))
        .When(Capacity("a")).Then($"{2 * MiB}")
        .Given(Unmount("first"))
        .When(Capacity("a")).Then($"{MiB}");

    [Fact]
    public async Task Trap_09_a_client_that_has_mounted_is_asked_to_remount_all_the_same() => await On
        .Given(Mount("a"))
        .When(Ping()).Then("NeedRemount")
        .Given(ReMount("writer", "a"))
        .When(Ping()).Then("Ok");

    [Fact]
    public async Task Trap_10_more_replicas_than_segment_names_are_fewer_replicas_and_success() => await On
        .Given(Mount("a", id: "a1"), Mount("a", id: "a2"), Mount("b"))
        .Given(Stored("k", config: new ReplicateConfig { ReplicaCount = 5 }))
        .When(UsedBytes("a")).Then("4096")
        .When(UsedBytes("b")).Then("4096");

    [Fact]
    public async Task Trap_11_no_room_is_said_at_once_and_there_is_room_soon_if_anything_can_go() => await On
        .Given(Mount("a", 4 * 4096))
        .Given(Stored("k1"), Stored("k2"), Stored("k3"), Stored("k4"))
        .When(PutStart("k5")).Then("NoAvailableHandle")
        .WhenAfter(Moment, PutStart("k5")).Then("Ok");

    [Fact]
    public async Task Trap_11_leased_objects_do_not_make_room() => await On
        .Given(Mount("a", 2 * 4096), Stored("k1"), Stored("k2"), Get("k1"), Get("k2"))
        .When(PutStart("k3")).Then("NoAvailableHandle")
        .Given(Later(Moment))
        .When(PutStart("k3")).Then("NoAvailableHandle");

    [Fact]
    public async Task Trap_12_an_abandoned_put_blocks_its_key_and_its_bytes() => await On
        .Given(Mount("a"), PutStart("k"))
        .When(PutStart("k", client: "other")).Then("ObjectAlreadyExists")
        .When(UsedBytes("a")).Then("4096");

    [Fact]
    public async Task Trap_13_results_of_a_batch_are_in_its_order_and_the_second_of_two_equal_keys_exists_already() => await On
        .Given(Mount("a"), Stored("old"))
        .When(PutStarts(["x", "old", "x", "y"])).Then("[Ok, ObjectAlreadyExists, ObjectAlreadyExists, Ok]")
        .When(Exists("y", "old", "none", "old")).Then("[false, true, false, true]")
        .When(Get("none", "old", "x")).Then("[ObjectNotFound, Ok, ReplicaIsNotReady]");

    [Fact]
    public async Task Trap_14_a_pattern_is_searched_for_a_dot_matches_all_and_a_caret_anchors() => await On
        .Given(Mount("a"), Stored("ab"), Stored("ba"), Stored("c"))
        .When(Find("a")).Then("ab ba")
        .When(Find(".")).Then("ab ba c")
        .When(Find("^a")).Then("ab")
        .When(Find("(")).Then("InvalidParams");

    [Fact]
    public async Task Trap_15_every_read_grants_a_lease() => await On
        .Given(Mount("a"), Stored("read"), Stored("asked for"), Stored("matched"), Get("read"))
        .When(Exists("asked for")).Then("true")
        .When(Find("matched")).Then("matched")
        .When(Remove("read")).Then("ObjectHasLease")
        .When(Remove("asked for")).Then("ObjectHasLease")
        .When(Remove("matched")).Then("ObjectHasLease");

    [Fact]
    public async Task What_was_stored_survives_a_failover() => await On
        .Given(Mount("a"), Stored("k"), PutStart("unfinished"), FailOver())
        .When(Ping()).Then("NeedRemount")
        .When(Get("k", "unfinished")).Then("[Ok, ReplicaIsNotReady]")
        .Given(ReMount("writer", "a"), PutEnd("unfinished"), PutEnd("unfinished"))
        .When(Get("k", "unfinished")).Then("[Ok, Ok]");
}
