// What each call on segments and clients means for the segment table's leader. Fills in results and drafts; sends nothing.
using HotStandby.Actors.Protocol;
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Actors.Segments;

/// <summary>Decides calls in one reign. Used by <see cref="SegmentReign"/> only.</summary>
/// <param name="leader">The reign's.</param>
/// <param name="tasks">Its tasks.</param>
/// <param name="drains">Its drain jobs.</param>
/// <param name="mountReplyAfter">When the replies to MountSegment and ReMountSegment leave; all others wait for the commit.</param>
internal sealed class SegmentCalls(SegmentLeader leader, TaskLeader tasks, DrainPlanner drains, ReplyAfter mountReplyAfter)
{
    /// <summary>Decides a call: its result, its entries, and when its reply may leave.</summary>
    public (ErrorCode Error, ReplyAfter After) Decide(SegmentCall call, long nowTicks, long wallMilliseconds, DraftBuffer drafts) => call switch
    {
        MountSegmentCall mount => (leader.Mount(mount.Client, mount.Segment, nowTicks, drafts), mountReplyAfter),
        ReMountSegmentCall remount => (leader.ReMount(remount.Client, remount.Segments, nowTicks, drafts), mountReplyAfter),
        UnmountSegmentCall unmount => (leader.Unmount(unmount.SegmentId, drafts), ReplyAfter.Commit),
        GracefulUnmountSegmentCall graceful =>
            (leader.GracefulUnmount(graceful.Client, graceful.SegmentId, graceful.GracePeriod, nowTicks, drafts), ReplyAfter.Commit),
        QuerySegmentStatusCall query => (StatusOf(query), ReplyAfter.Commit),
        ListSegmentsCall list => (List(list), ReplyAfter.Commit),
        QueryIpCall query => (HostsOf(query), ReplyAfter.Commit),
        CreateTaskCall create => (tasks.Create(create, nowTicks, wallMilliseconds, drafts), ReplyAfter.Commit),
        QueryTaskCall query => (tasks.Query(query), ReplyAfter.Commit),
        FetchTasksCall fetch => (tasks.Fetch(fetch, nowTicks, wallMilliseconds, drafts), ReplyAfter.Commit),
        CompleteTaskCall complete => (tasks.Complete(complete, nowTicks, wallMilliseconds, drafts), ReplyAfter.Commit),
        CreateDrainJobCall create => (drains.Create(create, wallMilliseconds, drafts), ReplyAfter.Commit),
        DrainJobCall job => (drains.QueryOrCancel(job, wallMilliseconds, drafts), ReplyAfter.Commit),
        _ => (ErrorCode.NotSupported, ReplyAfter.Commit),
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
