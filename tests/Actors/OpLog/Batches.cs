// Batches as a Primary would have written them, with a given number of entries and partitions in turn.
using System.Buffers.Binary;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Actors.OpLog;

internal static class Batches
{
    /// <summary>Consecutive entries of one epoch; each goes to the next of the given partitions, and carries its epoch and seq.</summary>
    public static OpLogBatch Of(ulong epoch, ulong first, int count, ulong committed = 0, params ushort[] partitions)
    {
        var writer = new BatchWriter();
        for (var i = 0; i < count; i++)
        {
            var partition = partitions.Length == 0 ? (ushort)1 : partitions[i % partitions.Length];
            writer.Add(Draft(partition, [.. Number(epoch), .. Number(first + (ulong)i)]).Bytes, first + (ulong)i, epoch, 0);
        }

        return writer.Close(committed);
    }

    /// <summary>One entry that nobody has given a seq yet.</summary>
    public static DraftBuffer Draft(ushort partition, params byte[] payload)
    {
        var drafts = new DraftBuffer(new Partition(partition));
        payload.CopyTo(drafts.Add(OpType.Remove, "key"u8, 1, payload.Length));
        return drafts;
    }

    /// <summary>Epoch and seq of every entry, in order.</summary>
    public static List<(ulong Epoch, ulong Sequence)> EntriesOf(IEnumerable<OpLogBatch> batches)
    {
        var entries = new List<(ulong, ulong)>();
        foreach (var batch in batches)
            foreach (var entry in batch)
                entries.Add((entry.Epoch, entry.Sequence));
        return entries;
    }

    private static byte[] Number(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
