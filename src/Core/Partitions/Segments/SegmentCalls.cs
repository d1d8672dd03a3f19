// What each call on segments and clients means for the segment table's leader. Fills in results and drafts; sends nothing.
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>Decides calls in one reign. Used by <see cref="SegmentService"/> only.</summary>
/// <param name="leader">The reign's.</param>
/// <param name="tasks">Its tasks.</param>
/// <param name="drains">Its drain jobs.</param>
internal sealed class SegmentCalls(SegmentLeader leader, TaskLeader tasks, DrainPlanner drains)
{
    /// <summary>Decides a call: its result and its entries. Only mounts and remounts may have to wait.</summary>
    public MountDecision Decide(SegmentCall call, long nowTicks, long wallMilliseconds, DraftBuffer drafts) => call switch
    {
        MountSegmentCall mount => leader.Mount(mount.Client, mount.Segment, nowTicks, drafts),
        ReMountSegmentCall remount => leader.ReMount(remount.Client, remount.Segments, nowTicks, drafts),
        _ => new(DecideNow(call, nowTicks, wallMilliseconds, drafts)),
    };

    private ErrorCode DecideNow(SegmentCall call, long nowTicks, long wallMilliseconds, DraftBuffer drafts) => call switch
    {
        UnmountSegmentCall unmount => leader.Unmount(unmount.SegmentId, drafts),
        GracefulUnmountSegmentCall graceful =>
            leader.GracefulUnmount(graceful.Client, graceful.SegmentId, graceful.GracePeriod, nowTicks, drafts),
        QuerySegmentStatusCall query => StatusOf(query),
        ListSegmentsCall list => List(list),
        QueryIpCall query => HostsOf(query),
        CreateTaskCall create => tasks.Create(create, nowTicks, wallMilliseconds, drafts),
        QueryTaskCall query => tasks.Query(query),
        FetchTasksCall fetch => tasks.Fetch(fetch, nowTicks, wallMilliseconds, drafts),
        CompleteTaskCall complete => tasks.Complete(complete, nowTicks, wallMilliseconds, drafts),
        CreateDrainJobCall create => drains.Create(create, wallMilliseconds, drafts),
        DrainJobCall job => drains.QueryOrCancel(job, wallMilliseconds, drafts),
        _ => ErrorCode.NotSupported,
    };

    private ErrorCode StatusOf(QuerySegmentStatusCall call)
    {
        SegmentStatus status;
        var error = call.Name is { } name ? leader.Queries.StatusOf(name, out status) : leader.Queries.StatusOf(call.SegmentId, out status);
        call.Status = status;
        return error;
    }

    private ErrorCode List(ListSegmentsCall call)
    {
        call.Segments = leader.Queries.List();
        return ErrorCode.Ok;
    }

    private ErrorCode HostsOf(QueryIpCall call)
    {
        call.Hosts = leader.Queries.HostsOf(call.Clients);
        return ErrorCode.Ok;
    }
}
