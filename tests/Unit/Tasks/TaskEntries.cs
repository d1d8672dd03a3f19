// Gives a task table entries as the OpLog does. Used by the tests of the table.
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Tasks;

internal static class TaskEntries
{
    public static void Apply(TaskTable table, OpType type, byte[] payload)
    {
        var drafts = new DraftBuffer(Partition.SegmentTable);
        payload.CopyTo(drafts.Add(type, [], 0, payload.Length));
        Assert.True(OpLogEntry.TryView(drafts.Bytes, out var entry));
        table.Apply(entry);
        drafts.Release();
    }
}
