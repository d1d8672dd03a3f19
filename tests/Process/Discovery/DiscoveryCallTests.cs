// The calls that answer once: the key, the members, how the node is, and that nothing else is offered.
using Google.Protobuf;
using Grpc.Core;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Node;
using HotStandby.Host.Discovery;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Discovery;

namespace HotStandby.Tests.Process.Discovery;

public sealed class DiscoveryCallTests
{
    private static RangeRequest Range(string key, string end = "") =>
        new() { Key = ByteString.CopyFromUtf8(key), RangeEnd = ByteString.CopyFromUtf8(end) };

    [Fact]
    public async Task The_key_is_there_while_a_node_serves_and_its_version_is_the_epoch()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        var none = await node.Keys.RangeAsync(new() { Key = DiscoveryFixture.Key });
        Assert.Equal((0, 0L, 1L), (none.Kvs.Count, none.Count, none.Header.Revision));

        node.Serve(7, "node2");
        var served = await node.Keys.RangeAsync(new() { Key = DiscoveryFixture.Key });
        var pair = Assert.Single(served.Kvs);
        Assert.Equal(("node2.example:50051", 7L, 1L), (pair.Value.ToStringUtf8(), pair.CreateRevision, pair.Version));
        Assert.Equal((DiscoveryFixture.Key, served.Header.Revision, 0L), (pair.Key, pair.ModRevision, pair.Lease));
        Assert.True(served.Header.ClusterId != 0 && served.Header.MemberId != 0 && served.Header.RaftTerm == 7);

        node.End();
        var ended = await node.Keys.RangeAsync(new() { Key = DiscoveryFixture.Key });
        Assert.Empty(ended.Kvs);
        Assert.True(ended.Header.Revision > served.Header.Revision);

