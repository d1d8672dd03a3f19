// Generators and builders that the codec tests share. A failing property prints its seed; CsCheck_Seed=... gives it back.
using CsCheck;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Messages;

/// <summary>An entry before it is encoded.</summary>
internal sealed record SampleEntry(OpType Type, ushort Partition, byte[] Key, byte[] Payload, long TimestampMilliseconds)
{
    public ulong Hash => Key.Length == 0 ? 0 : ObjectKey.HashOf(Key);
}

internal static class Samples
{
    public static readonly Gen<SampleEntry> Entry = Gen.Select(
        Gen.Int[1, 14], Gen.UShort, Gen.Byte.Array[0, 40], Gen.Byte.Array[0, 120], Gen.Long,
        (type, partition, key, payload, timestamp) => new SampleEntry((OpType)type, partition, key, payload, timestamp));

    public static readonly Gen<OpLogBatch> Batch = Gen.Select(
        Entry.Array[1, 12], Gen.ULong[0, 1000], Gen.ULong[1, 1_000_000], Gen.ULong,
        (entries, epoch, first, commit) => BatchOf(entries, epoch, first, commit));

    /// <summary>No batch, or one.</summary>
    public static readonly Gen<OpLogBatch?> MaybeBatch = Gen.OneOf(Gen.Const((OpLogBatch?)null), Batch.Select(batch => (OpLogBatch?)batch));

