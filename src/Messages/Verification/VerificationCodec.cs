// The binary form of what verifiers say to each other. Called by the actor system's serializer only. Hand-laid little-endian; bytes
// from outside never make it throw, and never make it allocate more than they themselves take.
//
// Every message begins with the sender (u8 length, UTF-8) and the partition (u16). What follows, by manifest:
//   VP1 VerificationPointRequest  nothing
//   VQ1 VerificationRequest       marker u64, bucket u8, from u64, through u64, most mismatches u16, threshold u32, entries
//   VR1 VerificationResponse      marker u64, bucket u8, from u64, through u64, outcome u8, applied seq u64, mismatches
// entries: u16 count, then (key, checksum u64, last seq u64) each. mismatches: u16 count, then (kind u8, key, checksum u64, last seq u64,
// content: u32 length and bytes) each. key: hash u64, u32 length and bytes.
// A manifest is a kind and a version. A layout never changes; another layout is another version.
using System.Text;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Messages.Verification;

/// <summary>Encodes and decodes every <see cref="VerificationMessage"/>.</summary>
public static class VerificationCodec
{
    /// <summary>Most entries of a request, and most mismatches of an answer.</summary>
    public const int MaximumCount = ushort.MaxValue;

    private const string PointManifest = "VP1";
    private const string RequestManifest = "VQ1";
    private const string ResponseManifest = "VR1";
    private const int KeyOverheadBytes = 12;
    private const int EntryOverheadBytes = KeyOverheadBytes + 16;
    private const int MismatchOverheadBytes = 1 + EntryOverheadBytes + 4;

    /// <summary>True for the manifests of this codec.</summary>
    public static bool Knows(string manifest) => manifest is PointManifest or RequestManifest or ResponseManifest;

    /// <summary>Kind and version of a message, as it travels beside its bytes.</summary>
    /// <exception cref="ArgumentException">A kind of message that has no encoding.</exception>
    public static string ManifestOf(VerificationMessage message) => message switch
    {
        VerificationPointRequest => PointManifest,
        VerificationRequest => RequestManifest,
        VerificationResponse => ResponseManifest,
        _ => throw new ArgumentException($"{message?.GetType()} has no encoding", nameof(message)),
    };

    /// <summary>Encodes a message into an array of its exact length.</summary>
    /// <returns>False, with the reason, for a message beyond the limits.</returns>
    /// <exception cref="ArgumentException">A kind of message that has no encoding.</exception>
    public static bool TryEncode(VerificationMessage message, out byte[] encoded, out string problem)
    {
        ArgumentNullException.ThrowIfNull(message);
        encoded = [];
        var nameBytes = Encoding.UTF8.GetByteCount(message.From.Name ?? "");
        var count = message switch
        {
            VerificationRequest request => request.Entries.Count,
            VerificationResponse response => response.Mismatches.Count,
            _ => 0,
        };
        var length = 1 + nameBytes + 2 + BodyBytes(message);
        problem = nameBytes > ReplicationCodec.MaximumNodeNameBytes ? $"a node name of {nameBytes} bytes"
            : count > MaximumCount ? $"{count} keys in one message"
            : length > Array.MaxLength ? $"a message of {length} bytes"
            : "";
        if (problem.Length > 0)
            return false;
        encoded = new byte[length];
        var writer = new ReplicationWriter(encoded);
        writer.Write(message.From);
        writer.Write(message.Partition.Value);
        WriteBody(ref writer, message);
        return true;
    }

    /// <summary>
    /// Decodes a message. The content of mismatches is a view into <paramref name="bytes"/>, which must not change afterwards.
    /// </summary>
    /// <param name="manifest">From <see cref="ManifestOf"/>, of the sender.</param>
    /// <param name="bytes">All bytes of the message.</param>
    /// <param name="problem">What is wrong; empty when nothing is.</param>
    /// <returns>The message; null when the bytes are none.</returns>
    public static VerificationMessage? Decode(string manifest, ReadOnlyMemory<byte> bytes, out string problem)
    {
        var reader = new ReplicationReader(bytes.Span);
        var from = reader.ReadNode();
        var partition = new Partition(reader.ReadUInt16());
        VerificationMessage? message = null;
        switch (manifest)
        {
            case PointManifest:
                message = new VerificationPointRequest(from, partition);
                break;
            case RequestManifest:
                message = new VerificationRequest(
                    from, partition, MarkerSequence: reader.ReadUInt64(), Bucket: reader.ReadByte(), FromHash: reader.ReadUInt64(),
                    ThroughHash: reader.ReadUInt64(), MaximumMismatches: reader.ReadUInt16(), RepairThreshold: ReadThreshold(ref reader),
                    Entries: ReadEntries(ref reader, bytes));
                break;
            case ResponseManifest:
                message = new VerificationResponse(
                    from, partition, MarkerSequence: reader.ReadUInt64(), Bucket: reader.ReadByte(), FromHash: reader.ReadUInt64(),
                    ThroughHash: reader.ReadUInt64(),
                    Outcome: (ComparisonOutcome)reader.ReadEnumeration(
                        (byte)ComparisonOutcome.Compared, (byte)ComparisonOutcome.NeedFullSync, "an outcome of a comparison"),
                    AppliedSequence: reader.ReadUInt64(), Mismatches: ReadMismatches(ref reader, bytes));
                break;
            default:
                reader.Fail($"no message has the manifest '{manifest}'");
                break;
        }

        if (reader.Problem.Length == 0 && reader.Remaining > 0)
            reader.Fail($"{reader.Remaining} bytes behind the message");
        problem = reader.Problem;
        return problem.Length == 0 ? message : null;
    }

