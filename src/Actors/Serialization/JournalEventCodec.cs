// The bytes of the journal's events, little-endian. By manifest:
//   JB1 BatchAppended   the batch's own bytes
//   JE1 EpochPromised   epoch u64, candidate (u8 length, UTF-8)
//   JS1 SuffixCut       last kept seq u64
//   JT2 LogTruncated    ends u32 count, then (epoch u64, last seq u64) each; then the roll (see VoterRoll)
//   JT1                 without the roll
//   JR2 LogReset        images up to u64, then as LogTruncated
//   JR1                 without the roll
//   JC1 PartitionCheckpoint  seq u64, epoch u64, then the image's own bytes (in a snapshot store, never in the journal)
//   JV2 VotingGranted   memory u64
//   JV1                 one byte, 1: an event is never empty, so that a hole in a journal cannot pass for one
// A layout never changes; another layout is another version. The earlier ones are read and not written.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Serialization;

internal static class JournalEventCodec
{
    private const string BatchManifest = "JB1";
    private const string PromiseManifest = "JE1";
    private const string CutManifest = "JS1";
    private const string VotingManifest = "JV2";
    private const string EarlierVotingManifest = "JV1";
    private const string TruncatedManifest = "JT2";
    private const string EarlierTruncatedManifest = "JT1";
    private const string ResetManifest = "JR2";
    private const string EarlierResetManifest = "JR1";
    private const string CheckpointManifest = "JC1";
    private const int PromiseFixedBytes = 9;
    private const int EpochEndBytes = 16;

    public static bool Knows(string manifest) => manifest is BatchManifest or PromiseManifest or CutManifest or VotingManifest
        or TruncatedManifest or ResetManifest or CheckpointManifest or EarlierVotingManifest or EarlierTruncatedManifest
        or EarlierResetManifest;

    public static string ManifestOf(IJournalEvent happened) => happened switch
    {
        BatchAppended => BatchManifest,
        EpochPromised => PromiseManifest,
        SuffixCut => CutManifest,
        VotingGranted => VotingManifest,
        LogTruncated => TruncatedManifest,
        LogReset => ResetManifest,
        PartitionCheckpoint => CheckpointManifest,
        _ => throw new SerializationRefusedException($"{happened.GetType()} is no event of the journal"),
    };

