// Shared by the journal tests: a log on a disk, records whose content tells their sequenceNr, and reading it all back.

using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Doubles;

internal static class Logs
{
    public const string Directory = "/data/logs/log";
    public const string Name = "log";

    public static NodeIdentity Owner { get; } = new("cluster", "node1", Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"));

    public static SegmentedLog Open(IDisk disk, long segmentBytes = SegmentedLog.MinSegmentBytes, NodeIdentity? owner = null) =>
        SegmentedLog.Open(disk, Directory, owner ?? Owner, Name, segmentBytes);

    /// <summary>A payload of the given length that differs for every sequenceNr.</summary>
    public static byte[] Payload(long sequenceNr, int bytes)
    {
        var payload = new byte[bytes];
        new Random((int)sequenceNr).NextBytes(payload);
        return payload;
    }

    public static RecordBatch Batch(long first, int count, int bytes = 40, bool atomic = false)
    {
        var batch = new RecordBatch(first);
        for (var i = 0; i < count; i++)
            batch.Add([], Payload(first + i, bytes), atomic && i + 1 < count ? FrameKind.Continued : FrameKind.Final);
        return batch;
    }

    public static void Append(SegmentedLog log, int count, int bytes = 40, bool flush = true, bool atomic = false)
    {
        using var batch = Batch(log.AppendedSequenceNr + 1, count, bytes, atomic);
        log.Append([batch], flush);
    }

    /// <summary>Reads and returns the sequenceNrs; fails when a payload is not the one that was written.</summary>
    public static List<long> Read(SegmentedLog log, long from = 1, long to = long.MaxValue, long max = long.MaxValue)
    {
        var found = new List<long>();
        using var reader = log.Read(from, to, max);
        while (reader.TryRead())
        {
            Assert.Equal(Payload(reader.SequenceNr, reader.Payload.Length), reader.Payload.ToArray());
            found.Add(reader.SequenceNr);
        }
        return found;
    }

    public static List<long> Range(long from, long to) => [.. Enumerable.Range(0, (int)Math.Max(0, to - from + 1)).Select(i => from + i)];

    public static string SegmentPath(long index) => Path.Combine(Directory, SegmentHeader.FileName(index));
}
