// What the actor system's own serialization does with this project's configuration: the way that remoting and journals take.
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Serialization;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Actors.Serialization;

public sealed class SerializationTests() : ActorTest(ConfigurationFactory.ParseString(SerializationConfiguration.Hocon))
{
    private const string RollBytes = "FECA000000000000" + "01" + "026E31" + "1100000000000000";

    private static readonly NodeId Node = new("node-a");
    private static readonly Origin Speaker = new(Node, new Life(0x1122, 0x1_0000_0007), 0xCAFE, Votes: true);
    private static readonly VoterRoll Roll = new(0xCAFE, [new(new NodeId("n1"), 0x11)]);

    private Akka.Serialization.Serialization Serialization => Sys.Serialization;

    public static TheoryData<object> Everything => new(Sent);

    private static object[] Sent =>
    [
        new AppendBatch(Speaker, 3, 2, 6, null, 5, 9, 77),
        new AppendBatch(Speaker, 3, 2, 6, Batch(), 5, 9, 77),
        new AppendAcknowledged(Speaker, 3, 8, 7, 77),
        new AppendRefused(Speaker, 3, RefusalReason.Gap, [new(1, 4), new(2, 6)], 77),
        new SealRequest(Speaker, 3, new Life(5, 9)),
        new SealReply(Speaker, 3, new Life(5, 9), SealOutcome.GrantRunning, 4, 2, 6, 5, 1500),
        new FetchTail(Speaker, 3, [new(1, 4)]),
        new TailBatch(Speaker, 3, 2, 6, Batch(), 8),
        new GrantReleased(Speaker, 3, NodeId.None),
        new GrantReleased(Speaker, 3, new NodeId("node-b")),
        new EntriesGone(Speaker, 3, 2, 6, 77),
        new GrantInquiry(Speaker, 3, 2, 6, 77),
        new GrantLapsed(Speaker, 3, 77, 5),
        new FetchImage(Speaker, 3, new Partition(17), 9, 262144),
        new ImageChunk(Speaker, 3, new Partition(17), 9, 6, 524288, 262144, [new(1, 4), new(2, 6)], Roll, new byte[] { 1, 2, 3 }),
        new LifeSuperseded(Speaker, 3, new Life(5, 9), new Life(6, 10), 7),
        new LogTruncated([new(1, 4), new(2, 6)], Roll),
        new LogReset([new(1, 4), new(2, 6)], Roll, 9),
        new PartitionCheckpoint(6, 2, new byte[] { 1, 2, 3 }),
        new BatchAppended(Batch()),
        new EpochPromised(7, new NodeId("nöde-b")),
        new EpochPromised(ulong.MaxValue, NodeId.None),
        new SuffixCut(41),
        new VotingGranted(0x1122),
    ];

