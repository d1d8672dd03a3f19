// The layouts, byte for byte, as the headers of the codecs describe them. The hex was not taken from this code's output but
// laid out from the description, with CRC-32 from another implementation. If one of these fails, a layout has changed: a
// node of the version before could not read it, nor this node its own journal. Then the layout needs a new version.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Messages;

public sealed class GoldenBytesTests
{
    private const string FirstEntry =
        "3C000000" + "700A6B27" + "0700000000000000" + "0300000000000000" + "0068E5CF8B010000" + "8877665544332211"
        + "0500" + "02" + "01" + "02000000" + "6B31" + "0001EFBEADDE00000000";

    private const string SecondEntry =
        "30000000" + "FE2F934F" + "0800000000000000" + "0300000000000000" + "0168E5CF8B010000" + "0000000000000000"
        + "0000" + "08" + "01" + "00000000";

    private const string Batch =
        "48534231" + "94000000" + "0300000000000000" + "0700000000000000" + "02000000" + "9588941E" + "0600000000000000"
        + FirstEntry + SecondEntry;

    private const string Log = "0200" + "0100000000000000" + "0400000000000000" + "0200000000000000" + "0600000000000000";

    private const string Sender = "05"
        + "6E6F646531" + "2211000000000000" + "0700000001000000" + "BEBAFECA00000000" + "01" + "0300000000000000";

    private const string EarlierSender = "05" + "6E6F646531" + "0300000000000000";

    private const string Roll = "BEBAFECA00000000" + "02" + "026E31" + "1100000000000000" + "026E32" + "2200000000000000";

    private static readonly Origin Node = new(new NodeId("node1"), new Life(0x1122, 0x1_0000_0007), 0xCAFEBABE, Votes: true);
    private static readonly VoterRoll Voters = new(0xCAFEBABE, [new(new NodeId("n1"), 0x11), new(new NodeId("n2"), 0x22)]);
    private static readonly EpochEnd[] Ends = [new(1, 4), new(2, 6)];

    public static TheoryData<string, string, ReplicationMessage> Messages => new()
    {
        {
            "A2", Sender + "0200000000000000"
                + "0600000000000000" + "0500000000000000" + "0900000000000000" + "FEFFFFFFFFFFFFFF" + "00" + "00000000",
            new AppendBatch(Node, 3, 2, 6, null, 5, 9, -2)
        },
        {
            "A2", Sender + "0200000000000000"
                + "0600000000000000" + "0500000000000000" + "0900000000000000" + "FEFFFFFFFFFFFFFF" + "01" + "94000000" + Batch,
            new AppendBatch(Node, 3, 2, 6, TwoEntries(), 5, 9, -2, Serves: true)
        },
        {
            "B2", Sender + "0800000000000000" + "0700000000000000" + "15CD5B0700000000",
            new AppendAcknowledged(Node, 3, 8, 7, 123456789)
        },
        {
            "R2", Sender + "02" + "15CD5B0700000000" + Log,
            new AppendRefused(Node, 3, RefusalReason.Gap, Ends, 123456789)
        },
        { "S2", Sender + "0500000000000000" + "0900000000000000", new SealRequest(Node, 3, new Life(5, 9)) },
        {
            "V2", Sender + "0500000000000000" + "0900000000000000"
                + "03" + "0400000000000000" + "0200000000000000" + "0600000000000000" + "0500000000000000" + "DC05000000000000",
            new SealReply(Node, 3, new Life(5, 9), SealOutcome.GrantRunning, 4, 2, 6, 5, 1500)
        },
        { "F2", Sender + Log, new FetchTail(Node, 3, Ends) },
        {
            "T2", Sender + "0200000000000000" + "0600000000000000" + "0800000000000000" + "94000000" + Batch,
            new TailBatch(Node, 3, 2, 6, TwoEntries(), 8)
        },
        { "G3", Sender + "00", new GrantReleased(Node, 3, NodeId.None) },
        { "G3", Sender + "026E32", new GrantReleased(Node, 3, new NodeId("n2")) },
        { "E2", Sender + "0200000000000000" + "0600000000000000" + "FEFFFFFFFFFFFFFF", new EntriesGone(Node, 3, 2, 6, -2) },
        { "L2", Sender + "0200000000000000" + "0600000000000000" + "FEFFFFFFFFFFFFFF", new GrantInquiry(Node, 3, 2, 6, -2) },
        { "M2", Sender + "FEFFFFFFFFFFFFFF" + "15CD5B0700000000", new GrantLapsed(Node, 3, -2, 123456789) },
        { "I2", Sender + "1100" + "0900000000000000" + "00000400", new FetchImage(Node, 3, new Partition(17), 9, 0x40000) },
        {
            "C2", Sender + "1100" + "0900000000000000" + "0600000000000000" + "00000800" + "00000400" + Log + Roll + "02000000" + "ABCD",
            new ImageChunk(Node, 3, new Partition(17), 9, 6, 0x80000, 0x40000, Ends, Voters, new byte[] { 0xAB, 0xCD })
        },
        {
            "X1", Sender + "0500000000000000" + "0900000000000000" + "0600000000000000" + "0A00000000000000" + "0700000000000000",
            new LifeSuperseded(Node, 3, new Life(5, 9), new Life(6, 10), 7)
        },
    };

