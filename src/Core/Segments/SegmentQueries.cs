// What can be asked about segments and their owners. Answers rest on the table as the Primary has proposed it: while
// SegmentLeader.Uncommitted is above 0, they wait for the commit. Called by SegmentService and by the planning of tasks.
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.Network;

namespace HotStandby.Core.Segments;

/// <summary>Questions about one reign's segments. Not thread-safe.</summary>
public sealed class SegmentQueries(SegmentTable table, SegmentSpace space)
{
    /// <summary>Status of the segment with that id. SegmentNotFound when there is none.</summary>
    public ErrorCode StatusOf(Uuid id, out SegmentStatus status) => Answer(table.ById(id), out status);

    /// <summary>Status of the segment that was mounted last of those with that name. SegmentNotFound when there is none.</summary>
    public ErrorCode StatusOf(string name, out SegmentStatus status)
    {
        var handles = table.Named(name);
        return Answer(handles.Count == 0 ? null : table.ByHandle(handles[^1]), out status);
    }

    /// <summary>Every segment with its use, unmounting ones included, in the order of their mounts.</summary>
    public IReadOnlyList<SegmentUse> List() =>
    [
        .. from segment in table.All
           orderby segment.Handle
           select new SegmentUse(
               segment.Client, segment.Segment, segment.Status, space.Allocator(segment.Handle)?.UsedBytes ?? 0),
    ];

    /// <summary>
    /// The distinct hosts of each client's segments, in the order of their mounts. Clients without segments are left out; one
    /// whose segments have no endpoint has an empty list.
    /// </summary>
    public IReadOnlyDictionary<Uuid, IReadOnlyList<string>> HostsOf(Uuid[] clients)
    {
        var hosts = new Dictionary<Uuid, IReadOnlyList<string>>();
        foreach (var client in clients)
        {
            if (table.OfClient(client) is { Count: > 0 } handles)
                hosts[client] =
                [
                    .. handles.Select(handle => HostAndPort.HostOf(table.ByHandle(handle)!.Segment.TransportEndpoint))
                        .Where(host => host.Length > 0).Distinct(StringComparer.Ordinal),
                ];
        }

        return hosts;
    }

    /// <summary>Handles of the segments with that name in the order of their mounts, unmounting ones included.</summary>
    public IReadOnlyList<uint> HandlesOf(string name) => table.Named(name);

    /// <summary>Who mounted the segment, or null when there is no such segment.</summary>
    public Uuid? OwnerOf(uint handle) => table.ByHandle(handle)?.Client;

    private static ErrorCode Answer(MountedSegment? segment, out SegmentStatus status)
    {
        status = segment?.Status ?? SegmentStatus.Undefined;
        return segment is null ? ErrorCode.SegmentNotFound : ErrorCode.Ok;
    }
}
