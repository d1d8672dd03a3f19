// Six states of a cluster as the page's nodes would tell them, made of the records that a node's answers are made of.
using HotStandby.CommandLine.Status;
using HotStandby.Host.Events;
using HotStandby.Host.Http;

namespace HotStandby.Tests.Process.Page;

/// <summary>What the page is shown, and what it must say of it.</summary>
/// <param name="Name">Of the state; also of its pictures.</param>
/// <param name="Verdict">What the headline must be.</param>
/// <param name="Detail">What the sentence below must contain.</param>
/// <param name="Offered">Operator commands that must be offered on node1, whose page it is.</param>
/// <param name="Refused">Operator commands that must not.</param>
/// <param name="Nodes">What the nodes say, the same all the time but for <see cref="PageStage"/>'s ticks.</param>
/// <param name="Events">What has happened.</param>
internal sealed record Scene(
    string Name, string Verdict, string Detail, string[] Offered, string[] Refused, IReadOnlyList<NodeSnapshot> Nodes,
    IReadOnlyList<NodeEvent> Events)
{
    /// <summary>The nodes' last ten minutes.</summary>
    public IReadOnlyList<PastBody> Past { get; init; } = [];
}

/// <summary>The scenes.</summary>
internal static class PageScenes
{
    /// <summary>A name that is no name but an attack, and too long for any column.</summary>
    public const string HostileName =
        "<img src=x onerror=\"document.title='broken'\">-a-name-that-is-much-longer-than-any-column-of-a-table-can-be";

    private const double Watermark = 0.9;
    private const long GiB = 1L << 30;
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private static readonly string[] Names = ["node1", "node2", "node3"];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Scene> All { get; } = [Fresh(), UnderLoad(), NodeDown(), FullSync(), ManySegments(), Failover()];

    private static Scene Fresh() => new(
        "fresh", "node1 serves, epoch 1", "3 of 3 voters; service survives the loss of 1. A failover now would lose nothing",
        ["status", "switchover"], ["drain", "full-sync", "verify", "verify inject"],
        [Primary("node1", 1, 12), Standby("node2", 1, 12), Standby("node3", 1, 12)],
        [Event(1, 40, "node1", 1, "RoleTaken", "Node node1 is Candidate in epoch 1: the oracle says: try to lead (last 0, committed 0)"),
            Event(2, 39.8, "node1", 1, "MajoritySealed", "A majority is sealed for epoch 1, the best log is that of node1"),
            Event(3, 39.7, "node1", 1, "RoleTaken",
                "Node node1 is Primary in epoch 1: a majority is sealed and the tail is here (last 1, committed 0)"),
            Event(4, 39.6, "node1", 1, "Serves", "Node node1 serves in epoch 1"),
            Event(5, 39.59, "node1", 1, "ServiceFounded", "The cluster serves for the first time: node node1, epoch 1")]);

    private static Scene UnderLoad() => new(
        "under-load", "node1 serves, epoch 3", "service survives the loss of 1", ["switchover", "drain"], ["full-sync"],
        [
            Primary("node1", 3, 9_432_118) with
            {
                Objects = 812_345,
                Segments = [.. Enumerable.Range(0, 6).Select(i => new SegmentSnapshot($"kv-worker-{i}", UsedOf(i), 40UL * GiB))],
                SegmentCount = 6, UsedBytes = 120UL * GiB, CapacityBytes = 240UL * GiB, ClientCount = 6,
                Clients =
                [
                    .. Enumerable.Range(0, 6).Select(i =>
                        Client($"{7_000_000 + i}-99", $"kv-worker-{i}:12345", UsedOf(i), 40UL * GiB, 200 + (i * 350))),
                ],
                SlowCalls =
                [
                    new SlowCallSnapshot(Now.AddSeconds(-8), "BatchPutStart", 412.7, 128, HostileName),
                    new SlowCallSnapshot(Now.AddSeconds(-31), "GetReplicaList", 131.2, 1, "req-17/block-3"),
                ],
            },
            Standby("node2", 3, 9_432_110) with { Objects = 812_345 }, Standby("node3", 3, 9_431_900) with { Objects = 812_340 },
        ],
        [])
    {
        Past = [.. Names.Select((name, i) => Load(name, isPrimary: i == 0))],
    };