    [Theory]
    [InlineData("B1", EarlierSender + "EFCDAB0000000000" + "0800000000000000" + "0700000000000000" + "01" + "15CD5B0700000000")]
    [InlineData("S1", EarlierSender + "0500000000000000" + "0900000000000000")]
    [InlineData("G1", EarlierSender)]
    public void A_message_of_an_earlier_version_is_refused_and_said_to_be_one(string manifest, string hex)
    {
        Assert.Equal(
            ReplicationDecode.Malformed, ReplicationCodec.Decode(manifest, Convert.FromHexString(hex), out var read, out var problem));
        Assert.Null(read);
        Assert.Contains("earlier version", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_roll_of_voters_is_these_bytes()
    {
        Assert.Equal(Roll, Convert.ToHexString(Voters.Encode()));
        Assert.True(VoterRoll.TryRead(Convert.FromHexString(Roll), out var read));
        Assert.Equal(Voters.Birth, read.Birth);
        Assert.Equal(Voters.Voters, read.Voters);
        for (var length = 0; length < Roll.Length; length += 2)
            Assert.False(VoterRoll.TryRead(Convert.FromHexString(Roll[..length]), out _));
        Assert.False(VoterRoll.TryRead(Convert.FromHexString(Roll + "00"), out _));
        // a memory of 0
        Assert.False(VoterRoll.TryRead(Convert.FromHexString(Roll.Replace("2200", "0000", StringComparison.Ordinal)), out _));
    }

    [Fact]
    public void A_roll_that_is_a_list_of_all_voters_is_these_bytes_and_may_have_voters_that_no_entry_names()
    {
        const string List = "BEBAFECA00000000" + "82" + "026E31" + "1100000000000000" + "026E32" + "0000000000000000";
        NamedVoter[] voters = [new(new NodeId("n1"), 0x11), new(new NodeId("n2"), 0)];
        Assert.Equal(List, Convert.ToHexString(new VoterRoll(0xCAFEBABE, voters, IsList: true).Encode()));
        Assert.True(VoterRoll.TryRead(Convert.FromHexString(List), out var read));
        Assert.Equal((0xCAFEBABEul, true), (read.Birth, read.IsList));
        Assert.Equal(voters, read.Voters);
        for (var length = 0; length < List.Length; length += 2)
            Assert.False(VoterRoll.TryRead(Convert.FromHexString(List[..length]), out _));
        Assert.Throws<OverflowException>(() => new VoterRoll(1, [.. Enumerable.Repeat(voters[0], VoterRoll.MaximumVoters + 1)]).Encode());
    }

    [Fact]
    public void A_VOTER_RETURNED_payload_is_these_bytes_and_an_earlier_one_names_no_memory()
    {
        var bytes = new byte[VoterReturnedPayload.EncodedBytes];
        new VoterReturnedPayload(new Life(0x22, 0x1_0000_0007)).WriteTo(bytes);
        Assert.Equal("0700000001000000" + "2200000000000000", Convert.ToHexString(bytes));
        Assert.True(VoterReturnedPayload.TryRead(bytes, out var read));
        Assert.Equal(new Life(0x22, 0x1_0000_0007), read.Life);
        Assert.True(VoterReturnedPayload.TryRead(bytes.AsSpan(0, 8), out var earlier));
        Assert.Equal(0ul, earlier.Life.Memory);
        Assert.False(VoterReturnedPayload.TryRead(bytes.AsSpan(0, 15), out _));
    }

    [Fact]
    public void An_entry_and_a_batch_are_these_bytes()
    {
        var batch = TwoEntries();
        var entries = batch.GetEnumerator();
        Assert.True(entries.MoveNext());
        Assert.Equal(FirstEntry, Convert.ToHexString(entries.Current.Encoded));
        Assert.True(entries.MoveNext());
        Assert.Equal(SecondEntry, Convert.ToHexString(entries.Current.Encoded));
        Assert.Equal(Batch, Convert.ToHexString(batch.Encoded.Span));
        Assert.True(OpLogBatch.TryOpen(Convert.FromHexString(Batch), out _, out var problem), problem);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_is_these_bytes(string manifest, string hex, ReplicationMessage message)
    {
        Assert.Equal(manifest, ReplicationCodec.ManifestOf(message));
        Assert.True(ReplicationCodec.TryEncode(message, out var encoded, out var problem), problem);
        Assert.Equal(hex, Convert.ToHexString(encoded));
        Assert.Equal(ReplicationDecode.Ok, ReplicationCodec.Decode(manifest, Convert.FromHexString(hex), out var read, out problem));
        Assert.Equal("", problem);
        Assert.Equal(Samples.Describe(message), Samples.Describe(read!));
    }

    [Fact]
    public void A_PUT_START_payload_is_these_bytes()
    {
        var bytes = new byte[PutStartPayload.SizeOf(1, 1)];
        PutStartPayload.Write(bytes, new Uuid(1, 2), 4096, null, true, SoftPinAction.Enable, 1, "g"u8, [new PlacedReplica(9, 3, 8192)]);
        Assert.Equal(
            "01000000000000000200000000000000" + "0010000000000000" + "FFFFFFFFFFFFFFFF" + "01" + "01" + "01" + "01" + "0100" + "67"
            + "0900000000000000" + "03000000" + "0020000000000000",
            Convert.ToHexString(bytes));
    }

    [Fact]
    public void A_MOUNT_SEGMENT_payload_is_these_bytes()
    {
        var payload = new MountSegmentPayload(
            3, new Uuid(1, 2), new Segment(new Uuid(5, 6), "n", 0x7F0000000000, 1 << 30, "e:1", "tcp", "h"));
        var bytes = new byte[payload.EncodedBytes];
        payload.Write(bytes);
        Assert.Equal(
            "03000000" + "01000000000000000200000000000000" + "05000000000000000600000000000000"
                + "00000000007F0000" + "0000004000000000" + "01006E" + "0300653A31" + "0300746370" + "010068",
            Convert.ToHexString(bytes));
    }

    private static OpLogBatch TwoEntries()
    {
        var writer = new BatchWriter();
        var shard = new DraftBuffer(Partition.OfShard(4));
        new PutEndPayload(ReplicaType.Memory, 0xDEADBEEF).Write(
            shard.Add(OpType.PutEnd, "k1"u8, 0x1122334455667788, PutEndPayload.EncodedBytes));
        var table = new DraftBuffer(Partition.SegmentTable);
        table.Add(OpType.EpochStart, [], 0, 0);
        writer.Add(shard.Bytes, 7, 3, 1_700_000_000_000);
        writer.Add(table.Bytes, 8, 3, 1_700_000_000_001);
        return writer.Close(6);
    }
}
