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

    private const string Sender = "05" + "6E6F646531" + "0300000000000000";

    private static readonly NodeId Node = new("node1");
    private static readonly EpochEnd[] Ends = [new(1, 4), new(2, 6)];

    public static TheoryData<string, string, ReplicationMessage> Messages => new()
    {
        {
            "A1", Sender + "0200000000000000" + "0600000000000000" + "0500000000000000" + "0900000000000000" + "FEFFFFFFFFFFFFFF" + "00000000",
            new AppendBatch(Node, 3, 2, 6, null, 5, 9, -2)
        },
        {
            "A1", Sender + "0200000000000000" + "0600000000000000" + "0500000000000000" + "0900000000000000" + "FEFFFFFFFFFFFFFF" + "94000000" + Batch,
            new AppendBatch(Node, 3, 2, 6, TwoEntries(), 5, 9, -2)
        },
        {
            "B1", Sender + "EFCDAB0000000000" + "0800000000000000" + "0700000000000000" + "01" + "15CD5B0700000000",
            new AppendAcknowledged(Node, 3, 0xABCDEF, 8, 7, true, 123456789)
        },
        {
            "R1", Sender + "EFCDAB0000000000" + "02" + "15CD5B0700000000" + Log,
            new AppendRefused(Node, 3, 0xABCDEF, RefusalReason.Gap, Ends, 123456789)
        },
        { "S1", Sender + "0500000000000000" + "0900000000000000", new SealRequest(Node, 3, 5, 9) },
        {
            "V1", Sender + "0500000000000000" + "0900000000000000" + "03" + "0400000000000000" + "0200000000000000" + "0600000000000000" + "0500000000000000" + "DC05000000000000",
            new SealReply(Node, 3, 5, 9, SealOutcome.GrantRunning, 4, 2, 6, 5, 1500)
        },
        { "F1", Sender + Log, new FetchTail(Node, 3, Ends) },
        {
            "T1", Sender + "0200000000000000" + "0600000000000000" + "0800000000000000" + "94000000" + Batch,
            new TailBatch(Node, 3, 2, 6, TwoEntries(), 8)
        },
        { "G1", Sender, new GrantReleased(Node, 3, NodeId.None) },
        { "G2", Sender + "026E32", new GrantReleased(Node, 3, new NodeId("n2")) },
        { "E1", Sender + "0200000000000000" + "0600000000000000" + "FEFFFFFFFFFFFFFF", new EntriesGone(Node, 3, 2, 6, -2) },
        { "L1", Sender + "FEFFFFFFFFFFFFFF", new GrantInquiry(Node, 3, -2) },
        { "M1", Sender + "FEFFFFFFFFFFFFFF" + "15CD5B0700000000", new GrantLapsed(Node, 3, -2, 123456789) },
        { "I1", Sender + "1100" + "0900000000000000" + "00000400", new FetchImage(Node, 3, new Partition(17), 9, 0x40000) },
        {
            "C1", Sender + "1100" + "0900000000000000" + "0600000000000000" + "00000800" + "00000400" + Log + "02000000" + "ABCD",
            new ImageChunk(Node, 3, new Partition(17), 9, 6, 0x80000, 0x40000, Ends, new byte[] { 0xAB, 0xCD })
        },
    };

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
        var payload = new MountSegmentPayload(3, new Uuid(1, 2), new Segment(new Uuid(5, 6), "n", 0x7F0000000000, 1 << 30, "e:1", "tcp", "h"));
        var bytes = new byte[payload.EncodedBytes];
        payload.Write(bytes);
        Assert.Equal(
            "03000000" + "01000000000000000200000000000000" + "05000000000000000600000000000000" + "00000000007F0000" + "0000004000000000" + "01006E" + "0300653A31" + "0300746370" + "010068",
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
