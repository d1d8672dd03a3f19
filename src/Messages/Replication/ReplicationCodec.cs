// The binary form of what nodes say to each other. Called by the actor system's serializer only. Hand-laid little-endian;
// bytes from outside never make it throw, and never make it allocate more than they themselves take.
//
// Every message begins with its origin (u8 length, UTF-8; memory u64, incarnation u64, birth u64, votes u8) and the epoch (u64). What
// follows, by manifest:
//   A2 AppendBatch         previous epoch u64, previous seq u64, commit seq u64, last seq u64, sent at i64, serves u8, batch
//   B2 AppendAcknowledged  stored seq u64, applied seq u64, sent at i64
//   R2 AppendRefused       reason u8, sent at i64, log
//   S2 SealRequest         first start of: memory u64, incarnation u64
//   V2 SealReply           candidate: memory u64, incarnation u64; outcome u8, promised u64, last epoch u64, last seq u64, commit seq u64,
//                          remaining i64
//   F2 FetchTail           log
//   T2 TailBatch           previous epoch u64, previous seq u64, last seq u64, batch
//   G3 GrantReleased       successor (u8 length, UTF-8; empty: no node is invited)
//   E2 EntriesGone         base epoch u64, base seq u64, sent at i64
//   L2 GrantInquiry        last epoch u64, last seq u64, sent at i64
//   M2 GrantLapsed         sent at i64, lapsed i64
//   I2 FetchImage          partition u16, image id u64, offset u32
//   C2 ImageChunk          partition u16, image id u64, seq u64, total bytes u32, offset u32, log, roll, bytes (u32 length)
//   X1 LifeSuperseded      superseded: memory u64, incarnation u64; by: memory u64, incarnation u64; named at u64
// The versions before these named no life. They are refused: what they say cannot be counted.
// batch: u32 length (0: none) and the bytes of the OpLogBatch. log: u16 count, then (epoch u64, last seq u64) each. roll: see VoterRoll.
// A manifest is a kind and a version. A layout never changes; another layout is another version.
using System.Buffers;
using System.Text;
using System.Text.Unicode;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Messages.Replication;

/// <summary>What became of bytes that were to be a message.</summary>
public enum ReplicationDecode : byte
{
    /// <summary>Not a message: no such manifest, impossible bounds or values. There is no message.</summary>
    Malformed = 0,
    /// <summary>A message, all of it checked.</summary>
    Ok = 1,
    /// <summary>
    /// An <see cref="AppendBatch"/> whose header is readable and whose batch is damaged. The message is that header without a
    /// batch; it must be refused and the batch asked for again. It must not be taken for a heartbeat.
    /// </summary>
    CorruptBatch = 2,
}

/// <summary>Encodes and decodes every <see cref="ReplicationMessage"/>.</summary>
public static class ReplicationCodec
{
    /// <summary>Longest node name, in bytes of UTF-8.</summary>
    public const int MaximumNodeNameBytes = byte.MaxValue;

    /// <summary>Most places in the log of an <see cref="AppendRefused"/> or a <see cref="FetchTail"/>.</summary>
    public const int MaximumEpochEnds = ushort.MaxValue;

    internal const int EpochEndBytes = 16;
    private const int CommonBytes = 1 + 8 + 8 + 8 + 1 + 8;

    // What the version before this one sent.
    private static readonly string[] EarlierManifests =
        ["A1", "B1", "R1", "S1", "V1", "F1", "T1", "G1", "G2", "E1", "L1", "M1", "I1", "C1"];

    /// <summary>Kind and version of a message, as it travels beside its bytes.</summary>
    /// <exception cref="ArgumentException">A kind of message that has no encoding.</exception>
    public static string ManifestOf(ReplicationMessage message) => message switch
    {
        AppendBatch => "A2",
        AppendAcknowledged => "B2",
        AppendRefused => "R2",
        SealRequest => "S2",
        SealReply => "V2",
        FetchTail => "F2",
        TailBatch => "T2",
        GrantReleased => "G3",
        EntriesGone => "E2",
        GrantInquiry => "L2",
        GrantLapsed => "M2",
        FetchImage => "I2",
        ImageChunk => "C2",
        LifeSuperseded => "X1",
        _ => throw new ArgumentException($"{message?.GetType()} has no encoding", nameof(message)),
    };

