// Who is where, while nodes come, go, and come again elsewhere.
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using HotStandby.Actors.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Replication;

public sealed class PeerDirectoryTests : ActorTest
{
    private static readonly NodeId Node = new("n2");

    private readonly List<ActorSystem> _systems = [];
    private readonly PeerDirectory _peers;

    public PeerDirectoryTests()
        : base(Configure("node.n1")) => _peers = new PeerDirectory((ExtendedActorSystem)Sys);

    [Fact]
    public void Member_is_found_under_its_node_until_it_is_removed()
    {
        var member = Life(1);
        Assert.Null(_peers[Node]);
        _peers.Add(member);
        Assert.Equal(new RootActorPath(member.Address) / PeerDirectory.ReplicaPath, _peers[Node]!.Path);
        Assert.Null(_peers[new NodeId("n3")]);
        _peers.Remove(member);
        Assert.Null(_peers[Node]);
    }

    [Fact]
    public void Member_without_a_node_is_nobodys_peer()
    {
        var member = Life(1, "master");
        _peers.Add(member);
        _peers.Remove(member);
        Assert.Null(_peers[NodeId.None]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Node_started_again_elsewhere_is_found_there_whatever_is_told_of_its_earlier_life(bool laterIsToldFirst)
    {
        var (earlier, later) = (Life(1), Life(2));
        foreach (var member in laterIsToldFirst ? [later, earlier] : new[] { earlier, later })
            _peers.Add(member);
        AssertAt(later);
        _peers.Add(earlier.Copy(MemberStatus.Down));
        AssertAt(later);
        _peers.Remove(earlier);
        AssertAt(later);
    }

    protected override void AfterAll()
    {
        foreach (var system in _systems)
            Shutdown(system);
        base.AfterAll();
    }

    private static Config Configure(string role) => ConfigurationFactory.ParseString(
        $$"""
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        akka.cluster.roles = ["{{role}}"]
        """);

    private void AssertAt(Member member) => Assert.Equal(member.Address, _peers[Node]!.Path.Address);

    // A member of its own cluster, up since the given place in the order of joining.
    private Member Life(int upNumber, string role = "node.n2")
    {
        var system = ActorSystem.Create(Sys.Name, Configure(role));
        _systems.Add(system);
        var cluster = Cluster.Get(system);
        cluster.Join(cluster.SelfAddress);
        AwaitAssert(() => Assert.Equal(MemberStatus.Up, cluster.SelfMember.Status));
        return cluster.SelfMember.CopyUp(upNumber);
    }
}
