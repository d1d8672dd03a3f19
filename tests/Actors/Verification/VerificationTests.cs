// Three nodes in one process that verify themselves all the time, under load: what is put wrong is found and repaired, and what is right
// is never called wrong.
using HotStandby.Actors.Node;
using HotStandby.Actors.Verification;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Verification;

public sealed class VerificationTests : IAsyncDisposable
{
    private const string Often = "hotstandby.verification { interval = 50ms, ratio = 0.5, keys-per-request = 7 }";
    private const int Shards = 4;
    private const string Faulty = "hotstandby.testing.faults = on";

    private static readonly Partition Damaged = Partition.OfShard(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly Nodes _nodes = new();
    private readonly NodeClient _client = new(new Uuid(1, 2));
    private readonly CancellationTokenSource _stop = new();
    private HotStandbyNode _primary = null!;
    private IReadOnlyList<HotStandbyNode> _standbys = [];
    private Task _load = Task.CompletedTask;

    [Fact]
    public async Task Every_fault_in_a_Standby_is_repaired_under_load()
    {
        await StartAsync($"{Often}\n{Faulty}");
        await PutManyAsync(400);
        _load = LoadAsync();
        var standby = _standbys[0];
        var mismatched = 0L;
        foreach (var fault in Enum.GetValues<VerifyFault>())
        {
            var affected = await standby.InjectFaultAsync(Damaged, fault, CancellationToken.None);
            Assert.True(affected > (fault == VerifyFault.DamageShard ? 50 : 0), $"{fault} affected {affected}");
            mismatched += affected;
            await Nodes.WaitUntilAsync($"{fault}: found and repaired", async () =>
                await VerificationOf(standby) is { IsClean: true } report && report.Counts.Mismatched >= mismatched);
        }

        await EndLoadAsync();
        var report = await VerificationOf(standby);
        Assert.Equal((mismatched, mismatched, 0), (report.Counts.Mismatched, report.Counts.Repaired, report.Counts.FullSyncsNeeded));
        Assert.True(report.Counts.Failed >= 5);
        Assert.Equal(0, (await VerificationOf(_standbys[1])).Counts.Failed);
        await AllMustAgreeAsync();
        _nodes.NoneMustHaveFailed();
    }

    [Fact]
    public async Task Nothing_is_ever_called_wrong_in_a_clean_run_under_load()
    {
        var began = TimeProvider.System.GetTimestamp();
        await StartAsync(Often);
        _load = LoadAsync();
        foreach (var standby in _standbys)
            await Nodes.WaitUntilAsync("twenty cycles", async () => (await VerificationOf(standby)).Counts.Cycles >= 20);
        await EndLoadAsync();
        foreach (var standby in _standbys)
        {
            var report = await VerificationOf(standby);
            Assert.Equal((0, 0, true), (report.Counts.Failed, report.Counts.Mismatched, report.IsClean));
            Assert.True(report.Counts.KeysCompared > 0);
            Assert.InRange(report.LastCycleAgeMilliseconds!.Value, 0, (long)TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
        }

        Assert.Equal(0, (await VerificationOf(_primary)).Counts.Compared);
        await AllMustAgreeAsync();
        _nodes.NoneMustHaveFailed();
    }

    [Fact]
    public async Task A_shard_beyond_the_threshold_gets_a_full_sync_under_load()
    {
        await StartAsync($"{Often}\n{Faulty}\nhotstandby.verification.repair-threshold = 10");
        await PutManyAsync(200);
        _load = LoadAsync();
        var standby = _standbys[1];
        Assert.True(await standby.InjectFaultAsync(Damaged, VerifyFault.DamageShard, CancellationToken.None) > 10);
        await Nodes.WaitUntilAsync("a full sync, and nothing wrong after it", async () =>
            await VerificationOf(standby) is { IsClean: true, Counts.FullSyncsNeeded: > 0 });
        await EndLoadAsync();
        Assert.Equal(0, (await VerificationOf(standby)).Counts.Mismatched);
        Assert.Equal(0, (await VerificationOf(_standbys[0])).Counts.Failed);
        await AllMustAgreeAsync();
        _nodes.NoneMustHaveFailed();
    }

    [Fact]
    public async Task A_wrong_image_of_the_very_seq_that_a_full_sync_brings_is_replaced_for_good()
    {
        const string seldom = "hotstandby.verification.interval = 1h\nhotstandby.objects.client-ttl = 1h"; // nothing writes but the test
        await StartAsync($"{seldom}\n{Faulty}");
        await PutManyAsync(100);
        await AllMustAgreeAsync();
        var standby = _standbys[0];
        Assert.True(await standby.InjectFaultAsync(Damaged, VerifyFault.DamageShard, CancellationToken.None) > 10);
        for (var rounds = 0; rounds < 2; rounds++) // the second begins when the first has ended
            await Nodes.WaitUntilAsync("a checkpoint of what is wrong", async () =>
                await standby.RunAsync(NodeCommand.Checkpoint, CancellationToken.None) is null);
        Assert.NotEqual(await DigestOf(_primary), await DigestOf(standby));

        Assert.Null(await standby.RunAsync(NodeCommand.FullSync, CancellationToken.None));
        await Nodes.WaitUntilAsync("the right state", async () => await DigestOf(standby) == await DigestOf(_primary));
        await AllMustAgreeAsync();
        _nodes.NoneMustHaveFailed();
    }

    [Fact]
    public async Task Faults_are_refused_unless_they_are_switched_on_and_never_put_into_a_Primary()
    {
        var node = await Nodes.WaitForPrimaryAsync(await _nodes.StartAloneAsync(_directory.Path));
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => node.InjectFaultAsync(Partition.OfShard(0), VerifyFault.CorruptKey, CancellationToken.None));
        Assert.Contains("hotstandby.testing.faults", refusal.Message, StringComparison.Ordinal);
        await node.StopAsync();

        node = await Nodes.WaitForPrimaryAsync(await _nodes.StartAloneAsync(_directory.Path, Faulty));
        refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => node.InjectFaultAsync(Partition.OfShard(0), VerifyFault.CorruptKey, CancellationToken.None));
        Assert.Contains("leads", refusal.Message, StringComparison.Ordinal);
        refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => node.InjectFaultAsync(Partition.SegmentTable, VerifyFault.CorruptKey, CancellationToken.None));
        Assert.Contains("no shard", refusal.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _nodes.DisposeAsync();
        _stop.Dispose();
        _directory.Dispose();
    }

