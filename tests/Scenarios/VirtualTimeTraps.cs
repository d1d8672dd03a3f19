// The traps and the other calls on the cells of three nodes, and what only virtual time or held-back commits can show. The times are
// upstream's.
using HotStandby.Tests.Scenarios.Drivers;
using static HotStandby.Tests.Scenarios.Steps;

namespace HotStandby.Tests.Scenarios;

public sealed class VirtualTimeTraps : CallScenarios
{
    private readonly InProcessMaster _master = new();

    private protected override IScenarioMaster Master => _master;

    private protected override TimeSpan Lease { get; } = TimeSpan.FromSeconds(10);

    private protected override TimeSpan Discard { get; } = TimeSpan.FromSeconds(30);

    private protected override TimeSpan Release { get; } = TimeSpan.FromSeconds(600);

    private Step Hold => Event("commits are held back", _ =>
    {
        _master.HoldCommits();
        return Task.CompletedTask;
    });

    private Step Commit => Event("commits go on", _ =>
    {
        _master.ReleaseCommits();
        return Task.CompletedTask;
    });

    [Fact]
    public async Task Trap_03_what_was_read_can_be_removed_after_its_lease_and_not_before() => await On
        .Given(Mount("a"), Stored("fresh"), Stored("seen"), Stored("read"))
        .When(Remove("fresh")).Then("Ok")
        .When(Exists("seen")).Then("true")
        .When(Remove("seen")).Then("ObjectHasLease")
        .When(Get("read")).Then("Ok")
        .When(Remove("read")).Then("ObjectHasLease")
        .Given(Later(Lease))
        .When(Remove("seen")).Then("Ok")
        .When(Remove("read")).Then("Ok");

    [Fact]
    public async Task Trap_05_removing_all_takes_what_was_leased_after_its_lease_and_not_before() => await On
        .Given(Mount("a"), Stored("k1"), Stored("k2"), Stored("k3"), Get("k1"))
        .When(RemoveAll()).Then("2")
        .When(RemoveAll()).Then("0")
        .Given(Later(Lease))
        .When(RemoveAll()).Then("1");

    [Fact]
    public async Task Trap_11_leased_objects_make_room_after_their_leases_and_not_before() => await On
        .Given(Mount("a", 2 * 4096), Stored("k1"), Stored("k2"), Get("k1"), Get("k2"))
        .When(PutStart("k3")).Then("NoAvailableHandle")
        .Given(Later(Moment))
        .When(PutStart("k3")).Then("NoAvailableHandle")
        .Given(Later(Lease + TimeSpan.FromSeconds(2)))
        .When(PutStart("k3")).Then("Ok");

    [Fact]
    public async Task Trap_12_an_abandoned_put_blocks_its_key_for_a_time_and_its_bytes_for_a_longer_one() => await On
        .Given(Mount("a"), PutStart("k"), Later(Discard - TimeSpan.FromSeconds(1)))
        .When(PutStart("k", client: "other")).Then("ObjectAlreadyExists")
        .Given(Later(TimeSpan.FromSeconds(2)))
        .When(PutStart("k", client: "other")).Then("Ok")
        .Given(PutEnd("k", "other"))
        .When(UsedBytes("a")).Then("8192")
        .When(PutEnd("k")).Then("IllegalClient")
        .Given(Later(Release))
        .When(UsedBytes("a")).Then("4096");

    [Fact]
    public async Task Upsert_of_another_size_keeps_the_old_buffer_for_slow_readers_and_frees_it_then() => await On
        .Given(Mount("a"), Stored("k"), Upsert("k", 8192), PutEnd("k"))
        .When(UsedBytes("a")).Then("12288")
        .Given(Later(Release + Rounds))
        .When(UsedBytes("a")).Then("8192");

    [Fact]
    public async Task Memory_of_a_dead_life_is_given_out_when_its_writers_cannot_write_any_more_and_not_before() => await On
        .Given(Mount("a"), PutStart("k", client: "other"), FallsSilent("writer"), MountAgain("a", "second", "a2"), FailOver())
        .When(UsedBytes("a")).Then("4096")
        .Given(ReMountAgain("a", "second", "a2"), Later(Release + Rounds))
        .When(UsedBytes("a")).Then("0");

    [Fact]
    public async Task Everything_is_leased_anew_after_a_failover() => await On
        .Given(Mount("a"), Stored("k"), FailOver())
        .When(Remove("k")).Then("ObjectHasLease")
        .Given(Later(Lease))
        .When(Remove("k")).Then("Ok");

