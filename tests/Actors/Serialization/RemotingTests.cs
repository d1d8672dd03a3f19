// Two actor systems over real remoting: what passes, what does not, and that a refused message harms no other message.
using Akka.Actor;
using Akka.Configuration;
using HotStandby.Actors.Serialization;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Actors.Serialization;

public sealed class RemotingTests : ActorTest
{
    private const string Remoting =
        """
        akka.loglevel = OFF
        akka.actor.provider = remote
        akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        """;

    private static readonly TimeSpan Patience = Deadline.Step;

    private readonly ActorSystem _hardened;
    private readonly ActorSystem _lax;

    public RemotingTests()
        : base(ConfigurationFactory.ParseString(SerializationConfiguration.Hocon).WithFallback(Remoting), "receiver")
    {
        _hardened = ActorSystem.Create("sender", ConfigurationFactory.ParseString(SerializationConfiguration.Hocon).WithFallback(Remoting));
        // A foreign node: it knows our encoding, and JSON as well.
        _lax = ActorSystem.Create("foreign", ConfigurationFactory.ParseString(
            """
            akka.actor.serializers.hotstandby = "HotStandby.Actors.Serialization.ReplicationSerializer, HotStandby.Actors"
            akka.actor.serialization-bindings {
              "HotStandby.Messages.Replication.ReplicationMessage, HotStandby.Messages" = hotstandby
            }
            """).WithFallback(Remoting));
    }

    private sealed record Unbound(string Text);

    [Fact]
    public async Task Messages_of_the_protocol_strings_and_Identify_pass_between_nodes()
    {
        var there = await ProbeSeenFromAsync(_hardened);
        there.Tell(new SealRequest(From("node-a"), 3, new Life(5, 9)));
        Assert.Equal(new SealRequest(From("node-a"), 3, new Life(5, 9)), await ExpectMsgAsync<SealRequest>(Patience));
        there.Tell("text");
        await ExpectMsgAsync("text", Patience);
        there.Tell(new byte[] { 1, 2, 3 });
        Assert.Equal([1, 2, 3], await ExpectMsgAsync<byte[]>(Patience));
    }

    [Fact]
    public async Task An_unbound_type_does_not_leave_a_node_and_the_next_message_still_passes()
    {
        var there = await ProbeSeenFromAsync(_hardened);
        there.Tell(new Unbound("x"));
        there.Tell(new GrantReleased(From("node-a"), 3, NodeId.None));
        await ExpectMsgAsync<GrantReleased>(Patience);
    }

    [Fact]
    public async Task An_unbound_type_from_a_foreign_node_is_not_delivered_and_the_next_message_still_passes()
    {
        var there = await ProbeSeenFromAsync(_lax);
        there.Tell(new Unbound("x"));
        there.Tell(new GrantReleased(From("node-a"), 3, NodeId.None));
        await ExpectMsgAsync<GrantReleased>(Patience);
    }

    [Fact]
    public async Task A_message_beyond_its_limits_is_dropped_and_the_next_message_still_passes()
    {
        var there = await ProbeSeenFromAsync(_hardened);
        there.Tell(new GrantReleased(From(new string('n', 300)), 1, NodeId.None));
        there.Tell(new GrantReleased(From("node-a"), 2, NodeId.None));
        Assert.Equal(2UL, (await ExpectMsgAsync<GrantReleased>(Patience)).Epoch);
    }

    protected override void AfterAll()
    {
        Shutdown(_hardened);
        Shutdown(_lax);
        base.AfterAll();
    }

    // Identify crosses the wire itself: the answer is the reference through which the test then speaks.
    private async Task<IActorRef> ProbeSeenFromAsync(ActorSystem from)
    {
        var address = ((ExtendedActorSystem)Sys).Provider.DefaultAddress;
        var path = TestActor.Path.ToStringWithAddress(address);
        var identity = await from.ActorSelection(path).ResolveOne(Patience);
        Assert.Equal(address, identity.Path.Address);
        return identity;
    }

    private static Origin From(string node) => new(new NodeId(node), new Life(1, 2), 3, Votes: true);
}
