// What clients saw of node processes whose Primary is frozen and goes on has an order; and what an asynchronous cluster loses has none,
// which shows that the checker finds losses of real clusters. Killed and leaving Primaries: tests/Failover/Scenarios/HistoryScenarios.cs.
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Histories;
using HotStandby.Lab.Replay;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Histories;

public sealed class ClusterHistoryTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Enough = 600;
    private const string Key = "k";
    private const ulong SizeBytes = 4096;
    private static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(500);

    [Fact]
    public Task The_history_of_a_cluster_whose_Primary_is_frozen_and_goes_on_has_an_order() => WithClusterAsync(
        3,
        async (cluster, stop) =>
        {
            cluster.StartAll();
            await cluster.WaitForPrimaryAsync(Patience, stop);
            await HistoryJudge.JudgeAsync(cluster.ClientAddresses, Output.WriteLine, history => FreezeAsync(cluster, history, stop), stop);
        },
        "hotstandby.objects.lease-ttl = 200ms"); // short, so that readers and removers without force meet

    private static async Task FreezeAsync(LocalCluster cluster, History history, CancellationToken stop)
    {
        var frozen = await cluster.WaitForPrimaryAsync(Patience, stop);
        await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
        frozen.Send(NodeSignal.Stop);
        await WaitForSuccessorAsync(cluster, frozen, stop);
        await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
        // Clients that know no other node still wait for it: whatever it answers now belongs to the past.
        frozen.Send(NodeSignal.Continue);
        await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
        await WaitUntilAsync(
            $"{frozen.Id} is a Standby", Patience, async () => await cluster.StatusAsync(frozen, stop) is { Role: "standby" }, stop);
        await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
    }

    [Fact]
    public Task What_an_asynchronous_cluster_loses_is_found_in_its_history() => WithClusterAsync(
        3,
        async (cluster, stop) =>
        {
            cluster.StartAll();
            var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
            var standbys = cluster.Nodes.Where(node => node != primary).ToArray();
            var (id, history) = (new Uuid(1, 1), new History());
            await using var client = new MooncakeMasterClient(cluster.ClientAddresses, id);
            await using var memory = await SegmentOwner.MountAsync(
                client, id, 1, HistoryWorkloadSettings.Default.SegmentBytes, Patience, PingInterval, null, stop);

            Assert.Equal(
                ErrorCode.Ok, await RecordAsync(history, OperationKind.PutStart, () => client.BatchPutStartAsync([Key], SizeBytes, stop)));
            foreach (var standby in standbys)
                standby.Send(NodeSignal.Kill);
            foreach (var standby in standbys)
                await WaitForExitCodeAsync(standby, Patience, stop);
            // No node is left to store it but the Primary, which may answer until its lease ends.
            Assert.Equal(ErrorCode.Ok, await RecordAsync(history, OperationKind.PutEnd, () => client.BatchPutEndAsync([Key], stop)));
            primary.Send(NodeSignal.Kill);
            await WaitForExitCodeAsync(primary, Patience, stop);
            foreach (var standby in standbys)
                standby.Start();
            await WaitForSuccessorAsync(cluster, primary, stop);

            await WaitUntilAsync(
                "an answer of the successor", Patience,
                async () => await RecordAsync(history, OperationKind.Exists, () =>
                    client.BatchExistAsync([Key], stop)) is ErrorCode.Ok or ErrorCode.ObjectNotFound, stop);
            var verdict = LinearizabilityChecker.Check(history);
            Output.WriteLine(verdict.ToString());
            Assert.Equal((VerdictKind.Violation, Key), (verdict.Kind, verdict.Key));
        },
        "hotstandby { commit = async, max-replication-lag = 10s }");

    // One call of the one client of a history that is recorded by hand.
    private static async Task<ErrorCode> RecordAsync(History history, OperationKind kind, Func<Task<BatchAnswer>> call)
    {
        var number = history.Begin("client", Key, kind, kind == OperationKind.PutStart ? SizeBytes : 0);
        var answer = await call();
        var error = answer.Call == ErrorCode.Ok ? answer.Items[0] : answer.Call;
        history.End(number, error switch
        {
            ErrorCode.Ok => Outcome.Ok,
            ErrorCode.RpcFail or ErrorCode.RpcTimeout => Outcome.Unknown,
            _ => Outcome.Refused(error),
        });
        return error;
    }
}