    [Fact]
    public async Task Trap_12_the_bytes_of_an_abandoned_put_are_kept_for_600_seconds() => await On
        .Given(Mount("a"), PutStart("k"), Later(TimeSpan.FromSeconds(599)))
        .When(UsedBytes("a")).Then("4096")
        .Given(Later(TimeSpan.FromSeconds(2)))
        .When(UsedBytes("a")).Then("0");

    [Fact]
    public async Task Trap_15_an_operators_look_grants_no_lease() => await On
        .Given(Mount("a"), Stored("k"))
        .When(CountReplicas("k")).Then("1")
        .When(Remove("k")).Then("Ok");

    [Fact]
    public async Task An_answer_waits_for_the_commit_and_bytes_are_free_only_after_it() => await On
        .Given(Mount("a", 4096), Stored("k"), Hold)
        .When(Remove("k")).Then(NoAnswerYet)
        .When(Exists("k")).Then(NoAnswerYet)
        .When(PutStart("next")).Then("NoAvailableHandle")
        .Given(Commit)
        .When(Exists("k")).Then("false")
        .When(PutStart("next")).Then("Ok");

    [Fact]
    public async Task What_was_not_committed_is_lost_with_its_Primary() => await On
        .Given(Mount("a"), Stored("k"), Later(Lease), Hold)
        .When(PutStart("new")).Then(NoAnswerYet)
        .When(Remove("k")).Then(NoAnswerYet)
        .Given(FailOver())
        .When(Exists("k", "new")).Then("[true, false]")
        .When(PutStart("new")).Then("Ok");

    [Fact]
    public async Task A_suspects_objects_stay_readable_nothing_is_placed_there_and_it_comes_back_with_them() => await On
        .Given(Mount("a"), Stored("k"), FallsSilent(), Later(TimeSpan.FromSeconds(15)))
        .When(Exists("k")).Then("true")
        .When(PutStart("new", client: "other")).Then("NoAvailableHandle")
        .Given(ReMount("writer", "a"))
        .When(Exists("k")).Then("true")
        .When(PutStart("new", client: "other")).Then("Ok");

    [Fact]
    public async Task Replicas_of_suspects_are_listed_last_and_first_again_when_they_are_back() => await On
        .Given(Mount("a"), Mount("b", client: "other"), Stored("k", config: new() { ReplicaCount = 2, PreferredSegment = "a" }))
        .When(Hosts("k")).Then("a:1 b:1")
        .Given(FallsSilent("writer"), Later(TimeSpan.FromSeconds(15)))
        .When(Hosts("k")).Then("b:1 a:1")
        .Given(FailOver())
        .When(Hosts("k")).Then("b:1 a:1")
        .Given(ReMount("writer", "a"))
        .When(Hosts("k")).Then("a:1 b:1");

    [Fact]
    public async Task A_copy_that_nobody_ends_is_given_up_after_60_seconds_and_a_late_end_does_nothing() => await On
        .Given(Mount("a"), Stored("k"), Mount("b", client: "other"), CopyStart("k", "a", "b"), Later(TimeSpan.FromSeconds(59)))
        .When(Remove("k")).Then("ReplicaIsNotReady")
        .Given(Later(TimeSpan.FromSeconds(3)))
        .When(Transfer(Messages.Calls.KeyedOperation.CopyEnd, "k")).Then("ObjectNoReplicationTask")
        .When(UsedBytes("b")).Then("4096")
        .When(CopyStart("k", "a", "b")).Then("ObjectHasReplicationTask")
        .Given(FailOver(), ReMount("writer", "a"), ReMount("other", "b"))
        .When(Transfer(Messages.Calls.KeyedOperation.CopyEnd, "k")).Then("ObjectNoReplicationTask")
        .When(CopyStart("k", "a", "b")).Then("ObjectHasReplicationTask")
        .Given(Later(TimeSpan.FromSeconds(602)))
        .When(UsedBytes("b")).Then("0")
        .Given(CopyStart("k", "a", "b"), Transfer(Messages.Calls.KeyedOperation.CopyEnd, "k"))
        .When(Readable("k")).Then("2");