    [Theory]
    [MemberData(nameof(Everything))]
    public void Every_message_and_every_event_comes_back_from_the_actor_systems_serialization(object sent)
    {
        var serializer = Serialization.FindSerializerFor(sent);
        Assert.IsType<ReplicationSerializer>(serializer);
        Assert.Equal(48150, serializer.Identifier);
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, sent);
        var read = Serialization.Deserialize(serializer.ToBinary(sent), serializer.Identifier, manifest);
        Assert.Equal(sent.GetType(), read.GetType());
        Assert.Equal(Describe(sent), Describe(read));
    }

    [Fact]
    public void Every_kind_of_message_and_event_is_covered_here()
    {
        var kinds = new[] { typeof(ReplicationMessage), typeof(IJournalEvent) }
            .SelectMany(root => root.Assembly.GetTypes().Where(type => !type.IsAbstract && root.IsAssignableFrom(type)));
        Assert.Equal(kinds.Select(type => type.Name).Order(), Sent.Select(sent => sent.GetType().Name).Distinct().Order());
    }

    private sealed record Unbound(string Text);

    [Fact]
    public void A_type_without_a_binding_does_not_leave_this_node()
    {
        var serializer = Serialization.FindSerializerFor(new Unbound("x"));
        Assert.IsType<RefusingSerializer>(serializer);
        var refusal = Assert.Throws<SerializationRefusedException>(() => serializer.ToBinary(new Unbound("x")));
        Assert.Contains(nameof(Unbound), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_without_a_binding_does_not_enter_this_node()
    {
        var json = System.Text.Encoding.UTF8.GetBytes(
            $"{{\"$id\":\"1\",\"$type\":\"{typeof(Unbound).AssemblyQualifiedName}\",\"Text\":\"x\"}}");
        var refusal = Assert.Throws<SerializationRefusedException>(
            () => Serialization.Deserialize(json, RefusingSerializer.JsonIdentifier, typeof(Unbound)));
        Assert.Contains(nameof(Unbound), refusal.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<SerializationException>(
            () => Serialization.Deserialize(json, RefusingSerializer.JsonIdentifier, typeof(Unbound).AssemblyQualifiedName!));
    }

    [Fact]
    public void No_identifier_of_the_actor_system_leads_to_JSON_any_more()
    {
        var json = "{}"u8.ToArray();
        for (var identifier = 0; identifier <= 100; identifier++)
        {
            var id = identifier;
            object? read = null;
            Record.Exception(() => read = Serialization.Deserialize(json, id, typeof(Unbound)));
            // The serializer of byte arrays gives back what it was given, that of null gives null; no other may give anything.
            Assert.True(read is null || ReferenceEquals(read, json), $"identifier {id} makes {read}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("A2")]
    [InlineData("JB2")]
    [InlineData("System.Object, System.Private.CoreLib")]
    public void An_unknown_manifest_is_refused(string manifest)
    {
        var refusal = Assert.Throws<SerializationRefusedException>(
            () => Serialization.Deserialize(new byte[64], ReplicationSerializer.FixedIdentifier, manifest));
        Assert.Contains($"'{manifest}'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_beyond_its_limits_is_refused_as_the_fault_of_one_message()
    {
        var serializer = Serialization.FindSerializerForType(typeof(GrantReleased));
        Assert.Throws<SerializationRefusedException>(
            () => serializer.ToBinary(new GrantReleased(Speaker with { Node = new NodeId(new string('n', 256)) }, 1, NodeId.None)));
        Assert.Throws<SerializationRefusedException>(() => serializer.ToBinary(new Unbound("x")));
        Assert.IsType<SerializationException>(new SerializationRefusedException("x"), exactMatch: false);
    }

    [Fact]
    public void An_append_with_a_damaged_batch_arrives_as_a_corrupt_append()
    {
        var sent = new AppendBatch(Speaker, 3, 2, 6, Batch(), 5, 9, 77);
        var bytes = Serialization.FindSerializerFor(sent).ToBinary(sent);
        bytes[^1] ^= 1;
        var read = Assert.IsType<CorruptAppend>(Serialization.Deserialize(bytes, ReplicationSerializer.FixedIdentifier, "A2"));
        Assert.Equal(sent with { Batch = null }, read.Header);
        Assert.Contains("checksum", read.Problem, StringComparison.Ordinal);
        Assert.IsType<RefusingSerializer>(Serialization.FindSerializerFor(read));
    }

    [Fact]
    public void A_batch_goes_to_the_journal_as_its_own_bytes()
    {
        var batch = Batch();
        var serializer = Serialization.FindSerializerForType(typeof(BatchAppended));
        var whole = serializer.ToBinary(new BatchAppended(batch));
        Assert.Equal(batch.Encoded.ToArray(), whole);
        Assert.Same(whole, serializer.ToBinary(new BatchAppended(batch)));

        byte[] message = [1, 2, .. whole, 3];
        Assert.True(OpLogBatch.TryOpen(message.AsMemory(2, whole.Length), out var received, out _));
        Assert.Equal(whole, serializer.ToBinary(new BatchAppended(received)));
    }

    [Fact]
    public void Every_damaged_event_is_reported_as_damage_of_the_journal()
    {
        object[] events = [new BatchAppended(Batch()), new EpochPromised(7, Node), new SuffixCut(41), new VotingGranted(0x1122),
            new LogTruncated([new(1, 4)], Roll), new LogReset([new(1, 4)], Roll, 9)];
        foreach (var happened in events)
        {
            var serializer = Serialization.FindSerializerFor(happened);
            var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, happened);
            var bytes = serializer.ToBinary(happened);
            for (var length = 0; length < bytes.Length; length++)
                AssertDamaged(bytes[..length], manifest);
            AssertDamaged([.. bytes, 0], manifest);
        }

        var batch = Batch().Encoded.ToArray();
        for (var bit = 0; bit < batch.Length * 8; bit++)
        {
            batch[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertDamaged(batch, "JB1");
            batch[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        AssertDamaged([2], "JV1");
        AssertDamaged([1], "JV2");
        AssertDamaged([1, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF], "JE1");
    }

    [Theory]
    [InlineData("JE1", "0700000000000000" + "06" + "6E6F64652D61")]
    [InlineData("JS1", "2900000000000000")]
    [InlineData("JV2", "2211000000000000")]
    [InlineData("JT2", "01000000" + "0100000000000000" + "0400000000000000" + RollBytes)]
    [InlineData("JR2", "0900000000000000" + "01000000" + "0100000000000000" + "0400000000000000" + RollBytes)]
    [InlineData("JC1", "0600000000000000" + "0200000000000000" + "ABCD")]
    public void An_event_is_these_bytes(string manifest, string hex)
    {
        var read = Serialization.Deserialize(Convert.FromHexString(hex), ReplicationSerializer.FixedIdentifier, manifest);
        Assert.Equal(
            Describe(manifest switch
            {
                "JE1" => new EpochPromised(7, Node),
                "JS1" => new SuffixCut(41),
                "JT2" => new LogTruncated([new(1, 4)], Roll),
                "JR2" => new LogReset([new(1, 4)], Roll, 9),
                "JC1" => new PartitionCheckpoint(6, 2, new byte[] { 0xAB, 0xCD }),
                _ => (IJournalEvent)new VotingGranted(0x1122),
            }),
            Describe(read));
        Assert.Equal(hex, Convert.ToHexString(Serialization.FindSerializerFor(read).ToBinary(read)));
    }

    [Theory]
    [InlineData("JV1", "01")]
    [InlineData("JT1", "02000000" + "0100000000000000" + "0400000000000000" + "0200000000000000" + "0600000000000000")]
    [InlineData("JR1", "0900000000000000" + "01000000" + "0100000000000000" + "0400000000000000")]
    public void An_event_of_an_earlier_version_is_read(string manifest, string hex)
    {
        var read = Serialization.Deserialize(Convert.FromHexString(hex), ReplicationSerializer.FixedIdentifier, manifest);
        Assert.Equal(
            Describe(manifest switch
            {
                "JT1" => new LogTruncated([new(1, 4), new(2, 6)], null),
                "JR1" => new LogReset([new(1, 4)], null, 9),
                _ => (IJournalEvent)new VotingGranted(0),
            }),
            Describe(read));
    }

    private void AssertDamaged(byte[] bytes, string manifest) => Assert.Throws<JournalDamagedException>(
        () => Serialization.Deserialize(bytes, ReplicationSerializer.FixedIdentifier, manifest));

    private static string Describe(object value) => value switch
    {
        AppendBatch append => $"{append with { Batch = null }} {Hex(append.Batch)}",
        TailBatch tail => $"{tail with { Batch = null }} {Hex(tail.Batch)}",
        BatchAppended appended => Hex(appended.Batch),
        AppendRefused refused => $"{refused with { Log = [] }} {string.Join(' ', refused.Log)}",
        FetchTail fetch => $"{fetch with { Log = [] }} {string.Join(' ', fetch.Log)}",
        ImageChunk chunk => $"{chunk with { Log = [], Roll = VoterRoll.Empty, Bytes = default }} {string.Join(' ', chunk.Log)} "
            + $"{Hex(chunk.Roll)} {Convert.ToHexString(chunk.Bytes.Span)}",
        LogTruncated truncated => $"{string.Join(' ', truncated.Below)} {Hex(truncated.Roll)}",
        LogReset reset => $"{reset.ImagesUpTo} {string.Join(' ', reset.Below)} {Hex(reset.Roll)}",
        PartitionCheckpoint checkpoint => $"{checkpoint.Sequence} {checkpoint.Epoch} {Convert.ToHexString(checkpoint.Image.Span)}",
        _ => value.ToString()!,
    };

    private static string Hex(OpLogBatch? batch) => batch is null ? "none" : Convert.ToHexString(batch.Encoded.Span);

    private static OpLogBatch Batch()
    {
        var drafts = new DraftBuffer(Partition.OfShard(4));
        new PutEndPayload(ReplicaType.Memory, 0xDEADBEEF).Write(
            drafts.Add(OpType.PutEnd, "k1"u8, ObjectKey.HashOf("k1"u8), PutEndPayload.EncodedBytes));
        var writer = new BatchWriter();
        writer.Add(drafts.Bytes, 7, 3, 1_700_000_000_000);
        writer.Add(drafts.Bytes, 8, 3, 1_700_000_000_001);
        return writer.Close(6);
    }

    private static string Hex(VoterRoll? roll) => roll is null ? "none" : Convert.ToHexString(roll.Encode());
}
