// Mounting, and keeping what is mounted alive across a new Primary.
using HotStandby.Lab.Replay;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Process.Trace;

public sealed class SegmentOwnerTests
{
    private static readonly Uuid Client = new(7, 70);
    private static readonly TimeSpan Deadline = Tests.Deadline.Step;

    [Fact]
    public async Task Segments_are_different_and_do_not_overlap()
    {
        await using var master = new FakeMaster();
        await using var owner = await Mount(master, 3, 1UL << 40);
        Assert.Equal(owner.Segments, master.Mounted);
        Assert.Equal(3, master.Mounted.Select(segment => segment.Id).Distinct().Count());
        Assert.Equal(3, master.Mounted.Select(segment => segment.Name).Distinct().Count());
        Assert.All(master.Mounted.Zip(master.Mounted.Skip(1)), pair =>
            Assert.True(pair.First.BaseAddress + pair.First.SizeBytes <= pair.Second.BaseAddress));
        Assert.All(master.Mounted, segment => Assert.NotEqual(0UL, segment.BaseAddress));
    }

    [Fact]
    public async Task A_new_Primary_that_asks_for_them_gets_all_segments_again()
    {
        await using var master = new FakeMaster();
        await using var owner = await Mount(master, 2, 1024);
        await Until(() => master.Pings >= 2);
        Assert.Equal(0, owner.Remounts);
        // An error beside the status says nothing about it.
        (master.PingError, master.Status) = (ErrorCode.RpcFail, ClientStatus.NeedRemount);
        var pings = master.Pings;
        await Until(() => master.Pings >= pings + 3);
        Assert.Null(master.Remounted);
        master.PingError = ErrorCode.Ok;
        await Until(() => owner.Remounts == 1);
        Assert.Equal(owner.Segments, master.Remounted);
    }

    [Fact]
    public async Task Mounting_waits_for_a_node_that_serves()
    {
        await using var master = new FakeMaster();
        master.RefuseMounts(Fault.NotLeading, Fault.AnswerLost, Fault.NotLeading);
        await using var owner = await Mount(master, 1, 1024);
        Assert.Single(master.Mounted);
    }

    [Fact]
    public async Task A_refusal_and_a_cluster_that_never_serves_are_told_apart()
    {
        await using var refusing = new FakeMaster { MountError = ErrorCode.InvalidParams };
        Assert.False((await Assert.ThrowsAsync<SegmentRefusedException>(() => Mount(refusing, 1, 1024))).IsTemporary);
        await using var absent = new FakeMaster { MountError = ErrorCode.RpcFail };
        Assert.True((await Assert.ThrowsAsync<SegmentRefusedException>(() => MountInVain(absent))).IsTemporary);
    }

    [Fact]
    public async Task Two_runs_at_once_offer_memory_of_different_endpoints()
    {
        await using var master = new FakeMaster();
        await using var one = await Mount(master, 2, 1024);
        await using var other = await SegmentOwner.MountAsync(
            master, new Uuid(8, 80), 2, 1024, Deadline, Deadline, time: null, CancellationToken.None);
        Assert.Empty(one.Segments.Select(segment => segment.TransportEndpoint)
            .Intersect(other.Segments.Select(segment => segment.TransportEndpoint)));
    }

    [Fact]
    public async Task An_owner_that_ends_takes_its_segments_back()
    {
        await using var master = new FakeMaster();
        var owner = await Mount(master, 3, 1024);
        Assert.Empty(master.Unmounted);
        await owner.DisposeAsync();
        Assert.Equal(owner.Segments.Select(segment => segment.Id), master.Unmounted);
    }

    [Fact]
    public async Task An_owner_ends_though_no_node_takes_its_segments_back()
    {
        await using var master = new FakeMaster();
        var owner = await Mount(master, 3, 1024, new SteppedTime());
        master.UnmountError = ErrorCode.UnavailableInCurrentMode;
        await owner.DisposeAsync().AsTask().WaitAsync(Deadline);
        Assert.Empty(master.Unmounted);
    }

    [Fact]
    public async Task A_refusal_says_why_and_what_to_do_and_no_service_says_what_each_address_did()
    {
        await using var refusing = new FakeMaster { MountError = ErrorCode.InvalidParams };
        var refusal = await Assert.ThrowsAsync<SegmentRefusedException>(() => Mount(refusing, 1, 1024));
        Assert.Contains("InvalidParams (-600)", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--segment-bytes", refusal.Message, StringComparison.Ordinal);
        await using var absent = new FakeMaster { MountError = ErrorCode.UnavailableInCurrentMode, Why = () => "h1:1 is a Standby" };
        var absence = await Assert.ThrowsAsync<SegmentRefusedException>(() => MountInVain(absent));
        Assert.Contains("within 0.5 s: h1:1 is a Standby", absence.Message, StringComparison.Ordinal);
    }

    private static Task<SegmentOwner> Mount(FakeMaster master, int count, ulong bytes, TimeProvider? time = null) =>
        SegmentOwner.MountAsync(
        master, Client, count, bytes, patience: Deadline, pingInterval: TimeSpan.FromMilliseconds(5), time, CancellationToken.None);

    // The time of an owner that gives up passes only while it waits.
    private static Task<SegmentOwner> MountInVain(FakeMaster master) => SegmentOwner.MountAsync(
        master, Client, 1, 1024, patience: TimeSpan.FromMilliseconds(500), pingInterval: Deadline, new SteppedTime(),
        CancellationToken.None);

    private static async Task Until(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!condition())
            await timer.WaitForNextTickAsync(deadline.Token);
    }
}
