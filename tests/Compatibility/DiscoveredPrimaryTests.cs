// The finder by discovery ports: it connects to the node that they name, and follows it to the next one.
using HotStandby.Messages;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Discovery;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility;

public sealed class DiscoveredPrimaryTests
{
    private static readonly TimeSpan Patience = Deadline.Step;

    [Fact]
    public async Task The_node_that_a_discovery_port_names_is_the_one_that_calls_go_to()
    {
        await using var master = new ScriptedMaster(Ready);
        await using var knows = await ScriptedDiscovery.StartAsync();
        await using var knowsNone = await ScriptedDiscovery.StartAsync();
        knows.Publish(1, master.EndPoint.ToString()!);
        await using var finder = new PrimaryFinder([knowsNone.Scheme, knows.Scheme]);
        Assert.Equal(master.EndPoint, (await finder.GetAsync().AsTask().WaitAsync(Patience)).EndPoint);
    }

    [Fact]
    public async Task A_view_of_a_later_epoch_moves_the_connection_and_one_of_an_earlier_epoch_does_not()
    {
        await using var first = new ScriptedMaster(Ready);
        await using var second = new ScriptedMaster(Ready);
        await using var discovery = await ScriptedDiscovery.StartAsync();
        await using var other = await ScriptedDiscovery.StartAsync();
        discovery.Publish(5, first.EndPoint.ToString()!);
        await using var finder = new PrimaryFinder([discovery.Scheme, other.Scheme]);
        var before = await finder.GetAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(first.EndPoint, before.EndPoint);
        await UntilAsync(() => discovery.WatchesOpened == 1 && other.WatchesOpened == 1);

        // It comes late, from a node that was cut off. The later view behind it shows that it was read.
        other.Publish(4, "127.0.0.1:1");
        other.Publish(6, second.EndPoint.ToString()!);
        await UntilAsync(() => !before.IsOpen);
        Assert.Equal(second.EndPoint, (await finder.GetAsync().AsTask().WaitAsync(Patience)).EndPoint);
    }

    [Fact]
    public async Task A_connection_to_the_node_that_is_named_again_stays()
    {
        await using var master = new ScriptedMaster(Ready);
        await using var next = new ScriptedMaster(Ready);
        await using var discovery = await ScriptedDiscovery.StartAsync();
        discovery.Publish(1, master.EndPoint.ToString()!);
        List<DiscoveredView> heard = [];
        await using var client = new DiscoveryClient(
            [discovery.Address], DiscoveryKey.DefaultCluster, Patience, view => { lock (heard) heard.Add(view); }, TimeProvider.System);
        await using var finder = new PrimaryFinder([discovery.Scheme]);
        var connection = await finder.GetAsync().AsTask().WaitAsync(Patience);
        client.Watch();
        await UntilAsync(() => client.Latest.Epoch == 1);

        discovery.Publish(2, master.EndPoint.ToString()!);
        await UntilAsync(() => client.Latest.Epoch == 2);
        Assert.Same(connection, await finder.GetAsync().AsTask().WaitAsync(Patience));
        Assert.True(connection.IsOpen);
        lock (heard)
            Assert.Equal<ulong>([1, 2], heard.Select(static view => view.Epoch));
    }

    [Fact]
    public async Task Where_none_is_found_it_is_said_of_each_discovery_port_why()
    {
        string gone;
        await using (var closed = await ScriptedDiscovery.StartAsync())
            gone = closed.Address;
        await using var standby = new ScriptedMaster(call => call.AnswerAsync<Expected<ByteString>>(ErrorCode.UnavailableInCurrentMode));
        await using var knowsNone = await ScriptedDiscovery.StartAsync();
        await using var namesStandby = await ScriptedDiscovery.StartAsync();
        await using var refuses = await ScriptedDiscovery.StartAsync();
        await using var namesNonsense = await ScriptedDiscovery.StartAsync();
        namesStandby.Publish(1, standby.EndPoint.ToString()!);
        namesNonsense.Publish(1, "no address");
        refuses.Refusal = "too many streams";
        await using var finder = new PrimaryFinder(
            [$"etcd://{gone};{knowsNone.Address};{namesStandby.Address};{refuses.Address};{namesNonsense.Address}"]);
        var failure = await Assert.ThrowsAsync<MasterRpcException>(() => finder.GetAsync().AsTask().WaitAsync(Patience));
        Assert.Equal(MasterRpcFailure.NotSent, failure.Failure);
        Assert.Contains($"{gone} does not answer (", failure.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"{knowsNone.Address} knows of no node that serves, by the key mooncake-store/mooncake_cluster/master_view",
            failure.Message, StringComparison.Ordinal);
        Assert.Contains($"{namesStandby.Address} names {standby.EndPoint}", failure.Message, StringComparison.Ordinal);
        // Told once, of whichever port came first: one that does not answer leads to the node that was named last.
        Assert.Contains($"; {standby.EndPoint} is a Standby", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"{refuses.Address} does not answer (too many streams)", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"{namesNonsense.Address} names no address", failure.Message, StringComparison.Ordinal);
    }

    // The Primary serves, and no discovery port can be reached: what they said last is still right.
    [Fact]
    public async Task The_node_that_was_named_last_is_asked_when_no_discovery_port_answers()
    {
        await using var master = new ScriptedMaster(Ready);
        var discovery = await ScriptedDiscovery.StartAsync();
        discovery.Publish(1, master.EndPoint.ToString()!);
        await using var finder = new PrimaryFinder([discovery.Scheme]);
        var connection = await finder.GetAsync().AsTask().WaitAsync(Patience);
        await discovery.DisposeAsync();
        await finder.LeaveAsync(connection);
        var again = await finder.GetAsync().AsTask().WaitAsync(Patience);
        Assert.NotSame(connection, again);
        Assert.Equal(master.EndPoint, again.EndPoint);
    }

    private static Task Ready(ReceivedCall call) => call.AnswerAsync<Expected<ByteString>>((ByteString)RpcTable.StoreProtocolVersion);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
            await timer.WaitForNextTickAsync(deadline.Token);
    }
}
