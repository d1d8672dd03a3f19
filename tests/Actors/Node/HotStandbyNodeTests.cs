// A node on its own, as the host starts it, and on a journal that is not its own.
using Akka.Actor;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Node;
using HotStandby.Actors.Settings;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Node;

public sealed class HotStandbyNodeTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Nodes _nodes = new();
    private readonly NodeClient _client = new(new Uuid(1, 2));

    [Fact]
    public async Task A_single_node_serves_calls_through_its_gateway()
    {
        var node = await Nodes.WaitForPrimaryAsync(await _nodes.StartAloneAsync(_directory.Path));
        Assert.Equal(ErrorCode.Ok, await _client.MountAsync(node));
        await _client.PutAsync(node, "a", "b", "c");
        Assert.Equal((bool[])[true, false, true], await _client.ExistAsync(node, "a", "x", "c"));
        Assert.Equal(ErrorCode.Ok, await _client.RemoveAsync(node, "b"));
        Assert.Equal((bool[])[true, false, true], await _client.ExistAsync(node, "a", "b", "c"));
        var got = await _client.GetAsync(node, "c");
        Assert.Equal((ErrorCode.Ok, 4096UL), (got.Error, got.Replicas[0].SizeBytes));

        var report = await Nodes.ReportOfAsync(node);
        Assert.Equal((ReplicaRole.Primary, true, true), (report.Replica.Role, report.Replica.Serving, report.Replica.Voting));
        Assert.Equal(report.Replica.CommittedSequence, report.Replica.AppliedSequence);
        Assert.Equal(report.Replica.CommittedSequence, report.Partitions.Max(partition => partition.AppliedSequence));
        _nodes.NoneMustHaveFailed();
    }

    [Fact]
    public Task A_restarted_node_finds_its_objects_in_the_file_journal() => RestartAsync("");

    [Fact]
    public Task A_restarted_node_finds_its_objects_in_an_SQL_journal() => RestartAsync($$"""
        hotstandby.journal.plugin = "akka.persistence.journal.sql"
        akka.persistence.journal.sql {
          class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
          connection-string = "DataSource={{_directory.Path}}/journal.db"
          provider-name = "SQLite.MS"
          auto-initialize = true
        }
        """);

    [Fact]
    public async Task A_node_actor_that_cannot_be_made_fails_the_start_and_leaves_nothing_running()
    {
        var configuration = NodeConfiguration.Parse($$"""
            akka { loglevel = OFF, stdout-loglevel = OFF }
            hotstandby { node-id = "alone", voters = ["alone"], data-dir = "{{_directory.Path}}", remoting.port = 0 }
            """, "test").Configuration!;
        var impossible = configuration with { Settings = configuration.Settings with { Shards = -1 } };
        var starting = HotStandbyNode.StartAsync(impossible, TimeProvider.System, static _ => { });
        await Assert.ThrowsAnyAsync<Exception>(() => starting.WaitAsync(Deadline.Step));
        Assert.True(starting.IsFaulted, "the start hangs");
        // Its directory can be locked again: the system that was made for it has ended.
        DataDirectory.Open(FileDisk.Instance, _directory.Path, configuration.Settings.ClusterId, "alone").Dispose();
    }

    [Fact]
    public async Task An_actor_beside_the_node_that_cannot_be_made_ends_the_node_with_its_own_reason()
    {
        var configuration = NodeConfiguration.Parse($$"""
            akka { loglevel = OFF, stdout-loglevel = OFF }
            hotstandby { node-id = "alone", voters = ["alone"], data-dir = "{{_directory.Path}}", shards = 4, remoting.port = 0 }
            """, "test").Configuration!;
        var fatal = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var system = ActorSystem.Create(NodeConfiguration.SystemName, HotStandbyNode.SystemConfig(configuration));
        try
        {
            await HotStandbyNode.StartInAsync(
                system, configuration, ["no address"], TimeProvider.System, failure => fatal.TrySetResult(failure));
            // what the joiner has thrown, without Akka's wrappers
            Assert.IsType<UriFormatException>(await fatal.Task.WaitAsync(Deadline.Step));
        }
        finally
        {
            await system.Terminate();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _nodes.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _directory.Dispose();
    }

    private async Task RestartAsync(string hocon)
    {
        var first = await Nodes.WaitForPrimaryAsync(await _nodes.StartAloneAsync(_directory.Path, hocon));
        Assert.Equal(ErrorCode.Ok, await _client.MountAsync(first));
        var keys = Enumerable.Range(0, 200).Select(number => $"key-{number}").ToArray();
        foreach (var some in keys.Chunk(7))
            await _client.PutAsync(first, some);
        Assert.Equal(ErrorCode.Ok, await _client.RemoveAsync(first, keys[0]));
        var before = await Nodes.ReportOfAsync(first);
        await first.StopAsync();
        Assert.False(first.Gateway.MayServe);

        var second = await Nodes.WaitForPrimaryAsync(await _nodes.StartAloneAsync(_directory.Path, hocon));
        Assert.Equal(keys.Select(key => key != keys[0]), await _client.ExistAsync(second, keys));
        var after = await Nodes.ReportOfAsync(second);
        Assert.Equal(before.Replica.Epoch + 1, after.Replica.Epoch);
        Assert.Equal(
            before.Partitions.Where(partition => partition.Partition.IsShard).Select(partition => (partition.Partition, partition.Digest)),
            after.Partitions.Where(partition => partition.Partition.IsShard).Select(partition => (partition.Partition, partition.Digest)));
        Assert.Equal(ErrorCode.Ok, await _client.ReMountAsync(second));
        await _client.PutAsync(second, "new");
        _nodes.NoneMustHaveFailed();
    }
}