    // A Primary may die behind any entry of a restart: its successor goes on, or begins, and it ends in the same.
    [Theory]
    [MemberData(nameof(Moments))]
    public async Task A_restart_survives_a_failover_at_every_moment(int committed, bool moved)
    {
        var dies = Event($"the Primary dies after {committed} entries", async master =>
        {
            _master.HoldCommitsAfter(committed);
            await MountAgain("a", "second", "a2", moved: moved).Do(master);
            await master.FailOverAsync();
        });
        await On
            .Given(Mount("a"), Stored("k1"), Stored("k2"), PutStart("unfinished", client: "other"), FallsSilent("writer"), dies)
            .Given(MountAgain("a", "second", "a2", moved: moved))
            .When(Exists("k1", "k2")).Then("[false, false]")
            .When(Capacity("a")).Then($"{MiB}")
            .When(UsedBytes("a")).Then(moved ? "0" : "4096")
            .When(ReMount("writer", "a")).Then("IllegalClient")
            .Given(FailOver())
            .When(ReMount("writer", "a")).Then("IllegalClient")
            .Given(Stored("k1"))
            .When(Exists("k1", "k2")).Then("[true, false]");
    }

    public static TheoryData<int, bool> Moments()
    {
        var moments = new TheoryData<int, bool>();
        for (var committed = 0; committed <= InProcessMaster.Shards + 6; committed++)
        {
            moments.Add(committed, false);
            moments.Add(committed, true);
        }

        return moments;
    }

    [Fact]
    public async Task A_client_that_stays_silent_loses_its_segments_and_objects() => await On
        .Given(Mount("a"), Stored("k"), FallsSilent(), Later(TimeSpan.FromSeconds(30)))
        .When(Get("k")).Then("ObjectNotFound")
        .When(StatusOf("a")).Then("SegmentNotFound");

    [Fact]
    public async Task A_graceful_unmount_takes_nothing_new_stays_readable_and_ends_after_its_time() => await On
        .Given(Mount("a"), Stored("k"), GracefullyUnmount("a", TimeSpan.FromSeconds(20)))
        .When(PutStart("new")).Then("NoAvailableHandle")
        .When(Exists("k")).Then("true")
        .Given(FailOver(), ReMount("writer", "a"))
        .When(StatusOf("a")).Then("GracefullyUnmounting")
        .Given(Later(TimeSpan.FromSeconds(21)))
        .When(Get("k")).Then("ObjectNotFound");

    [Fact]
    public async Task Hard_pinned_objects_and_leased_groups_are_not_evicted() => await On
        .Given(Mount("a", 3 * 4096), Stored("pinned", config: new() { HardPin = true }))
        .Given(Stored("g1", config: new() { GroupIds = ["g"] }), Stored("g2", config: new() { GroupIds = ["g"] }), Get("g1"))
        .When(PutStart("new")).Then("NoAvailableHandle")
        .Given(Later(TimeSpan.FromSeconds(5)))
        .When(CountReplicas("g2")).Then("1")
        .Given(Later(TimeSpan.FromSeconds(6)))
        .When(CountReplicas("g1")).Then("ObjectNotFound")
        .When(CountReplicas("g2")).Then("ObjectNotFound")
        .When(CountReplicas("pinned")).Then("1");

    [Fact]
    public async Task An_upsert_hides_the_object_until_its_end_and_survives_a_failover() => await On
        .Given(Mount("a"), Stored("k"), Upsert("k"))
        .When(Get("k")).Then("ReplicaIsNotReady")
        .Given(FailOver(), PutEnd("k"))
        .When(Get("k")).Then("Ok");

    [Fact]
    public async Task A_move_that_began_before_a_failover_ends_after_it() => await On
        .Given(Mount("a"), Stored("k"), Mount("b"), MoveStart("k", "a", "b"), FailOver())
        .Given(Transfer(Messages.Calls.KeyedOperation.MoveEnd, "k"), ReMount("writer", "a", "b"))
        .When(UsedBytes("a")).Then("0")
        .When(UsedBytes("b")).Then("4096");
}

public sealed class VirtualTimeLeaseExpiry : LeaseExpiryScenarios
{
    private protected override IScenarioMaster Master { get; } = new InProcessMaster();

    private protected override TimeSpan Lease { get; } = TimeSpan.FromSeconds(10);

    private protected override TimeSpan Discard { get; } = TimeSpan.FromSeconds(30);

    private protected override TimeSpan Release { get; } = TimeSpan.FromSeconds(600);
}

public sealed class VirtualTimePutExpiry : PutExpiryScenarios
{
    private protected override IScenarioMaster Master { get; } = new InProcessMaster();

    private protected override TimeSpan Lease { get; } = TimeSpan.FromSeconds(10);

    private protected override TimeSpan Discard { get; } = TimeSpan.FromSeconds(30);

    private protected override TimeSpan Release { get; } = TimeSpan.FromSeconds(600);
}