    public static byte[] Encode(IJournalEvent happened)
    {
        switch (happened)
        {
            case BatchAppended appended:
                return WholeArrayOrCopy(appended.Batch.Encoded);
            case EpochPromised promised:
                return EncodePromise(promised);
            case SuffixCut cut:
                var bytes = new byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, cut.LastKeptSequence);
                return bytes;
            case VotingGranted granted:
                var memory = new byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(memory, granted.Memory);
                return memory;
            case LogTruncated truncated:
                return [.. EncodeEnds(truncated.Below), .. (truncated.Roll ?? VoterRoll.Empty).Encode()];
            case LogReset reset:
                var images = BitConverter.GetBytes(reset.ImagesUpTo);
                return [.. images, .. EncodeEnds(reset.Below), .. (reset.Roll ?? VoterRoll.Empty).Encode()];
            case PartitionCheckpoint checkpoint:
                return [.. HeadOf(checkpoint), .. checkpoint.Image.Span];
            default:
                throw new SerializationRefusedException($"{happened.GetType()} is no event of the journal");
        }
    }

    /// <summary>What stands before the image: the two together are the encoded checkpoint, without a copy of the image.</summary>
    public static byte[] HeadOf(PartitionCheckpoint checkpoint)
    {
        var head = new byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(head, checkpoint.Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(sizeof(ulong)), checkpoint.Epoch);
        return head;
    }

    /// <exception cref="JournalDamagedException">Other bytes than were written.</exception>
    public static IJournalEvent Decode(string manifest, byte[] bytes)
    {
        switch (manifest)
        {
            case BatchManifest:
                return OpLogBatch.TryOpen(bytes, out var batch, out var problem)
                    ? new BatchAppended(batch)
                    : throw new JournalDamagedException($"a batch of {bytes.Length} bytes: {problem}");
            case PromiseManifest when bytes.Length >= PromiseFixedBytes && bytes.Length == PromiseFixedBytes + bytes[8]
                && Utf8.IsValid(bytes.AsSpan(PromiseFixedBytes)):
                return new EpochPromised(
                    BinaryPrimitives.ReadUInt64LittleEndian(bytes),
                    new NodeId(Encoding.UTF8.GetString(bytes.AsSpan(PromiseFixedBytes))));
            case CutManifest when bytes.Length == 8:
                return new SuffixCut(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            case VotingManifest when bytes.Length == sizeof(ulong):
                return new VotingGranted(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            case EarlierVotingManifest when bytes is [1]:
                return new VotingGranted(Memory: 0);
            case TruncatedManifest when DecodeEnds(bytes, out var length) is { Length: > 0 } below
                && VoterRoll.TryRead(bytes.AsSpan(length), out var roll):
                return new LogTruncated(below, roll);
            case EarlierTruncatedManifest when DecodeEnds(bytes, out var length) is { Length: > 0 } below && length == bytes.Length:
                return new LogTruncated(below, Roll: null);
            case ResetManifest when bytes.Length >= sizeof(ulong)
                && DecodeEnds(bytes.AsSpan(sizeof(ulong)), out var length) is { Length: > 0 } below
                && VoterRoll.TryRead(bytes.AsSpan(sizeof(ulong) + length), out var roll):
                return new LogReset(below, roll, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            case EarlierResetManifest when bytes.Length >= sizeof(ulong)
                && DecodeEnds(bytes.AsSpan(sizeof(ulong)), out var length) is { Length: > 0 } below
                && sizeof(ulong) + length == bytes.Length:
                return new LogReset(below, Roll: null, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            case CheckpointManifest when bytes.Length >= 2 * sizeof(ulong):
                return new PartitionCheckpoint(
                    BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(sizeof(ulong))),
                    bytes.AsMemory(2 * sizeof(ulong)));
            default:
                throw new JournalDamagedException($"{bytes.Length} bytes are no event with the manifest {manifest}");
        }
    }

    // A batch that this node wrote or read from its journal is a whole array: it goes to the journal without a copy. One that
    // came in a message is a slice of the message.
    private static byte[] WholeArrayOrCopy(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Array is { } array && segment.Count == array.Length
            ? array
            : bytes.ToArray();

    private static byte[] EncodeEnds(ReadOnlySpan<EpochEnd> ends)
    {
        var bytes = new byte[sizeof(uint) + (ends.Length * EpochEndBytes)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)ends.Length);
        for (var i = 0; i < ends.Length; i++)
        {
            var place = bytes.AsSpan(sizeof(uint) + (i * EpochEndBytes));
            BinaryPrimitives.WriteUInt64LittleEndian(place, ends[i].Epoch);
            BinaryPrimitives.WriteUInt64LittleEndian(place[sizeof(ulong)..], ends[i].LastSequence);
        }

        return bytes;
    }

    // Null: not what was written. Allocates only what is there.
    private static EpochEnd[]? DecodeEnds(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (bytes.Length < sizeof(uint)
            || bytes.Length - sizeof(uint) < (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes) * EpochEndBytes)
            return null;
        var ends = new EpochEnd[BinaryPrimitives.ReadUInt32LittleEndian(bytes)];
        length = sizeof(uint) + (ends.Length * EpochEndBytes);
        for (var i = 0; i < ends.Length; i++)
        {
            var place = bytes[(sizeof(uint) + (i * EpochEndBytes))..];
            ends[i] = new EpochEnd(
                BinaryPrimitives.ReadUInt64LittleEndian(place), BinaryPrimitives.ReadUInt64LittleEndian(place[sizeof(ulong)..]));
        }

        return ends;
    }

    private static byte[] EncodePromise(EpochPromised promised)
    {
        var name = Encoding.UTF8.GetBytes(promised.Candidate.Name ?? "");
        if (name.Length > ReplicationCodec.MaximumNodeNameBytes)
            throw new SerializationRefusedException(
                $"a node name of {name.Length} bytes is longer than {ReplicationCodec.MaximumNodeNameBytes}");
        var bytes = new byte[PromiseFixedBytes + name.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, promised.Epoch);
        bytes[8] = (byte)name.Length;
        name.CopyTo(bytes, PromiseFixedBytes);
        return bytes;
    }
}
