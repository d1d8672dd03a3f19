// What happens when a time of the master has run out. On a master whose times are short: no scenario may need one of them to last.
// That they last is said by the traps and the other calls.
using static HotStandby.Tests.Scenarios.Steps;

namespace HotStandby.Tests.Scenarios;

/// <summary>Leases and grace periods that are over. Puts have all the time they need.</summary>
public abstract class LeaseExpiryScenarios : MasterScenarios
{
    [Fact]
    public async Task Trap_03_what_was_read_can_be_removed_after_its_lease() => await On
        .Given(Mount("a"), Stored("seen"), Stored("read"), Get("read"))
        .When(Exists("seen")).Then("true")
        .WhenAfter(Lease, Remove("seen")).Then("Ok")
        .When(Remove("read")).Then("Ok");

    [Fact]
    public async Task Trap_05_removing_all_takes_what_was_leased() => await On
        .Given(Mount("a"), Stored("k1"), Get("k1"), Later(Lease))
        .When(RemoveAll()).Then("1");

    [Fact]
    public async Task Trap_11_objects_make_room_after_their_leases() => await On
        .Given(Mount("a", 2 * 4096), Stored("k1"), Stored("k2"), Get("k1"), Get("k2"))
        .When(PutStart("k3")).Then("NoAvailableHandle")
        .WhenAfter(Lease + Rounds, PutStart("k3")).Then("Ok");

    [Fact]
    public async Task Graceful_unmount_is_over_after_its_time() => await On
        .Given(Mount("a"), Stored("k"), GracefullyUnmount("a", Moment))
        .WhenAfter(Rounds, StatusOf("a")).Then("SegmentNotFound")
        .When(Get("k")).Then("ObjectNotFound");
}

/// <summary>Abandoned puts and freed memory. Nothing is stored, since a put that takes its time counts as abandoned.</summary>
public abstract class PutExpiryScenarios : MasterScenarios
{
    [Fact]
    public async Task Trap_12_an_abandoned_put_blocks_neither_its_key_nor_at_last_its_bytes() => await On
        .Given(Mount("a"), PutStart("k"))
        .WhenAfter(Discard + Moment, PutStart("k", client: "other")).Then("Ok")
        .WhenAfter(Discard + Release + Rounds, UsedBytes("a")).Then("0");

    [Fact]
    public async Task Memory_that_a_writer_was_given_in_a_dead_life_is_given_out_when_it_cannot_write_any_more() => await On
        .Given(Mount("a"), PutStart("k", client: "other"), FallsSilent("writer"), MountAgain("a", "second", "a2"),
            ReMountAgain("a", "second", "a2"))
        .WhenAfter(Discard + Release + Rounds, UsedBytes("a")).Then("0");
}
