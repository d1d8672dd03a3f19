// Clients that write and read without end, as the replay of a generated trace, until the test has seen enough.
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Replay;
using HotStandby.Lab.Trace;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Client;

namespace HotStandby.Tests.Doubles;

internal sealed class Load : IAsyncDisposable
{
    private const ulong Seed = 2026;
    private const int SegmentCount = 4;
    private const ulong SegmentBytes = 1UL << 40;

    private static readonly ReplayOptions Options = new()
    {
        SpeedUp = 60, // some 200 requests a second: always in the middle of some calls, and cores are left for the nodes
        BlockBytes = 64 * 1024,
        GiveUpAfter = Deadline.Test,
    };

    private readonly MooncakeMasterClient _client;
    private readonly SegmentOwner _owner;
    private readonly ReplayEngine _engine;
    private readonly Task<ReplayReport> _replay;
    private volatile bool _isEnough;

    private Load(MooncakeMasterClient client, SegmentOwner owner, CancellationToken stop)
    {
        (_client, _owner, _engine) = (client, owner, new ReplayEngine(client, Options));
        _replay = _engine.RunAsync(TraceGenerator.Generate(1_000_000, Seed).TakeWhile(_ => !_isEnough), stop);
    }

    /// <summary>Writes acknowledged so far.</summary>
    public int Acknowledged => _engine.Acknowledged.Count;

    /// <summary>Mounts memory and begins.</summary>
    public static Task<Load> StartAsync(LocalCluster cluster, CancellationToken stop, MasterConnectionSettings? settings = null) =>
        StartAsync(cluster.ClientAddresses, stop, settings);

    /// <summary>Mounts memory and begins, with the nodes at these client addresses.</summary>
    public static async Task<Load> StartAsync(
        IReadOnlyList<string> addresses, CancellationToken stop, MasterConnectionSettings? settings = null)
    {
        var id = new Uuid(7, 1000);
        var client = new MooncakeMasterClient(addresses, id, settings);
        var owner = await SegmentOwner.MountAsync(
            client, id, SegmentCount, SegmentBytes, Deadline.Step, TimeSpan.FromSeconds(1), null, stop);
        return new Load(client, owner, stop);
    }

    /// <summary>Waits for so many more acknowledged writes.</summary>
    public async Task WaitForMoreAsync(int writes, CancellationToken stop)
    {
        var target = Acknowledged + writes;
        while (Acknowledged < target)
        {
            await MustGoOnAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(5), stop);
        }
    }

    /// <summary>Fails, with the reason, when the replay has ended by itself: what a test waits for would never come.</summary>
    public async Task MustGoOnAsync()
    {
        if (_replay.IsCompleted)
            Assert.Fail($"the replay ended before its time: {(await _replay).GaveUp}"); // or throws why
    }

    /// <summary>Sends no more requests, and waits for the outcome of those under way.</summary>
    public async Task<ReplayReport> EndAsync()
    {
        _isEnough = true;
        var report = await _replay;
        Assert.False(report.GaveUp, "the replay gave up");
        return report;
    }

    /// <summary>Asks for every acknowledged write; nothing may be lost.</summary>
    public async Task NothingMustBeLostAsync(CancellationToken stop)
    {
        Assert.True(Acknowledged > 0);
        var lost = await _engine.Acknowledged.FindLostAsync(_client, stop);
        Assert.True(lost.Count == 0, $"{lost.Count} of {Acknowledged} acknowledged writes are lost: {string.Join(", ", lost.Take(10))}");
    }

    public async ValueTask DisposeAsync()
    {
        _isEnough = true;
        await _owner.DisposeAsync();
        await _client.DisposeAsync();
    }
}
