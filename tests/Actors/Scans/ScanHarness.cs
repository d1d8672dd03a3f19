// Scans between a connection and two shards, which are probes here.
using System.Buffers;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Scans;
using HotStandby.Actors.Settings;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Actors.Scans;

public abstract class ScanHarness : ActorTest
{
    private protected const int ShardCount = 2;

    private readonly TestProbe _connection;

    private protected ScanHarness()
        : base(Config)
    {
        _connection = CreateTestProbe("connection");
        Shards = [.. Enumerable.Range(0, ShardCount).Select(index => CreateTestProbe($"shard-{index}"))];
        Scans = Start(Settings);
    }

    // The dispatcher is the one that a node runs with.
    private static Config Config =>
        ConfigurationFactory.ParseString(VirtualTimers + Serializes + "akka.actor.provider = local")
            .WithFallback(EmbeddedConfiguration.Akka);

    /// <summary>One scan at a time, and no search is so slow that a busy machine makes it too slow.</summary>
    private protected static ScanSettings Settings { get; } = new() { MaximumRunning = 1, MatchTimeout = Deadline.Step };

    private protected TestProbe[] Shards { get; }

    private protected IActorRef Scans { get; set; }

    private protected IActorRef Start(ScanSettings settings, TimeProvider? time = null) =>
        Sys.ActorOf(ScansActor.Props(TestRoutes.Of([.. Shards.Select(shard => shard.Ref)]), settings, time ?? new ManualTime()));

    private protected ScanCall Call(ScanOperation operation, string? pattern = null, byte[]? tenant = null, bool force = false) =>
        new(new ActorSink(_connection.Ref, mayAbandon: true), operation, tenant, pattern) { Force = force };

    private protected ScanCall Send(ScanOperation operation, string? pattern = null, byte[]? tenant = null, bool force = false)
    {
        var call = Call(operation, pattern, tenant, force);
        Scans.Tell(new ScanRequest(call));
        return call;
    }

    /// <summary>Both shards answer with the keys that are theirs.</summary>
    private protected ListKeys List(params ObjectKey[] keys)
    {
        ListKeys? asked = null;
        for (var shard = 0; shard < ShardCount; shard++)
        {
            asked = Shards[shard].ExpectMsg<ListKeys>();
            Shards[shard].Reply(new KeysListed(Partition.OfShard(shard), ListOf([.. keys.Where(key => ShardOf(key) == shard)])));
        }

        return asked!;
    }

    /// <summary>A list as a shard sends it: in an array of the pool.</summary>
    private protected static ArraySegment<ObjectKey>[] ListOf(params ObjectKey[] keys)
    {
        var array = ArrayPool<ObjectKey>.Shared.Rent(keys.Length);
        keys.CopyTo(array, 0);
        return [new ArraySegment<ObjectKey>(array, 0, keys.Length)];
    }

    private protected void List(params string[] keys) => List([.. keys.Select(key => ObjectKey.From(key))]);

    private protected ScanCall ExpectAnyAnswer() => (ScanCall)_connection.ExpectMsg<CallAnswered>().Call;

    private protected ScanCall ExpectAnswer(ScanCall call)
    {
        Assert.Equal(new CallAnswered(call), _connection.ExpectMsg<CallAnswered>());
        return call;
    }

    private protected void ExpectAbandoned(ScanCall call) => Assert.Equal(new CallAbandoned(call), _connection.ExpectMsg<CallAbandoned>());

    /// <summary>Where one scan runs at a time: the next one is the first of which shards and connection hear anything more.</summary>
    private protected void ExpectNothingMore()
    {
        byte[] tenant = [.. "next"u8];
        var next = Send(ScanOperation.ListKeys, tenant: tenant);
        for (var shard = 0; shard < ShardCount; shard++)
        {
            Assert.Equal(tenant, Shards[shard].ExpectMsg<ListKeys>().Tenant);
            Shards[shard].Reply(new KeysListed(Partition.OfShard(shard), []));
        }

        ExpectAnswer(next);
    }

    /// <summary>Settles the items of a lot as a shard does.</summary>
    private protected static void Settle(KeyedItems items, Func<ObjectKey, ItemResult> result)
    {
        for (var i = 0; i < items.Count; i++)
            items.Call.Results[items[i]] = result(items.Call.Keys[items[i]]);
        items.Call.Settle(items.Count);
    }

    /// <summary>The parts of one lot; a shard without keys of it gets none.</summary>
    private protected List<KeyedItems> ExpectLot(params int[] shards) =>
        [.. shards.Select(shard => Shards[shard].ExpectMsg<KeyedItems>())];

    private protected static ItemResult Ok(ObjectKey key) => new()
    {
        Replicas = new ReplicaList(new ReplicaDescriptor(1, 100, key.Hash, "tcp", "host:1", ReplicaStatus.Complete)),
    };

    private protected static ItemResult Refused(ErrorCode error) => new() { Error = error };

    private protected static int ShardOf(in ObjectKey key) => Partition.ShardOf(key.Hash, ShardCount);

    /// <summary>Different keys that belong to the shard.</summary>
    private protected static string[] KeysOf(int shard, int count, string prefix = "k") =>
        [.. Enumerable.Range(0, int.MaxValue).Select(i => $"{prefix}{i}").Where(key => ShardOf(ObjectKey.From(key)) == shard).Take(count)];
}
