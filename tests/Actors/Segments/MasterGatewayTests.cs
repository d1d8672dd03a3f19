// The gateway and the router: who gets which items of a call, and what happens without a right to serve.

using Akka.Actor;
using Akka.TestKit;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Actors.Segments;

public sealed class MasterGatewayTests : ActorTest
{
    private const int ShardCount = 4;

    private readonly TestProbe _segments;
    private readonly TestProbe _scans;
    private readonly TestProbe[] _shards;
    private readonly ManualTime _clock = new();
    private readonly RecordingSink _sink = new();
    private readonly ServingState _serving;
    private readonly MasterGateway _gateway;

    public MasterGatewayTests()
        : base(Serializes)
    {
        _segments = CreateTestProbe();
        _scans = CreateTestProbe();
        _shards = [.. Enumerable.Range(0, ShardCount).Select(_ => CreateTestProbe())];
        _serving = new ServingState(_clock);
        _gateway = new MasterGateway(
            _serving, new ClientWatch(_clock), TestRoutes.Of([.. _shards.Select(shard => shard.Ref)], _segments, scans: _scans));
    }

    [Fact]
    public void Items_go_to_the_shards_of_their_keys_in_order_with_duplicates()
    {
        Open();
        var keys = Enumerable.Range(0, 100).Select(number => ObjectKey.From($"key-{number % 60}")).ToArray();
        var call = Submit(KeyedOperation.Exist, keys);
        var seen = new HashSet<int>();
        for (var shard = 0; shard < ShardCount; shard++)
        {
            var items = _shards[shard].ExpectMsg<KeyedItems>();
            Assert.Same(call, items.Call);
            Assert.Equal(items.Items!.Order(), items.Items!);
            foreach (var item in items.Items!)
            {
                Assert.Equal(shard, Partition.ShardOf(keys[item].Hash, ShardCount));
                Assert.True(seen.Add(item));
            }

            _shards[shard].ExpectNoMsg(TimeSpan.Zero);
            Assert.Equal(0, _sink.Answers);
            call.Settle(items.Count);
        }

        Assert.Equal(100, seen.Count);
        Assert.Equal(1, _sink.Answers);
    }

    [Fact]
    public void Single_item_travels_without_a_list()
    {
        Open();
        var key = ObjectKey.From("only");
        Submit(KeyedOperation.Remove, key);
        var items = _shards[Partition.ShardOf(key.Hash, ShardCount)].ExpectMsg<KeyedItems>();
        Assert.Equal((null, 1, 0), (items.Items, items.Count, items[0]));
    }

    [Fact]
    public void Impossible_keys_are_settled_at_once_and_the_others_go_on()
    {
        Open();
        var good = ObjectKey.From(new string('k', ObjectKey.MaximumBytes));
        var call = Submit(
            KeyedOperation.GetReplicaList, ObjectKey.From(""), good, ObjectKey.From(new string('k', ObjectKey.MaximumBytes + 1)),
            ObjectKey.From("tenant"u8, default), default);
        var items = _shards[Partition.ShardOf(good.Hash, ShardCount)].ExpectMsg<KeyedItems>();
        Assert.Equal([1], items.Items!);
        ErrorCode[] expected =
            [ErrorCode.ObjectNotFound, ErrorCode.Ok, ErrorCode.ObjectNotFound, ErrorCode.ObjectNotFound, ErrorCode.ObjectNotFound];
        Assert.Equal(expected, call.Results.Select(result => result.Error));
        Assert.Equal(0, _sink.Answers);
        call.Settle(1);
        Assert.Equal(1, _sink.Answers);
    }

    [Theory]
    [InlineData(KeyedOperation.Exist, ErrorCode.Ok)]
    [InlineData(KeyedOperation.ReplicaClear, ErrorCode.Ok)]
    [InlineData(KeyedOperation.GetReplicaList, ErrorCode.ObjectNotFound)]
    [InlineData(KeyedOperation.Remove, ErrorCode.ObjectNotFound)]
    [InlineData(KeyedOperation.PutEnd, ErrorCode.ObjectNotFound)]
    [InlineData(KeyedOperation.PutRevoke, ErrorCode.ObjectNotFound)]
    [InlineData(KeyedOperation.CopyEnd, ErrorCode.ObjectNotFound)]
    [InlineData(KeyedOperation.ForgetOnDisk, ErrorCode.ObjectNotFound)]
    public void No_object_has_an_impossible_key(KeyedOperation operation, ErrorCode expected)
    {
        Open();
        var call = Submit(operation, ObjectKey.From(""));
        Assert.Equal((1, expected, false), (_sink.Answers, call.Results[0].Error, call.Results[0].Exists));
    }

    [Fact]
    public void Calls_of_nothing_or_of_impossible_keys_alone_are_answered_by_the_gateway()
    {
        Open();
        Submit(KeyedOperation.Exist);
        Assert.Equal(1, _sink.Answers);
        Submit(KeyedOperation.Exist, ObjectKey.From(""));
        Assert.Equal(2, _sink.Answers);
    }

    [Fact]
    public void Put_starts_and_segment_calls_go_to_the_segment_table()
    {
        Open();
        var put = Submit(KeyedOperation.PutStart, ObjectKey.From("key"));
        Assert.Same(put, _segments.ExpectMsg<SegmentRequest>().Call);
        var list = new ListSegmentsCall(_sink);
        _gateway.Submit(list);
        Assert.Same(list, _segments.ExpectMsg<SegmentRequest>().Call);
    }

    [Fact]
    public void Gateway_serves_from_the_first_lease_to_the_end_of_the_last()
    {
        MustRefuse();
        _serving.Open(3);
        MustRefuse();
        Assert.Equal(3UL, _gateway.Epoch);
        _serving.ExtendLease(_clock.Ticks + 20);
        _serving.ExtendLease(_clock.Ticks + 10); // an earlier deadline takes nothing away
        _clock.Advance(TimeSpan.FromTicks(19));
        Assert.True(_gateway.MayServe);
        _clock.Advance(TimeSpan.FromTicks(1));
        MustRefuse();
        _serving.ExtendLease(_clock.Ticks + 10);
        Assert.True(_gateway.MayServe);
        _serving.Close();
        MustRefuse();
        Assert.Equal(0UL, _gateway.Epoch);
        _serving.ExtendLease(_clock.Ticks + 10); // too late
        MustRefuse();
        _serving.Open(4); // the lease of the earlier reign does not count
        MustRefuse();
    }

    private void MustRefuse()
    {
        Assert.False(_gateway.MayServe);
        var answers = _sink.Answers;
        var call = Submit(KeyedOperation.Exist, ObjectKey.From("a"), ObjectKey.From("b"));
        Assert.All(call.Results, result => Assert.Equal(ErrorCode.UnavailableInCurrentMode, result.Error));
        var unmount = new UnmountSegmentCall(_sink, default, default);
        _gateway.Submit(unmount);
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, unmount.Error);
        Assert.Equal(answers + 2, _sink.Answers);
    }

    private void Open()
    {
        _serving.Open(1);
        _serving.ExtendLease(_clock.Ticks + 1000);
    }

    private KeyedCall Submit(KeyedOperation operation, params ObjectKey[] keys)
    {
        var call = new KeyedCall(_sink, operation, keys);
        _gateway.Submit(call);
        return call;
    }
}
