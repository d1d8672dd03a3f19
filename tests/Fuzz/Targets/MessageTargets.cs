// What nodes say to each other: a byte that says which kind, then the message.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Fuzz.Targets;

internal sealed class ReplicationMessageTarget() : FuzzTarget("replication-message")
{
    private static readonly NodeId Node = new("nöde-a");
    private static readonly Origin Speaker = new(Node, new Life(0x1122, 0x1_0000_0007), 0xCAFE, Votes: true);
    private static readonly VoterRoll Roll = new(0xCAFE, [new(new NodeId("n1"), 0x11), new(Node, 0x22)]);
    private static readonly EpochEnd[] Log = [new(1, 4), new(2, 6)];
    private static readonly IReadOnlyList<ReplicationMessage> Messages = MakeMessages();
    private static readonly string[] Manifests = [.. Messages.Select(ReplicationCodec.ManifestOf).Distinct(), "", "Z9"];

    public override bool IsCanonical => true;

    public override object? Decode(byte[] input)
    {
        if (input.Length == 0 || input[0] >= Manifests.Length)
            return null;
        var outcome = ReplicationCodec.Decode(Manifests[input[0]], input.AsMemory(1), out var message, out var problem);
        if (outcome == ReplicationDecode.CorruptBatch
            && message is not AppendBatch { Batch: null } || (outcome == ReplicationDecode.Ok) != (problem.Length == 0))
            throw new InvalidOperationException($"{outcome}, {message}, '{problem}'");
        return outcome == ReplicationDecode.Ok ? message : null;
    }

    public override byte[] Encode(object decoded)
    {
        var message = (ReplicationMessage)decoded;
        return ReplicationCodec.TryEncode(message, out var encoded, out var problem)
            ? [(byte)Array.IndexOf(Manifests, ReplicationCodec.ManifestOf(message)), .. encoded]
            : throw new InvalidOperationException(problem);
    }

    protected override IEnumerable<byte[]> MakeSamples() => Messages.Select(Encode);

    private static List<ReplicationMessage> MakeMessages()
    {
        var batch = Histories.BatchOf(Histories.Shard().Drafts).Until(2);
        return
        [
            new AppendBatch(Speaker, 3, 2, 6, null, 5, 9, 77), new AppendBatch(Speaker, 3, 2, 6, batch, 5, 9, 77),
            new AppendAcknowledged(Speaker, 3, 8, 7, 77),
            new AppendRefused(Speaker, 3, RefusalReason.Gap, Log, 77), new SealRequest(Speaker, 3, new Life(5, 9)),
            new FetchTail(Speaker, 3, Log),
            new SealReply(Speaker, 3, new Life(5, 9), SealOutcome.GrantRunning, 4, 2, 6, 5, 1500), new TailBatch(Speaker, 3, 2, 6, batch,
                8), new GrantReleased(Speaker, 3, NodeId.None), new GrantReleased(Speaker, 3, new NodeId("n2")),
            new EntriesGone(Speaker, 3, 2, 6, 77), new GrantInquiry(Speaker, 3, 2, 6, 77), new GrantLapsed(Speaker, 3, 77, 5),
            new FetchImage(Speaker, 3, new Partition(17), 9, 262144),
            new ImageChunk(Speaker, 3, new Partition(17), 9, 6, 524288, 262144, Log, Roll, new byte[] { 1, 2, 3 }),
            new LifeSuperseded(Speaker, 3, new Life(5, 9), new Life(6, 10), 7),
        ];
    }
}

internal sealed class VerificationMessageTarget() : FuzzTarget("verification-message")
{
    private static readonly string[] Manifests = ["VP1", "VQ1", "VR1", "VX1"];
    private static readonly ObjectKey Key = ObjectKey.From("key");

    public override object? Decode(byte[] input)
    {
        if (input.Length == 0 || input[0] >= Manifests.Length)
            return null;
        var message = VerificationCodec.Decode(Manifests[input[0]], input.AsMemory(1), out var problem);
        return (message is null) == (problem.Length > 0) ? message : throw new InvalidOperationException($"{message}, '{problem}'");
    }

    public override byte[] Encode(object decoded)
    {
        var message = (VerificationMessage)decoded;
        return VerificationCodec.TryEncode(message, out var encoded, out var problem)
            ? [(byte)Array.IndexOf(Manifests, VerificationCodec.ManifestOf(message)), .. encoded]
            : throw new InvalidOperationException(problem);
    }

    protected override IEnumerable<byte[]> MakeSamples() => ((VerificationMessage[])
    [
        new VerificationPointRequest(new NodeId("b"), new Partition(3)),
        new VerificationRequest(
            new NodeId("b"), new Partition(3), 40, 7, 1, ulong.MaxValue, 100, 1000, [new(Key, 5, 6), new(ObjectKey.From("other"), 7, 0)]),
        new VerificationResponse(
            new NodeId("a"), new Partition(3), 40, 7, 1, 99, ComparisonOutcome.Compared, 44,
            [new(MismatchKind.Missing, Key, 5, 6, new byte[] { 1, 2, 3 }), new(MismatchKind.Extra, Key, 0, 0, default)]),
    ]).Select(Encode);
}

internal sealed class ClockReadingTarget() : FuzzTarget("clock-reading")
{
    public override bool IsCanonical => true;

    public override object? Decode(byte[] input) => ClockReading.TryDecode(input, out var reading) ? reading : null;

    public override byte[] Encode(object decoded) => ((ClockReading)decoded).Encode();

    protected override IEnumerable<byte[]> MakeSamples() =>
        [new ClockReading(7, 0).Encode(), new ClockReading(8, 638_000_000_000_000_000).Encode()];
}

internal sealed class PresenceTarget() : FuzzTarget("presence")
{
    public override object? Decode(byte[] input) => Presence.TryDecode(input, out var presence) ? presence : null;

    public override byte[] Encode(object decoded) => ((Presence)decoded).Encode();

    protected override IEnumerable<byte[]> MakeSamples()
    {
        yield return new Presence(new(new NodeId("a"), "akka.tcp://x@h:1", -5),
            [new(new NodeId("b"), "akka.tcp://x@h:2", 7), new(new NodeId("c"), "", 0)]).Encode();
        yield return new Presence(new(new NodeId("ä"), "", 1), []).Encode();
    }
}

internal sealed class HelloTarget() : FuzzTarget("hello")
{
    public override object? Decode(byte[] input) => Hello.TryDecode(input, isEarlier: false, out var hello) ? hello : null;

    public override byte[] Encode(object decoded) => ((Hello)decoded).Encode();

    protected override IEnumerable<byte[]> MakeSamples()
    {
        var shape = new ClusterShape("cluster", "a,b,c", 64, "quorum", 2000);
        yield return new Hello(new NodeId("a"), shape, new Life(7, 8), 9, true, 2,
            [new(new NodeId("b"), "akka.tcp://x@h:1"), new(new NodeId("c"), "")], 10, 11).Encode();
        yield return new Hello(new NodeId("ä"), shape, new Life(1, 0), 0, false, 0, [], 0, 0).Encode();
    }
}

internal sealed class NameTakenTarget() : FuzzTarget("name taken")
{
    public override object? Decode(byte[] input) => NameTaken.TryDecode(input, out var taken) ? taken : null;

    public override byte[] Encode(object decoded) => ((NameTaken)decoded).Encode();

    protected override IEnumerable<byte[]> MakeSamples()
    {
        yield return new NameTaken("akka.tcp://x@h:1", true, 7).Encode();
        yield return new NameTaken("", false, 0).Encode();
    }
}
