// Watches, as etcd's clients hold them: every change is told once and in order, from the place that the client asks for.
using Grpc.Core;
using HotStandby.Actors.Gateway;
using HotStandby.Mooncake.Discovery;

namespace HotStandby.Tests.Process.Discovery;

public sealed class DiscoveryWatchTests
{
    private const int Changes = 500;

    [Fact]
    public async Task A_watch_is_confirmed_at_once_and_told_of_every_change()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        using var watch = node.Watch();
        var created = await watch.BeginAsync();
        Assert.Equal(node.Views.Latest.Revision, created.Header.Revision);
        node.Serve(7, "node2");
        Assert.Equal("+7 node2.example:50051", await watch.EventAsync());
        node.End();
        Assert.Equal("-", await watch.EventAsync());
        node.Serve(9);
        Assert.Equal("+9 node1.example:50051", await watch.EventAsync());
        node.Serve(10); // straight from reign to reign: the end is told, too
        Assert.Equal("-", await watch.EventAsync());
        Assert.Equal("+10 node1.example:50051", await watch.EventAsync());
        await watch.NothingMoreAsync();
    }

    [Fact]
    public async Task A_watch_through_many_changes_misses_none_and_revisions_only_grow()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        using var watch = node.Watch();
        var last = (await watch.BeginAsync()).Header.Revision;
        var changing = Task.Run(() =>
        {
            for (var epoch = 1ul; epoch <= Changes; epoch++)
            {
                node.Serve(epoch);
                node.End();
            }
        });
        for (var epoch = 1; epoch <= Changes; epoch++)
            foreach (var type in (Event.Types.EventType[])[Event.Types.EventType.Put, Event.Types.EventType.Delete])
            {
                var answer = await watch.NextAsync();
                var told = Assert.Single(answer.Events);
                Assert.Equal(type, told.Type);
                Assert.True(type == Event.Types.EventType.Delete || told.Kv.CreateRevision == epoch);
                Assert.True(
                    told.Kv.ModRevision > last && told.Kv.ModRevision == answer.Header.Revision, $"{told.Kv.ModRevision} after {last}");
                last = told.Kv.ModRevision;
            }

        await changing;
        await watch.NothingMoreAsync();
    }

    [Fact]
    public async Task What_was_read_and_what_is_watched_from_there_leave_no_gap()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        node.Serve(7);
        var read = (await node.Keys.RangeAsync(new() { Key = DiscoveryFixture.Key })).Header.Revision;
        using var watch = node.Watch();
        await watch.BeginAsync(read + 1); // nothing has happened since
        await watch.NothingMoreAsync();
        node.End();
        Assert.Equal("-", await watch.EventAsync());

        using var later = node.Watch();
        await later.BeginAsync(read + 1); // it has ended since
        Assert.Equal("-", await later.EventAsync());
        var none = (await node.Keys.RangeAsync(new() { Key = DiscoveryFixture.Key })).Header.Revision;
        node.Serve(8);
        using var latest = node.Watch();
        await latest.BeginAsync(none + 1); // the next reign has begun since
        Assert.Equal("+8 node1.example:50051", await latest.EventAsync());
        await latest.NothingMoreAsync();
    }

    [Fact]
    public async Task From_the_past_a_watch_begins_with_what_is_now_and_from_the_future_with_that()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        node.Serve(7);
        node.Serve(8);
        using var past = node.Watch();
        await past.BeginAsync(1);
        Assert.Equal("+8 node1.example:50051", await past.EventAsync());
        using var future = node.Watch();
        await future.BeginAsync((10L << MasterViews.RevisionBits) + 1); // its client knows of epoch 10, from another node
        node.Serve(9);
        node.End();
        node.Serve(10);
        node.Serve(11);
        Assert.Equal("+10 node1.example:50051", await future.EventAsync());
        Assert.Equal("-", await future.EventAsync());
        Assert.Equal("+11 node1.example:50051", await future.EventAsync());
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public async Task A_client_that_comes_from_another_node_is_told_what_is_here_unless_it_knows(int changesItKnows, bool isNews)
    {
        await using var node = await DiscoveryFixture.StartAsync();
        node.Serve(7);
        node.End();
        node.Serve(7); // two changes after the first
        using var watch = node.Watch();
        await watch.BeginAsync((7L << MasterViews.RevisionBits) + changesItKnows + 1);
        if (isNews)
            Assert.Equal("+7 node1.example:50051", await watch.EventAsync());
        await watch.NothingMoreAsync();
        using var more = node.Watch();
        await more.BeginAsync((7L << MasterViews.RevisionBits) + 9); // it has heard of more changes there
        Assert.Equal("+7 node1.example:50051", await more.EventAsync());
    }

    [Fact]
    public async Task A_watch_that_is_cancelled_says_so_and_is_told_nothing_more()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        using var watch = node.Watch();
        var first = (await watch.BeginAsync()).WatchId;
        var second = (await watch.BeginAsync()).WatchId;
        Assert.NotEqual(first, second);
        Assert.Equal(2, node.Node.Watches);
        await watch.SendAsync(new WatchRequest { CancelRequest = new() { WatchId = first } });
        var canceled = await watch.NextAsync();
        Assert.Equal((first, true), (canceled.WatchId, canceled.Canceled));
        await watch.SendAsync(new WatchRequest { CancelRequest = new() { WatchId = 99 } }); // no such watch: no answer
        node.Serve(7);
        var told = await watch.NextAsync();
        Assert.Equal((second, 1), (told.WatchId, told.Events.Count));
        await watch.NothingMoreAsync();
        Assert.Equal(1, node.Node.Watches);
    }

    [Fact]
    public async Task A_watch_has_the_number_that_its_client_gives_it_and_none_twice()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        using var watch = node.Watch();
        Assert.Equal(5, (await watch.BeginAsync(change: static each => each.WatchId = 5)).WatchId);
        foreach (var bad in (long[])[5, -3])
        {
            await watch.CreateAsync(change: each => each.WatchId = bad);
            var refused = await watch.NextAsync();
            Assert.True(refused is { Created: true, Canceled: true, WatchId: -1, CancelReason.Length: > 0 });
        }

        for (var number = 0; number < 7; number++)
            Assert.NotEqual(5, (await watch.BeginAsync()).WatchId);
        Assert.Equal(8, node.Node.Watches);
    }

    [Fact]
    public async Task Filters_previous_values_and_ranges_are_as_the_client_asks()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        node.Serve(6);
        using var watch = node.Watch();
        var puts = (await watch.BeginAsync(change: static each => each.Filters.Add(WatchCreateRequest.Types.FilterType.Nodelete))).WatchId;
        var deletes = (await watch.BeginAsync(change: static each =>
        {
            each.Filters.Add(WatchCreateRequest.Types.FilterType.Noput);
            each.PrevKv = true;
        })).WatchId;
        await watch.BeginAsync(change: static each => each.RangeEnd = each.Key = Google.Protobuf.ByteString.CopyFromUtf8("other"));
        var all = (await watch.BeginAsync(change: static each =>
        {
            each.Key = Google.Protobuf.ByteString.Empty;
            each.RangeEnd = Google.Protobuf.ByteString.CopyFrom(0);
        })).WatchId;
        node.Serve(7);
        List<(long, Event.Types.EventType, long)> told = [];
        for (var i = 0; i < 4; i++)
        {
            var answer = await watch.NextAsync();
            told.Add((answer.WatchId, answer.Events[0].Type, answer.Events[0].PrevKv?.CreateRevision ?? 0));
        }

        Assert.Equal(
            [(deletes, Event.Types.EventType.Delete, 6), (all, Event.Types.EventType.Delete, 0), (puts, Event.Types.EventType.Put, 0),
                (all, Event.Types.EventType.Put, 0)], told);
        await watch.NothingMoreAsync();
    }

    [Fact]
    public async Task Watches_have_places_which_come_back_however_a_stream_ends()
    {
        await using var node = await DiscoveryFixture.StartAsync(maximumWatches: 3);
        using var first = node.Watch();
        await first.BeginAsync();
        await first.BeginAsync();
        using (var second = node.Watch())
        {
            await second.BeginAsync();
            await second.CreateAsync();
            var refused = await second.NextAsync();
            Assert.True(refused is { Created: true, Canceled: true, WatchId: -1 });
            Assert.Contains("max-watchers", refused.CancelReason, StringComparison.Ordinal);
            node.Serve(7); // what has a place is told all the same
            Assert.Equal("+7 node1.example:50051", await second.EventAsync());
        }

        await first.CompleteAsync();
        Assert.True(await first.HasEndedAsync());
        await UntilAsync(() => node.Node.Watches == 0);
        using var third = node.Watch();
        for (var i = 0; i < 3; i++)
            await third.BeginAsync();
    }

    [Fact]
    public async Task A_node_that_ends_ends_its_watches()
    {
        var node = await DiscoveryFixture.StartAsync();
        using var channel = node.NewChannel();
        using var watch = node.Watch(channel);
        await watch.BeginAsync();
        await node.DisposeAsync();
        Assert.True(await watch.HasEndedAsync());
    }

    internal static async Task UntilAsync(Func<bool> reached)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!reached())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Deadline.Step);
            await Task.Delay(10);
        }
    }
}