    /// <summary>Encodes a message into an array of its exact length. A batch is copied once, into its final place.</summary>
    /// <returns>False, with the reason, for a message beyond the limits: name, log or batch too long, a name that is no text.</returns>
    /// <exception cref="ArgumentException">A kind of message that has no encoding.</exception>
    public static bool TryEncode(ReplicationMessage message, out byte[] encoded, out string problem)
    {
        encoded = [];
        ArgumentNullException.ThrowIfNull(message);
        if (!TryMeasureName(message.From.Name ?? "", out var nameBytes, out problem)
            || !TryMeasureName(SuccessorOf(message), out _, out problem))
            return false;
        var length = CommonBytes + nameBytes + BodyBytes(message);
        if (LogOf(message).Length > MaximumEpochEnds)
            problem = $"a log of {LogOf(message).Length} epochs is longer than {MaximumEpochEnds}";
        else if (length > Array.MaxLength)
            problem = $"a message of {length} bytes is longer than an array can be";
        if (problem.Length > 0)
            return false;
        encoded = GC.AllocateUninitializedArray<byte>((int)length);
        var writer = new ReplicationWriter(encoded);
        writer.Write(message.From);
        writer.Write(message.Origin.Life);
        writer.Write(message.Origin.Birth);
        writer.Write(message.Origin.Votes);
        writer.Write(message.Epoch);
        WriteBody(ref writer, message);
        return true;
    }

    /// <summary>
    /// Decodes a message. A batch in it is a view into <paramref name="bytes"/>, which must not change afterwards.
    /// </summary>
    /// <param name="manifest">From <see cref="ManifestOf"/>, of the sender.</param>
    /// <param name="bytes">All bytes of the message.</param>
    /// <param name="message">The message; null when malformed.</param>
    /// <param name="problem">What is wrong; empty when nothing is.</param>
    public static ReplicationDecode Decode(
        string manifest, ReadOnlyMemory<byte> bytes, out ReplicationMessage? message, out string problem)
    {
        var reader = new ReplicationReader(bytes.Span);
        var corruptBatch = "";
        message = ReadMessage(ref reader, manifest, bytes, ref corruptBatch);
        if (reader.Problem.Length == 0 && reader.Remaining > 0)
            reader.Fail($"{reader.Remaining} bytes behind the message");
        problem = reader.Problem;
        if (problem.Length > 0)
        {
            message = null;
            return ReplicationDecode.Malformed;
        }

        problem = corruptBatch;
        return problem.Length > 0 ? ReplicationDecode.CorruptBatch : ReplicationDecode.Ok;
    }

    private static bool TryMeasureName(string name, out int bytes, out string problem)
    {
        bytes = Encoding.UTF8.GetByteCount(name);
        problem = "";
        Span<byte> place = stackalloc byte[MaximumNodeNameBytes];
        if (bytes > MaximumNodeNameBytes)
            problem = $"a node name of {bytes} bytes is longer than {MaximumNodeNameBytes}";
        else if (Utf8.FromUtf16(name, place, out _, out _, replaceInvalidSequences: false) != OperationStatus.Done)
            problem = "the node name has unpaired surrogates: the receiver would read another name";
        return problem.Length == 0;
    }

    private static ReadOnlySpan<EpochEnd> LogOf(ReplicationMessage message) => message switch
    {
        AppendRefused refused => refused.Log,
        FetchTail fetch => fetch.Log,
        ImageChunk chunk => chunk.Log,
        _ => default,
    };

    private static string SuccessorOf(ReplicationMessage message) => (message as GrantReleased)?.Successor.Name ?? "";

    private static long BodyBytes(ReplicationMessage message) => message switch
    {
        AppendBatch append => 45L + BytesOf(append.Batch).Length,
        AppendAcknowledged => 24,
        AppendRefused refused => 11 + ((long)refused.Log.Length * EpochEndBytes),
        SealRequest => 16,
        SealReply => 57,
        FetchTail fetch => 2 + ((long)fetch.Log.Length * EpochEndBytes),
        TailBatch tail => 28L + BytesOf(tail.Batch).Length,
        GrantReleased released => 1 + Encoding.UTF8.GetByteCount(released.Successor.Name),
        EntriesGone => 24,
        GrantInquiry => 24,
        GrantLapsed => 16,
        FetchImage => 14,
        ImageChunk chunk => 32L + ((long)chunk.Log.Length * EpochEndBytes) + chunk.Roll.EncodedBytes + chunk.Bytes.Length,
        LifeSuperseded => 40,
        _ => throw new ArgumentException($"{message.GetType()} has no encoding", nameof(message)),
    };