        node.Serve(8);
        var next = await node.Keys.RangeAsync(new() { Key = DiscoveryFixture.Key });
        Assert.Equal(8, next.Kvs[0].CreateRevision);
        Assert.True(next.Header.Revision > ended.Header.Revision);
    }

    [Fact]
    public async Task A_read_waits_for_a_node_to_serve_and_no_longer_than_its_patience()
    {
        var time = new HandedTimers(static due => due == KeyService.Patience);
        await using var node = await DiscoveryFixture.StartAsync(time: time);
        using var waiting = node.Keys.RangeAsync(new() { Key = DiscoveryFixture.Key });
        await time.NextAsync();
        node.Serve(7);
        Assert.Equal(7, Assert.Single((await waiting).Kvs).CreateRevision);

        node.End();
        using var inVain = node.Keys.RangeAsync(new() { Key = DiscoveryFixture.Key });
        (await time.NextAsync()).Fire();
        Assert.Empty((await inVain).Kvs);
        // The answer about another key waits for nothing.
        Assert.Empty((await node.Keys.RangeAsync(Range("another key"))).Kvs);
        Assert.Equal(0, time.Waiting);
    }

    [Theory]
    [InlineData("mooncake-store/", "mooncake-store0", true)]
    [InlineData("mooncake-store/mooncake_cluster/master_view", "mooncake-store/mooncake_cluster/master_viex", true)]
    [InlineData("\0", "\0", true)]
    [InlineData("a", "\0", true)]
    [InlineData("mooncake-store/mooncake_cluster/master_vie", "", false)]
    [InlineData("mooncake-store/mooncake_cluster/master_view0", "", false)]
    [InlineData("mooncake-store/mooncake_cluster/", "mooncake-store/mooncake_cluster/master_view", false)]
    [InlineData("n", "\0", false)]
    [InlineData("z", "a", false)]
    [InlineData("health", "", false)]
    public async Task A_range_holds_the_key_when_the_key_lies_in_it(string key, string end, bool holds)
    {
        await using var node = await DiscoveryFixture.StartAsync();
        node.Serve(7);
        Assert.Equal(holds ? 1 : 0, (await node.Keys.RangeAsync(Range(key, end))).Kvs.Count);
    }

    [Fact]
    public async Task What_a_request_leaves_out_is_left_out()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        node.Serve(7);
        var all = Range("\0", "\0");
        Assert.True((await node.Keys.RangeAsync(new(all) { KeysOnly = true })).Kvs[0].Value.IsEmpty);
        var count = await node.Keys.RangeAsync(new(all) { CountOnly = true });
        Assert.Equal((0, 1L), (count.Kvs.Count, count.Count));
        Assert.Empty((await node.Keys.RangeAsync(new(all) { MinCreateRevision = 8 })).Kvs);
        Assert.Empty((await node.Keys.RangeAsync(new(all) { MaxCreateRevision = 6 })).Kvs);
        Assert.Single(
            (await node.Keys.RangeAsync(new(all) { MinCreateRevision = 7, MaxCreateRevision = 7, Limit = 1, Serializable = true })).Kvs);
    }

    [Fact]
    public async Task The_past_and_the_future_are_refused_in_etcds_words()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        node.Serve(7);
        var now = (await node.Keys.RangeAsync(Range("\0", "\0"))).Header.Revision;
        Assert.Single((await node.Keys.RangeAsync(new(Range("\0", "\0")) { Revision = now })).Kvs);
        foreach (var (revision, word) in new[] { (now - 1, "compacted"), (now + 1, "future revision") })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(
                () => node.Keys.RangeAsync(new(Range("\0", "\0")) { Revision = revision }).ResponseAsync);
            Assert.Equal(StatusCode.OutOfRange, refused.StatusCode);
            Assert.Contains(word, refused.Status.Detail, StringComparison.Ordinal);
        }

        var empty = await Assert.ThrowsAsync<RpcException>(() => node.Keys.RangeAsync(new()).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, empty.StatusCode);
    }

    [Fact]
    public async Task Every_voter_is_a_member_and_those_that_are_there_say_where()
    {
        await using var node = await DiscoveryFixture.StartAsync(members: static () =>
        [
            new MemberReport(new NodeId("node1"), "akka.tcp://hotstandby@a:5101", "Up", true, "") { Discovery = "http://a:2379" },
            new MemberReport(new NodeId("node3"), "akka.tcp://hotstandby@c:5101", "Up", true, ""),
            new MemberReport(NodeId.None, "akka.tcp://hotstandby@d:5101", "Up", true, ""),
        ]);
        var members = (await new Cluster.ClusterClient(node.Channel).MemberListAsync(new())).Members;
        Assert.Equal(["node1", "node2", "node3"], members.Select(static each => each.Name));
        Assert.Equal(["http://a:2379", "", ""], members.Select(static each => string.Join(',', each.ClientURLs)));
        Assert.Equal(["akka.tcp://hotstandby@a:5101", "", "akka.tcp://hotstandby@c:5101"],
            members.Select(static each => string.Join(',', each.PeerURLs)));
        Assert.Equal(3, members.Select(static each => each.ID).Distinct().Count());
    }

    [Fact]
    public async Task Status_names_the_leader_and_says_when_there_is_none()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        var maintenance = new Maintenance.MaintenanceClient(node.Channel);
        var none = await maintenance.StatusAsync(new());
        Assert.Equal((0ul, 1), (none.Leader, none.Errors.Count));
        node.Serve(7, "node1");
        var own = await maintenance.StatusAsync(new());
        Assert.Equal((own.Header.MemberId, 7ul, 0), (own.Leader, own.RaftTerm, own.Errors.Count));
        Assert.NotEqual("", own.Version);
        node.Serve(8, "node2");
        var other = await maintenance.StatusAsync(new());
        Assert.True(other.Leader != 0 && other.Leader != other.Header.MemberId);
        Assert.NotNull((await maintenance.AlarmAsync(new())).Header);
        var raised = await Assert.ThrowsAsync<RpcException>(
            () => maintenance.AlarmAsync(new() { Action = AlarmRequest.Types.AlarmAction.Activate }).ResponseAsync);
        Assert.Equal(StatusCode.Unimplemented, raised.StatusCode);
    }

    [Theory]
    [InlineData("etcdserverpb.KV", "Put")]
    [InlineData("etcdserverpb.KV", "DeleteRange")]
    [InlineData("etcdserverpb.KV", "Txn")]
    [InlineData("etcdserverpb.KV", "Compact")]
    [InlineData("etcdserverpb.Cluster", "MemberAdd")]
    [InlineData("etcdserverpb.Maintenance", "Defragment")]
    [InlineData("etcdserverpb.Lease", "LeaseGrant")]
    [InlineData("etcdserverpb.Auth", "Authenticate")]
    [InlineData("v3electionpb.Election", "Campaign")]
    public async Task Everything_else_is_answered_with_what_this_port_is(string service, string method)
    {
        await using var node = await DiscoveryFixture.StartAsync();
        var bytes = Marshallers.Create(static (byte[] value) => value, static value => value);
        var invoker = node.Channel.CreateCallInvoker();
        var unary = await Assert.ThrowsAsync<RpcException>(() => invoker.AsyncUnaryCall(
            new Method<byte[], byte[]>(MethodType.Unary, service, method, bytes, bytes), null, default, [10, 1, 65]).ResponseAsync);
        Assert.Equal(StatusCode.Unimplemented, unary.StatusCode);
        Assert.Contains("not an etcd", unary.Status.Detail, StringComparison.Ordinal);
        using var stream = invoker.AsyncDuplexStreamingCall(
            new Method<byte[], byte[]>(MethodType.DuplexStreaming, service, method, bytes, bytes), null, default);
        var streamed = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(default).WaitAsync(Deadline.Step));
        Assert.Equal(StatusCode.Unimplemented, streamed.StatusCode);
        node.Serve(7);
        Assert.Single((await node.Keys.RangeAsync(new() { Key = DiscoveryFixture.Key })).Kvs);
    }

    [Theory]
    [InlineData("mooncake_cluster", "mooncake-store/mooncake_cluster/master_view")]
    [InlineData("team/a/", "mooncake-store/team/a/master_view")]
    public void The_key_is_the_one_that_clients_make_of_the_clusters_name(string cluster, string key) =>
        Assert.Equal(key, DiscoveryKey.Of(cluster).ToStringUtf8());

    [Fact]
    public async Task A_lease_that_is_over_is_not_told_even_when_the_node_has_not_noticed()
    {
        await using var node = await DiscoveryFixture.StartAsync();
        node.Views.Note(new(new NodeId("node1"), 7, TimeProvider.System.NowTicks() - 1), node);
        Assert.Empty((await node.Keys.RangeAsync(new() { Key = DiscoveryFixture.Key })).Kvs);
    }
}
