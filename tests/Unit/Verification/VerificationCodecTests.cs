// Messages between verifiers: what is sent is received, and bytes from outside never do harm.
using CsCheck;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Unit.Verification;

public sealed class VerificationCodecTests
{
    private static readonly string[] Manifests = ["VP1", "VQ1", "VR1"];

    private static readonly Gen<ObjectKey> Key = Gen.Byte.Array[1, 40].Select(ObjectKey.FromScoped);

    private static readonly Gen<(NodeId Node, Partition Partition)> Head =
        Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 0, 60], Gen.UShort, (name, partition) => (new NodeId(name), new Partition(partition)));

    private static readonly Gen<VerificationMessage> Message = Gen.OneOf(
        Head.Select(head => (VerificationMessage)new VerificationPointRequest(head.Node, head.Partition)),
        Gen.Select(Head, Gen.ULong.Array[3], Gen.Byte, Gen.UShort, Gen.Int[0, int.MaxValue], Entry().Array[0, 8],
            (head, n, bucket, most, threshold, entries) =>
            (VerificationMessage)new VerificationRequest(head.Node, head.Partition, n[0], bucket, n[1], n[2], most, threshold, entries)),
        Gen.Select(Head, Gen.ULong.Array[4], Gen.Byte, Gen.Int[1, 3], Mismatch().Array[0, 8], (head, n, bucket, outcome, mismatches) =>
            (VerificationMessage)new VerificationResponse(
                head.Node, head.Partition, n[0], bucket, n[1], n[2], (ComparisonOutcome)outcome, n[3], mismatches)));

    [Fact]
    public void Random_messages_of_every_kind_round_trip() => Message.Sample(message =>
    {
        var encoded = Encode(message);
        var read = VerificationCodec.Decode(VerificationCodec.ManifestOf(message), encoded, out var problem);
        Assert.Equal("", problem);
        Assert.Equal(Describe(message), Describe(read!));
        Assert.Equal(encoded, Encode(read!));
    });

    [Fact]
    public void Every_kind_of_message_has_a_manifest_of_its_own()
    {
        var kinds = typeof(VerificationMessage).Assembly.GetTypes().Count(type => type.IsSubclassOf(typeof(VerificationMessage)));
        var seen = Message.Array[200].Single().Select(VerificationCodec.ManifestOf).Distinct().Order().ToArray();
        Assert.Equal(Manifests, seen);
        Assert.Equal(kinds, seen.Length);
        Assert.All(seen, manifest => Assert.True(VerificationCodec.Knows(manifest)));
    }

    [Fact]
    public void Every_truncation_and_every_added_byte_is_refused() => Message.Sample(message =>
    {
        var (encoded, manifest) = (Encode(message), VerificationCodec.ManifestOf(message));
        for (var length = 0; length < encoded.Length; length++)
            MustRefuse(manifest, encoded[..length]);
        MustRefuse(manifest, [.. encoded, 0]);
    }, iter: 50);

    [Fact]
    public void Random_mutations_never_throw_and_what_is_accepted_encodes_to_the_same_bytes() =>
        Gen.Select(Message, Gen.Select(Gen.Int[0, 10_000], Gen.Byte).Array[1, 6], Gen.Int[0, 2], Gen.Bool).Sample(
            (message, damage, other, otherManifest) =>
        {
            var bytes = Encode(message);
            foreach (var (at, value) in damage)
                bytes[at % bytes.Length] = value;
            var manifest = otherManifest ? Manifests[other] : VerificationCodec.ManifestOf(message);
            var read = VerificationCodec.Decode(manifest, bytes, out var problem);
            Assert.Equal(read is null, problem.Length > 0);
            if (read is not null)
                Assert.Equal(bytes, Encode(read));
        }, iter: 20_000);

    [Fact]
    public void Random_bytes_never_throw_and_never_allocate_much_beyond_their_own_size() =>
        Gen.Select(Gen.Byte.Array[0, 400], Gen.Int[0, 2]).Sample((bytes, manifest) =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            VerificationCodec.Decode(Manifests[manifest], bytes, out _);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (4 * bytes.Length) + 4096);
        }, iter: 20_000);

    [Fact]
    public void A_message_is_these_bytes()
    {
        var key = ObjectKey.From("k1");
        var hash = Convert.ToHexString(BitConverter.GetBytes(key.Hash));
        const string head = "02" + "6E31" + "0500" + "0700000000000000" + "3F" + "0100000000000000" + "FFFFFFFFFFFFFFFF";
        var content = new byte[] { 0xAA, 0xBB };
        Assert.Equal(
            head + "6400" + "E8030000" + "0100" + hash + "02000000" + "6B31" + "1100000000000000" + "0600000000000000",
            Convert.ToHexString(Encode(new VerificationRequest(
                new NodeId("n1"), new Partition(5), 7, 63, 1, ulong.MaxValue, 100, 1000, [new VerificationEntry(key, 0x11, 6)]))));
        Assert.Equal(
            head + "01" + "0900000000000000"
                + "0100" + "03" + hash + "02000000" + "6B31" + "1100000000000000" + "0600000000000000" + "02000000" + "AABB",
            Convert.ToHexString(Encode(new VerificationResponse(
                new NodeId("n1"), new Partition(5), 7, 63, 1, ulong.MaxValue, ComparisonOutcome.Compared, 9,
                [new MismatchEntry(MismatchKind.Different, key, 0x11, 6, content)]))));
    }

    [Fact]
    public void A_message_beyond_the_limits_is_refused_with_a_reason()
    {
        Assert.False(VerificationCodec.TryEncode(
            new VerificationPointRequest(new NodeId(new string('n', 256)), new Partition(1)), out _, out var problem));
        Assert.NotEqual("", problem);
        var entries = Enumerable.Repeat(new VerificationEntry(ObjectKey.From("k"), 1, 1), VerificationCodec.MaximumCount + 1).ToArray();
        Assert.False(VerificationCodec.TryEncode(
            new VerificationRequest(new NodeId("n"), new Partition(1), 1, 1, 0, 1, 1, 1, entries), out _, out problem));
        Assert.NotEqual("", problem);
    }

    private static Gen<VerificationEntry> Entry() =>
        Gen.Select(Key, Gen.ULong, Gen.ULong, (key, checksum, last) => new VerificationEntry(key, checksum, last));

    private static Gen<MismatchEntry> Mismatch() =>
        Gen.Select(Gen.Int[1, 3], Key, Gen.ULong, Gen.ULong, Gen.Byte.Array[0, 60], (kind, key, checksum, last, content) =>
            new MismatchEntry((MismatchKind)kind, key, checksum, last, content));

    private static byte[] Encode(VerificationMessage message)
    {
        Assert.True(VerificationCodec.TryEncode(message, out var encoded, out var problem), problem);
        return encoded;
    }

    private static void MustRefuse(string manifest, byte[] bytes)
    {
        Assert.Null(VerificationCodec.Decode(manifest, bytes, out var problem));
        Assert.NotEqual("", problem);
    }

    private static string Describe(VerificationMessage message) => message switch
    {
        VerificationRequest request => $"{request with { Entries = [] }} {string.Join(' ', request.Entries)}",
        VerificationResponse response => $"{response with { Mismatches = [] }} "
            + string.Join(' ', response.Mismatches.Select(
                mismatch => $"{mismatch with { Content = default }} {Convert.ToHexString(mismatch.Content.Span)}")),
        _ => message.ToString(),
    };
}