    private static ReadOnlySpan<byte> BytesOf(OpLogBatch? batch) => batch is null ? default : batch.Encoded.Span;

    private static void WriteBody(ref ReplicationWriter writer, ReplicationMessage message)
    {
        switch (message)
        {
            case AppendBatch append:
                writer.Write(append.PreviousEpoch);
                writer.Write(append.PreviousSequence);
                writer.Write(append.CommitSequence);
                writer.Write(append.LastSequence);
                writer.Write(append.SentAtTicks);
                writer.Write(append.Serves);
                writer.WriteBatch(BytesOf(append.Batch));
                break;
            case AppendAcknowledged acknowledged:
                writer.Write(acknowledged.StoredSequence);
                writer.Write(acknowledged.AppliedSequence);
                writer.Write(acknowledged.SentAtTicks);
                break;
            case AppendRefused refused:
                writer.Write((byte)refused.Reason);
                writer.Write(refused.SentAtTicks);
                writer.Write(refused.Log);
                break;
            case SealRequest request:
                writer.Write(request.FirstStartOf);
                break;
            case SealReply reply:
                writer.Write(reply.Candidate);
                writer.Write((byte)reply.Outcome);
                writer.Write(reply.PromisedEpoch);
                writer.Write(reply.LastEpoch);
                writer.Write(reply.LastSequence);
                writer.Write(reply.CommitSequence);
                writer.Write(reply.RemainingMilliseconds);
                break;
            case FetchTail fetch:
                writer.Write(fetch.Log);
                break;
            case TailBatch tail:
                writer.Write(tail.PreviousEpoch);
                writer.Write(tail.PreviousSequence);
                writer.Write(tail.LastSequence);
                writer.WriteBatch(BytesOf(tail.Batch));
                break;
            case EntriesGone gone:
                writer.Write(gone.BaseEpoch);
                writer.Write(gone.BaseSequence);
                writer.Write(gone.SentAtTicks);
                break;
            case GrantReleased released:
                writer.Write(released.Successor);
                break;
            case GrantInquiry inquiry:
                writer.Write(inquiry.LastEpoch);
                writer.Write(inquiry.LastSequence);
                writer.Write(inquiry.SentAtTicks);
                break;
            case GrantLapsed lapsed:
                writer.Write(lapsed.SentAtTicks);
                writer.Write(lapsed.LapsedTicks);
                break;
            case FetchImage fetch:
                writer.Write(fetch.Partition.Value);
                writer.Write(fetch.ImageId);
                writer.Write(fetch.Offset);
                break;
            case ImageChunk chunk:
                writer.Write(chunk.Partition.Value);
                writer.Write(chunk.ImageId);
                writer.Write(chunk.Sequence);
                writer.Write(chunk.TotalBytes);
                writer.Write(chunk.Offset);
                writer.Write(chunk.Log);
                writer.Write(chunk.Roll);
                writer.WriteBatch(chunk.Bytes.Span);
                break;
            case LifeSuperseded superseded:
                writer.Write(superseded.Superseded);
                writer.Write(superseded.By);
                writer.Write(superseded.NamedAt);
                break;
        }
    }