    private static ulong UsedOf(int worker) => (ulong)((5 + (worker * 6)) * GiB);

    private static Scene NodeDown() => new(
        "node-down", "node1 serves, epoch 2", "2 of 3 voters; the next loss stops service: node3 is not in the cluster",
        ["switchover"], ["full-sync"],
        [Primary("node1", 2, 5_120, Lost("node3")), Standby("node2", 2, 5_120, Lost("node3"))],
        [Event(1, 61, "node1", 2, "NodeUnreachable", "node3 (akka.tcp://hotstandby@10.0.0.3:5101) cannot be reached"),
            Event(2, 58, "node1", 2, "NodeDowned", "node3 (akka.tcp://hotstandby@10.0.0.3:5101) is removed from the cluster"),
            Event(3, 52, "node1", 2, "VoterMissing", "2 of 3 voters; the next loss stops service: node3 is not in the cluster")]);

    private static Scene FullSync() => new(
        "full-sync", "node1 serves, epoch 2", "node3 (a full sync runs)",
        ["status"], ["switchover", "full-sync"],
        [
            Primary("node1", 2, 77_120),
            Standby("node2", 2, 60_000) with { ReadyReason = "more than 10000 entries are not applied yet" },
            Standby("node3", 2, 0) with
            {
                State = "catching_up", ReadyReason = "a full sync runs",
                View = View("node3", 2, 0, serving: false, Whole()) with
                {
                    State = new StateView(false, 0, 0, new SyncView("node1", 37, 65, 3 * GiB, 90e6, 21.4)),
                },
            },
        ],
        [Event(1, 12, "node3", 2, "FullSyncBegins", "Node node3 begins a full sync: its log ends at 0, its state is not whole")]);

    private static Scene ManySegments() => new(
        "200-segments", "node1 serves, epoch 1", "service survives the loss of 1", ["drain"], ["verify"],
        [
            Primary("node1", 1, 400_000) with
            {
                SegmentCount = 200, UsedBytes = 1500UL * GiB, CapacityBytes = 2000UL * GiB, ClientCount = 200,
                Segments =
                [
                    .. Enumerable.Range(0, NodeSnapshot.MostSegments).Select(i =>
                        new SegmentSnapshot(HostOf(i), (ulong)((97 - i) * GiB / 10), 10UL * GiB)),
                ],
                Clients =
                [
                    .. Enumerable.Range(0, NodeSnapshot.MostSegments).Select(i =>
                        Client($"{18_446_744_073_709_000_000 + (ulong)i}-18446744073709551000", HostOf(i), (ulong)GiB, 10UL * GiB, i * 90)),
                ],
            },
            Standby("node2", 1, 400_000), Standby("node3", 1, 400_000),
        ],
        []);

    private static string HostOf(int index) => index == 0 ? HostileName : $"rack-{index / 8}-host-{index}";

    private static Scene Failover() => new(
        "failover", "node2 serves, epoch 8", "2 of 3 voters; the next loss stops service: node3 is not in the cluster",
        ["full-sync", "verify"], ["switchover", "drain"],
        [Standby("node1", 8, 1_204, Lost("node3", serves: "node2")), Primary("node2", 8, 1_204, Lost("node3", serves: "node2"))],
        [
            Event(1, 4.60, "node1", 7, "LeaseLapsed", "The grants of a majority to node3 in epoch 7 have lapsed: it has no lease any more"),
            Event(1, 4.62, "node2", 7, "NodeUnreachable", "node3 (akka.tcp://hotstandby@10.0.0.3:5101) cannot be reached"),
            Event(2, 4.55, "node2", 7, "NodeDowned",
                "node3 (akka.tcp://hotstandby@10.0.0.3:5101) is removed from the cluster: no majority grants it epoch 7 any more"),
            Event(3, 4.31, "node2", 8, "RoleTaken",
                "Node node2 is Candidate in epoch 8: the oracle says: try to lead (last 1203, committed 1203)"),
            Event(4, 4.30, "node2", 8, "MajoritySealed", "A majority is sealed for epoch 8, the best log is that of node2"),
            Event(5, 4.28, "node2", 8, "RoleTaken",
                "Node node2 is Primary in epoch 8: a majority is sealed and the tail is here (last 1204, committed 1203)"),
            Event(6, 4.20, "node2", 8, "Serves", "Node node2 serves in epoch 8"),
            Event(7, 4.19, "node2", 8, "ServiceBack",
                "Service is back after 2431 ms: node node2 serves in epoch 8; node node3 served before and lost its lease"),
        ]);

