// What remoting and the journal hand to the actor system's serialization: serializer id (4 bytes), manifest behind its length (1 byte),
// bytes. Ids that are Akka's own are left to Akka: its serializers are not this project's.
using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Serialization;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Fuzz.Targets;

internal sealed class SerializerTarget() : FuzzTarget("serializer")
{
    private const int HeadBytes = 5;
    private const int LastIdOfAkka = 1000;

    // A refusal is an exception, which costs some KiB.
    public override int AllowedBytes => 64 << 10;

    public override object? Decode(byte[] input)
    {
        if (input.Length < HeadBytes || input.Length < HeadBytes + input[4])
            return null;
        var serializer = BinaryPrimitives.ReadInt32LittleEndian(input);
        if (serializer is > RefusingSerializer.JsonIdentifier and <= LastIdOfAkka or -1 or 0)
            return null;
        var manifest = Encoding.UTF8.GetString(input, HeadBytes, input[4]);
        try
        {
            var decoded = System.Serialization.Deserialize(input[(HeadBytes + input[4])..], serializer, manifest);
            return serializer != ReplicationSerializer.FixedIdentifier
                ? throw new InvalidOperationException($"serializer {serializer} with the manifest '{manifest}' made a {decoded?.GetType()}")
                : decoded is CorruptAppend ? null : decoded;
        }
        catch (Exception refusal) when (refusal is SerializationException or JournalDamagedException)
        {
            return null;
        }
    }

    public override byte[] Encode(object decoded)
    {
        var serializer = System.Serialization.FindSerializerFor(decoded);
        return Packed(
            serializer.Identifier, Akka.Serialization.Serialization.ManifestFor(serializer, decoded), serializer.ToBinary(decoded));
    }

    protected override IEnumerable<byte[]> MakeSamples()
    {
        var batch = Histories.BatchOf(Histories.Shard().Drafts).Until(2);
        var node = new NodeId("a");
        var speaker = new Origin(node, new Life(0x1122, 0x1_0000_0007), 0xCAFE, Votes: true);
        var roll = new VoterRoll(0xCAFE, [new(node, 0x22)]);
        return ((object[])
        [
            new AppendBatch(speaker, 3, 2, 6, batch, 5, 9, 77), new SealRequest(speaker, 3, new Life(5, 9)), new FetchTail(speaker, 3,
                [new(1, 4)]), new GrantReleased(speaker, 3, NodeId.None), new GrantReleased(speaker, 3, new NodeId("n2")),
            new VerificationPointRequest(node, new Partition(3)), new Hello(node, new ClusterShape("c", "a,b", 4, "quorum", 2000),
                new Life(1, 2), 3, true, 2, [], 4, 5), new NameTaken("a", true, 1),
            new ClockReading(7, 638_000_000_000_000_000),
            new Presence(new(node, "akka.tcp://x@h:1", 9), [new(new NodeId("b"), "akka.tcp://x@h:2", 7)]),
            new BatchAppended(batch), new EpochPromised(7, node), new SuffixCut(41), new VotingGranted(0x1122),
            new LogTruncated([new(1, 4), new(2, 6)], roll),
            new LogReset([new(1, 4)], roll, 9), new PartitionCheckpoint(6, 2, new byte[] { 1, 2, 3 }),
        ]).Select(Encode);
    }

    /// <summary>An input of this target.</summary>
    public static byte[] Packed(int serializer, string manifest, byte[] bytes)
    {
        var name = Encoding.UTF8.GetBytes(manifest);
        return [.. BitConverter.GetBytes(serializer), checked((byte)name.Length), .. name, .. bytes];
    }

    /// <summary>A system whose serialization is a node's.</summary>
    public static ExtendedActorSystem System { get; } = (ExtendedActorSystem)ActorSystem.Create(
        "fuzz", ConfigurationFactory.ParseString(SerializationConfiguration.Hocon).WithFallback(
            "akka { loglevel = OFF, stdout-loglevel = OFF }"));
}