    // Arguments are evaluated in the order in which they stand here, which is the order of the layout.
    private static ReplicationMessage? ReadMessage(
        ref ReplicationReader reader, string manifest, ReadOnlyMemory<byte> bytes, ref string corruptBatch)
    {
        var from = new Origin(reader.ReadNode(), reader.ReadLife(), Birth: reader.ReadUInt64(), Votes: reader.ReadBoolean());
        var epoch = reader.ReadUInt64();
        switch (manifest)
        {
            case "A2":
                return new AppendBatch(
                    from, epoch, PreviousEpoch: reader.ReadUInt64(), PreviousSequence: reader.ReadUInt64(),
                    CommitSequence: reader.ReadUInt64(), LastSequence: reader.ReadUInt64(), SentAtTicks: reader.ReadInt64(),
                    Serves: reader.ReadBoolean(),
                    Batch: ReadBatch(ref reader, bytes, ref corruptBatch));
            case "B2":
                return new AppendAcknowledged(
                    from, epoch, StoredSequence: reader.ReadUInt64(), AppliedSequence: reader.ReadUInt64(),
                    SentAtTicks: reader.ReadInt64());
            case "R2":
                return new AppendRefused(
                    from, epoch,
                    Reason: (RefusalReason)reader.ReadEnumeration(
                        (byte)RefusalReason.OlderEpoch, (byte)RefusalReason.Gap, "a reason to refuse a batch"),
                    SentAtTicks: reader.ReadInt64(), Log: reader.ReadEpochEnds());
            case "S2":
                return new SealRequest(from, epoch, FirstStartOf: reader.ReadLife());
            case "V2":
                return new SealReply(
                    from, epoch, Candidate: reader.ReadLife(),
                    Outcome: (SealOutcome)reader.ReadEnumeration(
                        (byte)SealOutcome.Sealed, (byte)SealOutcome.Founding, "an answer to a seal request"),
                    PromisedEpoch: reader.ReadUInt64(), LastEpoch: reader.ReadUInt64(), LastSequence: reader.ReadUInt64(),
                    CommitSequence: reader.ReadUInt64(), RemainingMilliseconds: reader.ReadInt64());
            case "F2":
                return new FetchTail(from, epoch, Log: reader.ReadEpochEnds());
            case "T2":
                var tail = new TailBatch(
                    from, epoch, PreviousEpoch: reader.ReadUInt64(), PreviousSequence: reader.ReadUInt64(),
                    LastSequence: reader.ReadUInt64(), Batch: ReadBatch(ref reader, bytes, ref corruptBatch));
                // A tail without a batch means "that was all", so a damaged one must not come to look like that.
                if (corruptBatch.Length > 0)
                    reader.Fail($"the tail's batch is damaged: {corruptBatch}");
                return tail;
            case "G3":
                return new GrantReleased(from, epoch, Successor: reader.ReadNode());
            case "E2":
                return new EntriesGone(
                    from, epoch, BaseEpoch: reader.ReadUInt64(), BaseSequence: reader.ReadUInt64(), SentAtTicks: reader.ReadInt64());
            case "L2":
                return new GrantInquiry(
                    from, epoch, LastEpoch: reader.ReadUInt64(), LastSequence: reader.ReadUInt64(), SentAtTicks: reader.ReadInt64());
            case "M2":
                return new GrantLapsed(from, epoch, SentAtTicks: reader.ReadInt64(), LapsedTicks: reader.ReadInt64());
            case "I2":
                return new FetchImage(
                    from, epoch, new Partition(reader.ReadUInt16()), ImageId: reader.ReadUInt64(), Offset: reader.ReadUInt32());
            case "C2":
                return new ImageChunk(
                    from, epoch, new Partition(reader.ReadUInt16()), ImageId: reader.ReadUInt64(), Sequence: reader.ReadUInt64(),
                    TotalBytes: reader.ReadUInt32(), Offset: reader.ReadUInt32(), Log: reader.ReadEpochEnds(), Roll: reader.ReadRoll(),
                    Bytes: ReadBytes(ref reader, bytes));
            case "X1":
                return new LifeSuperseded(from, epoch, Superseded: reader.ReadLife(), By: reader.ReadLife(), NamedAt: reader.ReadUInt64());
            default:
                reader.Problem = EarlierManifests.Contains(manifest)
                    ? $"'{manifest}' is of an earlier version, whose messages do not say which life sends them: upgrade that node"
                    : $"no message has the manifest '{manifest}'";
                return null;
        }
    }

    private static ReadOnlyMemory<byte> ReadBytes(ref ReplicationReader reader, ReadOnlyMemory<byte> bytes)
    {
        var length = reader.ReadUInt32();
        var start = reader.Position;
        return reader.TrySkip(length) ? bytes.Slice(start, (int)length) : default;
    }

    private static OpLogBatch? ReadBatch(ref ReplicationReader reader, ReadOnlyMemory<byte> bytes, ref string corruptBatch)
    {
        var length = reader.ReadUInt32();
        if (length == 0)
            return null;
        var start = reader.Position;
        if (!reader.TrySkip(length))
            return null;
        return OpLogBatch.TryOpen(bytes.Slice(start, (int)length), out var batch, out corruptBatch) ? batch : null;
    }
}
