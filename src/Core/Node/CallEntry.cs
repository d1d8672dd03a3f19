// Where a call begins on its way through the cells of a node. Used by connection threads, many at a time. It keeps no state of a call, and
// decides nothing but where it goes.
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Messages.Calls;

namespace HotStandby.Core.Node;

/// <summary>Where the cells of one node take calls.</summary>
public interface ICallMailboxes : IShardMailboxes
{
    /// <summary>Sends the segment table or the scans a message.</summary>
    void Send(in CellAddress to, ICellMessage message);
}

/// <summary>The way of calls into a node. Thread-safe.</summary>
public static class CallEntry
{
    /// <summary>Sends what needs buffers and calls on segments to the segment table, scans to the scans, the rest to the shards.</summary>
    public static void Submit(MasterCall call, ICallMailboxes cells)
    {
        switch (call)
        {
            case KeyedCall keyed when keyed.Operation is not (KeyedOperation.PutStart or KeyedOperation.UpsertStart):
                CallRouter.Route(keyed, cells);
                break;
            case ScanCall scan:
                cells.Send(CellAddress.Scans, new ScanRequest(scan));
                break;
            case CreateTaskCall create:
                CallRouter.Locate(create, cells);
                break;
            default:
                cells.Send(CellAddress.SegmentTable, new SegmentRequest(call));
                break;
        }
    }
}