    public static readonly Gen<NodeId> Node = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 0, 255], Gen.String[Gen.Char["aä€-"], 0, 85]).Select(name => new NodeId(name));

    private static readonly Gen<EpochEnd[]> Log =
        Gen.Select(Gen.ULong, Gen.ULong, (epoch, last) => new EpochEnd(epoch, last)).Array[0, 20];

    private static readonly Gen<Origin> Speaker = Gen.Select(
        Node, Gen.ULong.Array[3], Gen.Bool, (node, n, votes) => new Origin(node, new Life(n[0], n[1]), n[2], votes));

    private static readonly Gen<VoterRoll> Roll = Gen.Select(
        Gen.ULong, Gen.Select(Node.Where(static node => node != NodeId.None), Gen.ULong[1, ulong.MaxValue]).Array[0, 6], Gen.Bool,
        (birth, voters, isList) => new VoterRoll(
            birth, [.. voters.Select(static voter => new NamedVoter(voter.Item1, voter.Item2))], isList));

    /// <summary>Random messages, every kind alike often.</summary>
    public static readonly Gen<ReplicationMessage> Message = Gen.OneOf(
        Gen.Select(Speaker, MaybeBatch, Gen.ULong.Array[5], Gen.Long, Gen.Bool, (node, batch, n, ticks, serves) =>
            (ReplicationMessage)new AppendBatch(node, n[0], n[1], n[2], batch, n[3], n[4], ticks, serves)),
        Gen.Select(Speaker, Gen.ULong.Array[3], Gen.Long, (node, n, ticks) =>
            (ReplicationMessage)new AppendAcknowledged(node, n[0], n[1], n[2], ticks)),
        Gen.Select(Speaker, Gen.ULong, Gen.Int[1, 2], Log, Gen.Long, (node, epoch, reason, log, ticks) =>
            (ReplicationMessage)new AppendRefused(node, epoch, (RefusalReason)reason, log, ticks)),
        Gen.Select(Speaker, Gen.ULong.Array[3], (node, n) => (ReplicationMessage)new SealRequest(node, n[0], new Life(n[1], n[2]))),
        Gen.Select(Speaker, Gen.ULong.Array[7], Gen.Int[1, 6], Gen.Long, (node, n, outcome, remaining) =>
            (ReplicationMessage)new SealReply(node, n[0], new Life(n[5], n[6]), (SealOutcome)outcome, n[1], n[2], n[3], n[4], remaining)),
        Gen.Select(Speaker, Gen.ULong, Log, (node, epoch, log) => (ReplicationMessage)new FetchTail(node, epoch, log)),
        Gen.Select(Speaker, MaybeBatch, Gen.ULong.Array[4], (node, batch, n) =>
            (ReplicationMessage)new TailBatch(node, n[0], n[1], n[2], batch, n[3])),
        Gen.Select(Speaker, Gen.ULong, Node, (node, epoch, successor) => (ReplicationMessage)new GrantReleased(node, epoch, successor)),
        Gen.Select(Speaker, Gen.ULong.Array[3], Gen.Long, (node, n, ticks) =>
            (ReplicationMessage)new EntriesGone(node, n[0], n[1], n[2], ticks)),
        Gen.Select(Speaker, Gen.ULong.Array[3], Gen.Long, (node, n, ticks) =>
            (ReplicationMessage)new GrantInquiry(node, n[0], n[1], n[2], ticks)),
        Gen.Select(Speaker, Gen.ULong, Gen.Long.Array[2], (node, epoch, ticks) =>
            (ReplicationMessage)new GrantLapsed(node, epoch, ticks[0], ticks[1])),
        Gen.Select(Speaker, Gen.ULong.Array[2], Gen.UShort, Gen.UInt, (node, n, partition, offset) =>
            (ReplicationMessage)new FetchImage(node, n[0], new Partition(partition), n[1], offset)),
        Gen.Select(Speaker, Gen.ULong.Array[3], Gen.UShort, Gen.UInt.Array[2], Log, Gen.Select(Roll, Gen.Byte.Array[0, 200]),
            (node, n, partition, sizes, log, more) =>
            (ReplicationMessage)new ImageChunk(
                node, n[0], new Partition(partition), n[1], n[2], sizes[0], sizes[1], log, more.Item1, more.Item2)),
        Gen.Select(Speaker, Gen.ULong.Array[6], (node, n) =>
            (ReplicationMessage)new LifeSuperseded(node, n[0], new Life(n[1], n[2]), new Life(n[3], n[4]), n[5])));

    /// <summary>One of these values.</summary>
    public static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>One drafted entry, as a partition hands it over.</summary>
    public static DraftBuffer Draft(SampleEntry entry)
    {
        var drafts = new DraftBuffer(new Partition(entry.Partition));
        entry.Payload.CopyTo(drafts.Add(entry.Type, entry.Key, entry.Hash, entry.Payload.Length));
        return drafts;
    }

    public static OpLogBatch BatchOf(IEnumerable<SampleEntry> entries, ulong epoch, ulong firstSequence, ulong commitSequence)
    {
        var writer = new BatchWriter();
        foreach (var entry in entries)
        {
            var drafts = Draft(entry);
            writer.Add(drafts.Bytes, firstSequence + (ulong)writer.Count, epoch, entry.TimestampMilliseconds);
            drafts.Release();
        }

        return writer.Close(commitSequence);
    }

    /// <summary>A small batch of three entries, seq 7 to 9, epoch 3, commit 6.</summary>
    public static OpLogBatch SmallBatch() => BatchOf(
        [
            new(OpType.PutEnd, 5, "k1"u8.ToArray(), [0, 1, 2, 3], 1_700_000_000_000),
            new(OpType.EpochStart, 0, [], [], 1_700_000_000_001),
            new(OpType.Remove, 64, "another key"u8.ToArray(), [], 1_700_000_000_002),
        ],
        epoch: 3, firstSequence: 7, commitSequence: 6);

    /// <summary>Everything in a message but its class: equal for equal messages.</summary>
    public static string Describe(ReplicationMessage message) => message switch
    {
        AppendBatch append => $"{append with { Batch = null }} {Hex(append.Batch)}",
        TailBatch tail => $"{tail with { Batch = null }} {Hex(tail.Batch)}",
        AppendRefused refused => $"{refused with { Log = [] }} {string.Join(' ', refused.Log)}",
        FetchTail fetch => $"{fetch with { Log = [] }} {string.Join(' ', fetch.Log)}",
        ImageChunk chunk => $"{chunk with { Log = [], Roll = VoterRoll.Empty, Bytes = default }} {string.Join(' ', chunk.Log)} "
            + $"{chunk.Roll.Birth} {chunk.Roll.IsList} {string.Join(' ', chunk.Roll.Voters)} {Convert.ToHexString(chunk.Bytes.Span)}",
        _ => message.ToString(),
    };

    private static string Hex(OpLogBatch? batch) => batch is null ? "none" : Convert.ToHexString(batch.Encoded.Span);
}
