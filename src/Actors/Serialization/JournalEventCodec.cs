// The bytes of the journal's events, little-endian. By manifest:
//   JB1 BatchAppended   the batch's own bytes
//   JE1 EpochPromised   epoch u64, candidate (u8 length, UTF-8)
//   JS1 SuffixCut       last kept seq u64
//   JT1 LogTruncated    ends u32 count, then (epoch u64, last seq u64) each
//   JR1 LogReset        images up to u64, then as LogTruncated
//   JC1 PartitionCheckpoint  seq u64, epoch u64, then the image's own bytes (in a snapshot store, never in the journal)
//   JV1 VotingGranted   one byte, 1: an event is never empty, so that a hole in a journal cannot pass for one
// A layout never changes; another layout is another version.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using HotStandby.Actors.Protocol;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Serialization;

internal static class JournalEventCodec
{
    private const string BatchManifest = "JB1";
    private const string PromiseManifest = "JE1";
    private const string CutManifest = "JS1";
    private const string VotingManifest = "JV1";
    private const string TruncatedManifest = "JT1";
    private const string ResetManifest = "JR1";
    private const string CheckpointManifest = "JC1";
    private const int PromiseFixedBytes = 9;
    private const int EpochEndBytes = 16;

    public static bool Knows(string manifest) => manifest is BatchManifest or PromiseManifest or CutManifest or VotingManifest
        or TruncatedManifest or ResetManifest or CheckpointManifest;

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
            case VotingGranted:
                return [1];
            case LogTruncated truncated:
                return EncodeEnds(truncated.Below);
            case LogReset reset:
                return [.. BitConverter.GetBytes(reset.ImagesUpTo), .. EncodeEnds(reset.Below)];
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
            case VotingManifest when bytes is [1]:
                return new VotingGranted();
            case TruncatedManifest when DecodeEnds(bytes) is { Length: > 0 } below:
                return new LogTruncated(below);
            case ResetManifest when bytes.Length >= sizeof(ulong) && DecodeEnds(bytes.AsSpan(sizeof(ulong))) is { Length: > 0 } below:
                return new LogReset(below, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
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

    // Null: not what was written.
    private static EpochEnd[]? DecodeEnds(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < sizeof(uint) || bytes.Length - sizeof(uint) != (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes) * EpochEndBytes)
            return null;
        var ends = new EpochEnd[(bytes.Length - sizeof(uint)) / EpochEndBytes];
        for (var i = 0; i < ends.Length; i++)
        {
            var place = bytes[(sizeof(uint) + (i * EpochEndBytes))..];
            ends[i] = new EpochEnd(BinaryPrimitives.ReadUInt64LittleEndian(place), BinaryPrimitives.ReadUInt64LittleEndian(place[sizeof(ulong)..]));
        }

        return ends;
    }

    private static byte[] EncodePromise(EpochPromised promised)
    {
        var name = Encoding.UTF8.GetBytes(promised.Candidate.Name ?? "");
        if (name.Length > ReplicationCodec.MaximumNodeNameBytes)
            throw new SerializationRefusedException($"a node name of {name.Length} bytes is longer than {ReplicationCodec.MaximumNodeNameBytes}");
        var bytes = new byte[PromiseFixedBytes + name.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, promised.Epoch);
        bytes[8] = (byte)name.Length;
        name.CopyTo(bytes, PromiseFixedBytes);
        return bytes;
    }
}
