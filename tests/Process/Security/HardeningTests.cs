// What a stranger at a node's port without TLS, or another user of its machine, can do: nothing to its actors, nothing to its files.
using Akka.Actor;
using Akka.Configuration;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Security;

public sealed class HardeningTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const string Stranger = """
        akka { loglevel = OFF, stdout-loglevel = OFF, actor.provider = remote, remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 } }
        """;

    [Fact]
    public Task A_stranger_neither_stops_an_actor_nor_reaches_one_by_its_path() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        node.Start();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        var epoch = (await ViewOfAsync(cluster, node, stop)).Epoch;
        using var stranger = ActorSystem.Create("stranger", ConfigurationFactory.ParseString(Stranger));
        var replica = Address.Parse(node.SeedAddress);
        var path = new RootActorPath(replica) / "user" / "node" / "replica";
        var direct = ((ExtendedActorSystem)stranger).Provider.ResolveActorRef(path);

        // By its reference, by its path, and as an object of any type: JSON is what a foreign Akka would send it as.
        direct.Tell(PoisonPill.Instance);
        direct.Tell(Kill.Instance);
        stranger.ActorSelection(path).Tell(PoisonPill.Instance);
        stranger.ActorSelection(path).Tell("by its path");
        direct.Tell(new { Name = "of any type" });
        await WaitUntilAsync("all four are dropped", Patience, async () =>
        {
            var log = await File.ReadAllTextAsync(node.LogFile, stop);
            return log.Split("would end an actor and does not enter this node").Length > 2
                && log.Contains("dropping inbound actor selection to [/user/node/replica]", StringComparison.Ordinal)
                && log.Contains("is bound to no serializer and does not enter this node", StringComparison.Ordinal);
        }, stop);
        Assert.True(await ViewOfAsync(cluster, node, stop) is { Serving: true } view && view.Epoch == epoch);
        await stranger.Terminate();
    }, "akka.loglevel = DEBUG");

    [Fact]
    public Task Nobody_else_on_the_machine_may_look_into_the_data_directory() => WithClusterAsync(1, async (cluster, stop) =>
    {
        if (OperatingSystem.IsWindows())
            return;
        var node = cluster.Nodes[0];
        node.Start();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        string[] directories = [node.DataDirectory, .. Directory.GetDirectories(node.DataDirectory, "*", SearchOption.AllDirectories)];
        Assert.True(directories.Length > 2);
        foreach (var directory in directories)
            Assert.Equal((directory, ownerOnly), (directory, File.GetUnixFileMode(directory)));
    });
}