    private static NodeSnapshot Primary(string name, ulong epoch, ulong committed, ClusterView? cluster = null) =>
        new(Now, name, "serving", Serving: true, Objects: 0, ReadyReason: null)
        {
            View = View(name, epoch, committed, serving: true, cluster ?? Whole()),
            Members = Members(cluster ?? Whole()), About = About(name),
            UptimeSeconds = 90_000, ResidentBytes = 214L << 20, DataBytes = 410L << 20, FreeBytes = 88 * GiB,
        };

    private static NodeSnapshot Standby(string name, ulong epoch, ulong applied, ClusterView? cluster = null) =>
        new(Now, name, "standby", Serving: false, Objects: 0, ReadyReason: null)
        {
            View = View(name, epoch, applied, serving: false, cluster ?? Whole()),
            Members = Members(cluster ?? Whole()), About = About(name),
            UptimeSeconds = 800, ResidentBytes = 190L << 20, DataBytes = 402L << 20, FreeBytes = 79 * GiB,
        };

    private static NodeFacts About(string name) =>
        new($"{name}.example:50051", $"{name}.example:2379", 64, Watermark, false, []) { Version = "0.1.0" };

    private static NodeView View(string name, ulong epoch, ulong sequence, bool serving, ClusterView cluster) => new(
        name, serving ? "primary" : "standby", serving, epoch,
        cluster.Configured.First(static voter => voter.State == VoterStates.Serves).Node,
        Voting: true, sequence, sequence, sequence, sequence, serving ? 1_640 : 0, 0, [], new ApplyLagView(0, 0, 0, 0, 0), [])
    {
        Cluster = cluster, State = new StateView(true, 0, 0, null),
        Verification = serving ? null : new VerificationView(true, true, 130, 40_000, 0, 0, 0, 0, 2, 70_000, []),
    };

    private static ClusterView Whole() => new(Verdicts.Ok, 3, 3, 2, "3 of 3 voters; service survives the loss of 1",
        [new("node1", VoterStates.Serves), new("node2", VoterStates.Votes), new("node3", VoterStates.Votes)]);

    private static ClusterView Lost(string lost, string serves = "node1") => new(
        Verdicts.Degraded, 3, 2, 2, $"2 of 3 voters; the next loss stops service: {lost} is not in the cluster",
        [
            .. Names.Select(name => new VoterView(
                name, name == lost ? VoterStates.Absent : name == serves ? VoterStates.Serves : VoterStates.Votes)),
        ]);

    private static MemberBody[] Members(ClusterView cluster) =>
    [
        .. cluster.Configured.Where(static voter => voter.State != VoterStates.Absent).Select(static voter => new MemberBody(
            voter.Node, $"akka.tcp://hotstandby@{voter.Node}.example:5101", "Up", true, true, "", "")),
    ];

    private static ClientSnapshot Client(string id, string endpoint, ulong used, ulong capacity, long silent) =>
        new(id, endpoint, 1, used, capacity, silent);

    private static NodeEvent Event(long number, double secondsAgo, string node, ulong epoch, string kind, string text) =>
        new(number, Now.AddSeconds(-secondsAgo), node, epoch, kind, text);

    // A day in the life: waves, a burst of lag, a minute of slow calls.
    private static PastBody Load(string name, bool isPrimary) => new(name, [.. Enumerable.Range(0, RecentPast.Capacity).Select(second =>
    {
        var wave = 1 + (0.3 * Math.Sin(second / 40.0)) + (0.08 * Math.Sin(second * 1.7));
        var slow = second is > 400 and < 460 ? 6 : 1;
        return new PastPoint(
            Now.AddSeconds(second - RecentPast.Capacity).ToUnixTimeMilliseconds(), Math.Round(21_000 * wave / slow),
            isPrimary ? Math.Round(34_000 * wave / slow) : 0, isPrimary ? 0.75 * slow : null, isPrimary ? 6 * slow * wave : null,
            isPrimary ? 0UL : (ulong)(name == "node3" && second is > 200 and < 240 ? 9000 : 60 * wave));
    })]);
}
