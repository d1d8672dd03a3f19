// Messages between verifiers in the actor system's own serialization: the way that remoting takes.
using Akka.Configuration;
using HotStandby.Actors.Serialization;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Actors.Verification;

public sealed class VerificationSerializationTests() : ActorTest(ConfigurationFactory.ParseString(SerializationConfiguration.Hocon))
{
    private static readonly NodeId Node = new("node-a");
    private static readonly Partition Shard = Partition.OfShard(4);

    public static TheoryData<VerificationMessage> Everything =>
    [
        new VerificationPointRequest(Node, Shard),
        new VerificationRequest(Node, Shard, 7, 3, 1, 9, 100, 1000, [new VerificationEntry(ObjectKey.From("k"), 5, 6)]),
        new VerificationResponse(
            Node, Shard, 7, 3, 1, 9, ComparisonOutcome.Compared, 8,
            [new MismatchEntry(MismatchKind.Different, ObjectKey.From("k"), 5, 6, new byte[] { 1, 2, 3 })]),
    ];

    [Theory]
    [MemberData(nameof(Everything))]
    public void Every_message_comes_back_from_the_actor_systems_serialization(VerificationMessage sent)
    {
        var serializer = Sys.Serialization.FindSerializerFor(sent);
        Assert.IsType<ReplicationSerializer>(serializer);
        var bytes = serializer.ToBinary(sent);
        var read = Sys.Serialization.Deserialize(
            bytes, serializer.Identifier, Akka.Serialization.Serialization.ManifestFor(serializer, sent));
        Assert.Equal(sent.GetType(), read.GetType());
        Assert.Equal(bytes, serializer.ToBinary(read));
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void Bytes_that_are_no_message_are_refused(VerificationMessage sent)
    {
        var bytes = Sys.Serialization.FindSerializerFor(sent).ToBinary(sent);
        var refusal = Assert.Throws<SerializationRefusedException>(() => Sys.Serialization.Deserialize(
            bytes[..^1], ReplicationSerializer.FixedIdentifier, VerificationCodec.ManifestOf(sent)));
        Assert.Contains(VerificationCodec.ManifestOf(sent), refusal.Message, StringComparison.Ordinal);
        Assert.Throws<SerializationRefusedException>(
            () => Sys.Serialization.FindSerializerFor(sent).ToBinary(sent with { From = new NodeId(new string('n', 256)) }));
    }
}