    private static long BodyBytes(VerificationMessage message) => message switch
    {
        VerificationPointRequest => 0,
        VerificationRequest request => 33L + request.Entries.Sum(entry => (long)EntryOverheadBytes + entry.Key.Bytes.Length),
        VerificationResponse response => 36L + response.Mismatches.Sum(
            mismatch => (long)MismatchOverheadBytes + mismatch.Key.Bytes.Length + mismatch.Content.Length),
        _ => throw new ArgumentException($"{message.GetType()} has no encoding", nameof(message)),
    };

    private static void WriteBody(ref ReplicationWriter writer, VerificationMessage message)
    {
        switch (message)
        {
            case VerificationRequest request:
                writer.Write(request.MarkerSequence);
                writer.Write(request.Bucket);
                writer.Write(request.FromHash);
                writer.Write(request.ThroughHash);
                writer.Write((ushort)request.MaximumMismatches);
                writer.Write((uint)request.RepairThreshold);
                writer.Write((ushort)request.Entries.Count);
                foreach (var entry in request.Entries)
                {
                    WriteKey(ref writer, entry.Key);
                    writer.Write(entry.Checksum);
                    writer.Write(entry.LastSequence);
                }

                break;
            case VerificationResponse response:
                writer.Write(response.MarkerSequence);
                writer.Write(response.Bucket);
                writer.Write(response.FromHash);
                writer.Write(response.ThroughHash);
                writer.Write((byte)response.Outcome);
                writer.Write(response.AppliedSequence);
                writer.Write((ushort)response.Mismatches.Count);
                foreach (var mismatch in response.Mismatches)
                {
                    writer.Write((byte)mismatch.Kind);
                    WriteKey(ref writer, mismatch.Key);
                    writer.Write(mismatch.Checksum);
                    writer.Write(mismatch.LastSequence);
                    writer.WriteBatch(mismatch.Content.Span);
                }

                break;
        }
    }

    private static void WriteKey(ref ReplicationWriter writer, in ObjectKey key)
    {
        writer.Write(key.Hash);
        writer.WriteBatch(key.Bytes);
    }

    // The hash of a key decides where it belongs, so it is computed again and must be the one that was sent.
    private static ObjectKey ReadKey(ref ReplicationReader reader, ReadOnlyMemory<byte> bytes)
    {
        var hash = reader.ReadUInt64();
        var scoped = ReadBytes(ref reader, bytes).Span;
        if (reader.Problem.Length > 0)
            return default;
        if (scoped.IsEmpty || scoped.Length > ObjectKey.MaximumBytes || ObjectKey.HashOf(scoped) != hash)
        {
            reader.Fail($"{scoped.Length} bytes are no key with the hash {hash:x16}");
            return default;
        }

        return ObjectKey.FromScoped(scoped, hash);
    }

    private static ReadOnlyMemory<byte> ReadBytes(ref ReplicationReader reader, ReadOnlyMemory<byte> bytes)
    {
        var length = reader.ReadUInt32();
        var start = reader.Position;
        return reader.TrySkip(length) ? bytes.Slice(start, (int)length) : default;
    }

    private static int ReadThreshold(ref ReplicationReader reader)
    {
        var threshold = reader.ReadUInt32();
        if (threshold <= int.MaxValue)
            return (int)threshold;
        reader.Fail($"a threshold of {threshold} keys");
        return 0;
    }

    private static int ReadCount(ref ReplicationReader reader, int leastBytesEach)
    {
        var count = reader.ReadUInt16();
        if (count <= reader.Remaining / leastBytesEach)
            return count;
        reader.Fail($"{count} keys in {reader.Remaining} bytes");
        return 0;
    }

    private static VerificationEntry[] ReadEntries(ref ReplicationReader reader, ReadOnlyMemory<byte> bytes)
    {
        var entries = new VerificationEntry[ReadCount(ref reader, EntryOverheadBytes)];
        for (var i = 0; i < entries.Length && reader.Problem.Length == 0; i++)
            entries[i] = new VerificationEntry(ReadKey(ref reader, bytes), reader.ReadUInt64(), reader.ReadUInt64());
        return entries;
    }

    private static MismatchEntry[] ReadMismatches(ref ReplicationReader reader, ReadOnlyMemory<byte> bytes)
    {
        var mismatches = new MismatchEntry[ReadCount(ref reader, MismatchOverheadBytes)];
        for (var i = 0; i < mismatches.Length && reader.Problem.Length == 0; i++)
        {
            var kind = (MismatchKind)reader.ReadEnumeration((byte)MismatchKind.Missing, (byte)MismatchKind.Different, "a kind of mismatch");
            mismatches[i] = new MismatchEntry(
                kind, ReadKey(ref reader, bytes), reader.ReadUInt64(), reader.ReadUInt64(), ReadBytes(ref reader, bytes));
        }

        return mismatches;
    }
}