    private static async Task<string> DigestOf(HotStandbyNode node) =>
        string.Join(' ', (await Nodes.ReportOfAsync(node)).Partitions.Select(partition => partition.Digest));

    private static async Task<VerificationReport> VerificationOf(HotStandbyNode node) => (await Nodes.ReportOfAsync(node)).Verification!;

    private async Task StartAsync(string hocon)
    {
        var ports = Nodes.FreePorts(3);
        var nodes = new List<HotStandbyNode>();
        for (var i = 0; i < ports.Length; i++)
            nodes.Add(await _nodes.StartAsync(_directory.Path, i, ports, hocon));
        _primary = await Nodes.WaitForPrimaryAsync(nodes);
        _standbys = [.. nodes.Where(node => node != _primary)];
        Assert.Equal(ErrorCode.Ok, await _client.MountAsync(_primary));
    }

    private async Task PutManyAsync(int count)
    {
        foreach (var some in Enumerable.Range(0, count).Select(number => $"key-{number}").Chunk(50))
            await _client.PutAsync(_primary, some);
        await AllMustAgreeAsync();
    }

    // Objects come and go. In the shard that is damaged they only come: an entry about an object that was dropped there stops the node,
    // which is as it should be.
    private Task LoadAsync() => Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
    {
        for (var round = 0; !_stop.IsCancellationRequested; round++)
        {
            var keys = Enumerable.Range(0, 20).Select(number => $"load-{writer}-{round}-{number}").ToArray();
            await _client.PutAsync(_primary, keys);
            foreach (var key in keys.Where(key => Partition.ShardOf(ObjectKey.From(key).Hash, Shards) != Damaged.ShardIndex))
                Assert.Equal(ErrorCode.Ok, await _client.RemoveAsync(_primary, key));
        }
    })));

    private async Task EndLoadAsync()
    {
        Assert.False(_load.IsFaulted, _load.Exception?.ToString());
        await _stop.CancelAsync();
        await _load;
    }

    private async Task AllMustAgreeAsync()
    {
        // Markers go on; so the digests are compared, each at the seq of the partition's last entry.
        await Nodes.WaitUntilAsync("all nodes hold the same", async () =>
        {
            var reports = await Task.WhenAll(_standbys.Append(_primary).Select(Nodes.ReportOfAsync));
            return reports.All(report => report.Partitions.Select(partition => partition.Digest)
                .SequenceEqual(reports[0].Partitions.Select(partition => partition.Digest)));
        });
    }
}
