// Messages between replicas: what is sent is received, and bytes from outside never do harm.
using System.Runtime.InteropServices;
using CsCheck;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Messages;

public sealed class ReplicationCodecTests
{
    private static readonly string[] Manifests = ["A2", "B2", "R2", "S2", "V2", "F2", "T2", "G3", "E2", "L2", "M2", "I2", "C2", "X1"];

    [Fact]
    public void Random_messages_of_every_kind_round_trip() =>
        Samples.Message.Sample(message =>
        {
            var encoded = Encode(message);
            Assert.Equal(ReplicationDecode.Ok, ReplicationCodec.Decode(
                ReplicationCodec.ManifestOf(message), encoded, out var read, out var problem));
            Assert.Equal("", problem);
            Assert.Equal(message.GetType(), read!.GetType());
            Assert.Equal(Samples.Describe(message), Samples.Describe(read));
        });

    [Fact]
    public void Every_kind_of_message_has_a_manifest_of_its_own()
    {
        var kinds = typeof(ReplicationMessage).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ReplicationMessage))).ToList();
        var seen = new HashSet<string>();
        Samples.Message.Array[400]
            .Single().ToList().ForEach(message => seen.Add($"{message.GetType().Name} {ReplicationCodec.ManifestOf(message)}"));
        Assert.Equal(kinds.Count, seen.Select(pair => pair.Split(' ')[0]).Distinct().Count());
        Assert.Equal(seen.Count, seen.Select(pair => pair.Split(' ')[1]).Distinct().Count());
        Assert.Equal(Manifests.Order(), seen.Select(pair => pair.Split(' ')[1]).Order());
    }

    [Fact]
    public void Every_truncation_and_every_added_byte_is_refused() =>
        Samples.Message.Sample(message =>
        {
            var encoded = Encode(message);
            var manifest = ReplicationCodec.ManifestOf(message);
            for (var length = 0; length < encoded.Length; length++)
                AssertMalformed(manifest, encoded[..length]);
            AssertMalformed(manifest, [.. encoded, 0]);
        }, iter: 50);

    [Fact]
    public void Random_mutations_never_throw_and_what_is_accepted_encodes_to_the_same_bytes() =>
        Gen.Select(Samples.Message, Gen.Select(Gen.Int[0, 10_000], Gen.Byte).Array[1, 6], Gen.Int[0, 7], Gen.Bool).Sample(
            (message, damage, other, otherManifest) =>
        {
            var bytes = Encode(message);
            foreach (var (at, value) in damage)
                bytes[at % bytes.Length] = value;
            var manifest = otherManifest ? Manifests[other] : ReplicationCodec.ManifestOf(message);
            var outcome = ReplicationCodec.Decode(manifest, bytes, out var read, out var problem);
            Assert.Equal(outcome == ReplicationDecode.Ok, problem.Length == 0);
            Assert.Equal(outcome == ReplicationDecode.Malformed, read is null);
            if (outcome == ReplicationDecode.Ok)
                Assert.Equal(bytes, Encode(read!));
        }, iter: 20_000);

    [Fact]
    public void Random_bytes_never_throw_and_never_allocate_much_beyond_their_own_size() =>
        Gen.Select(Gen.Byte.Array[0, 400], Samples.Any(Manifests)).Sample((bytes, manifest) =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            ReplicationCodec.Decode(manifest, bytes, out _, out _);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            // Twice for a name (UTF-16), once for a log; then the message itself and the text of the problem.
            Assert.InRange(allocated, 0, (2 * bytes.Length) + 2048);
        }, iter: 20_000);

    [Fact]
    public void Announced_lengths_are_not_believed()
    {
        var log = Encode(new FetchTail(From("n"), 1, []));
        log[^2] = log[^1] = 0xFF;
        var tail = Encode(new TailBatch(From("n"), 1, 0, 0, null, 0));
        tail.AsSpan(^4).Fill(0xFF);
        var append = Encode(new AppendBatch(From("n"), 1, 0, 0, null, 0, 0, 0));
        append.AsSpan(^4).Fill(0xFF);
        foreach (var (manifest, bytes) in new[] { ("F2", log), ("T2", tail), ("A2", append) })
        {
            AssertMalformed(manifest, bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            ReplicationCodec.Decode(manifest, bytes, out _, out _);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
        }
    }

    [Fact]
    public void An_append_whose_batch_is_damaged_keeps_its_header_and_says_so()
    {
        var batch = Samples.SmallBatch();
        var message = new AppendBatch(From("node-a"), 3, 2, 6, batch, 5, 9, 77);
        var encoded = Encode(message);
        for (var at = encoded.Length - batch.Encoded.Length; at < encoded.Length; at++)
        {
            encoded[at] ^= 0x10;
            Assert.Equal(ReplicationDecode.CorruptBatch, ReplicationCodec.Decode("A2", encoded, out var read, out var problem));
            Assert.Equal(message with { Batch = null }, read);
            Assert.NotEqual("", problem);
            encoded[at] ^= 0x10;
        }
    }

    [Fact]
    public void A_tail_whose_batch_is_damaged_is_no_message_so_it_cannot_pass_for_the_end_of_the_tail()
    {
        var encoded = Encode(new TailBatch(From("node-a"), 3, 2, 6, Samples.SmallBatch(), 9));
        encoded[^1] ^= 1;
        AssertMalformed("T2", encoded);
    }

    [Fact]
    public void A_batch_is_read_in_place()
    {
        var encoded = Encode(new AppendBatch(From("node-a"), 3, 2, 6, Samples.SmallBatch(), 5, 9, 77));
        ReplicationCodec.Decode("A2", encoded, out var read, out _);
        Assert.True(MemoryMarshal.TryGetArray(((AppendBatch)read!).Batch!.Encoded, out var segment));
        Assert.Same(encoded, segment.Array);
    }

    [Fact]
    public void A_message_with_a_large_batch_is_encoded_with_one_copy()
    {
        var batch = Samples.BatchOf([new(HotStandby.Messages.OpLog.OpType.PutStart, 1, [1], new byte[1 << 20], 0)], 1, 1, 0);
        var message = new AppendBatch(From("node-a"), 3, 2, 6, batch, 5, 9, 77);
        Encode(message);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Encode(message);
        // A thread's account moves in steps of the 8 KiB that it is given at a time.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, batch.Encoded.Length, batch.Encoded.Length + (2 * 8192));
    }

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("A3")]
    [InlineData("a1")]
    [InlineData("A2 ")]
    public void An_unknown_manifest_is_refused_by_name(string manifest)
    {
        Assert.Equal(ReplicationDecode.Malformed, ReplicationCodec.Decode(manifest, new byte[64], out var read, out var problem));
        Assert.Null(read);
        Assert.Contains($"'{manifest}'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_name_of_255_bytes_is_sent_and_one_of_256_is_not()
    {
        Assert.Equal(1 + 255 + 25 + 8 + 1, Encode(new GrantReleased(From(new string('n', 255)), 1, NodeId.None)).Length);
        AssertNotEncoded(new GrantReleased(From(new string('n', 256)), 1, NodeId.None), "256 bytes");
        AssertNotEncoded(new GrantReleased(From(new string('€', 86)), 1, NodeId.None), "258 bytes");
    }

    [Fact]
    public void A_node_name_that_is_no_text_is_neither_sent_nor_read()
    {
        AssertNotEncoded(new GrantReleased(From("a\uD800"), 1, NodeId.None), "surrogate");
        var encoded = Encode(new GrantReleased(From("ab"), 1, NodeId.None));
        encoded[1] = 0xFF;
        AssertMalformed("G3", encoded);
    }

    [Fact]
    public void A_log_of_65535_epochs_is_sent_and_one_of_65536_is_not()
    {
        var encoded = Encode(new FetchTail(From("n"), 1, new EpochEnd[65_535]));
        Assert.Equal(ReplicationDecode.Ok, ReplicationCodec.Decode("F2", encoded, out var read, out _));
        Assert.Equal(65_535, ((FetchTail)read!).Log.Length);
        AssertNotEncoded(new FetchTail(From("n"), 1, new EpochEnd[65_536]), "65536 epochs");
        AssertNotEncoded(new AppendRefused(From("n"), 1, RefusalReason.Gap, new EpochEnd[65_536], 0), "65536 epochs");
    }

    [Fact]
    public void Values_without_a_name_are_refused()
    {
        var node = From("n");
        foreach (var value in new byte[] { 0, 7, 255 })
        {
            var reply = Encode(new SealReply(node, 1, Life.None, SealOutcome.Sealed, 0, 0, 0, 0, 0));
            reply[51] = value;
            AssertMalformed("V2", reply);
        }

        foreach (var value in new byte[] { 0, 3, 255 })
        {
            var refused = Encode(new AppendRefused(node, 1, RefusalReason.Gap, [], 0));
            refused[35] = value;
            AssertMalformed("R2", refused);
        }
    }

    [Fact]
    public void A_kind_of_message_without_an_encoding_throws() =>
        Assert.Throws<ArgumentException>(() => ReplicationCodec.TryEncode(new Unknown(), out _, out _));

    private sealed record Unknown() : ReplicationMessage(From("n"), 1);

    private static Origin From(string node) => new(new NodeId(node), new Life(1, 2), 3, Votes: false);

    private static byte[] Encode(ReplicationMessage message)
    {
        Assert.True(ReplicationCodec.TryEncode(message, out var encoded, out var problem), problem);
        return encoded;
    }

    private static void AssertNotEncoded(ReplicationMessage message, string problemPart)
    {
        Assert.False(ReplicationCodec.TryEncode(message, out var encoded, out var problem));
        Assert.Empty(encoded);
        Assert.Contains(problemPart, problem, StringComparison.Ordinal);
    }

    private static void AssertMalformed(string manifest, byte[] bytes)
    {
        Assert.Equal(ReplicationDecode.Malformed, ReplicationCodec.Decode(manifest, bytes, out var read, out var problem));
        Assert.Null(read);
        Assert.NotEqual("", problem);
    }
}
