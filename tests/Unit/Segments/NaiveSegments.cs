// The rules of segments and clients written a second time, as plainly as possible: lists that are searched, no index, no log.
// SegmentModelTests compares SegmentLeader with it. Knows no mass grace (its users have two clients) and no late checks.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Unit.Segments.Reign;

namespace HotStandby.Tests.Unit.Segments;

internal sealed class NaiveSegments
{
    private readonly Dictionary<Uuid, (long Heard, long SuspectedAt, bool IsSuspect, bool IsOk, bool WasOk)> _clients = [];
    private readonly Dictionary<uint, long> _deadlines = [];
    private uint _nextHandle = 1;

    public long Now { get; set; } = 5;

    /// <summary>As proposed.</summary>
    public List<MountedSegment> Segments { get; } = [];

    /// <summary>As committed.</summary>
    public List<MountedSegment> Committed { get; private set; } = [];

    public List<Extent> Live { get; } = [];

    public IEnumerable<MountedSegment> Open => Segments.Where(
        segment => segment is { Status: SegmentStatus.Ok, IsSuspect: false }
            && Committed.Any(other => other.Handle == segment.Handle && other is { Status: SegmentStatus.Ok, IsSuspect: false }));

    public ClientStatus Ping(Uuid client)
    {
        if (_clients.TryGetValue(client, out var known))
            _clients[client] = known with { Heard = Now };
        return known.IsOk ? ClientStatus.Ok : ClientStatus.NeedRemount;
    }

    public ErrorCode Mount(Uuid client, Segment segment)
    {
        Ping(client);
        var known = Segments.Find(other => other.Segment.Id == segment.Id);
        if (known is not null && known.Status != SegmentStatus.Ok)
            return ErrorCode.UnavailableInCurrentStatus;
        if (known is null && Obstacle(client, segment) is var obstacle and not ErrorCode.Ok)
            return obstacle;
        Change(Of(client), suspect: false);
        if (known is null)
            Segments.Add(new(_nextHandle++, client, segment, SegmentStatus.Ok));
        if (Segments.Exists(other => other.Client == client))
        {
            var watched = _clients.GetValueOrDefault(client);
            _clients[client] = watched with { Heard = Now, IsSuspect = false };
        }

        return ErrorCode.Ok;
    }

    public ErrorCode ReMount(Uuid client, Segment[] segments)
    {
        if (Ping(client) == ClientStatus.Ok)
            return ErrorCode.Ok;
        foreach (var segment in segments)
        {
            var known = Segments.Find(other => other.Segment.Id == segment.Id);
            if (known is null ? Obstacle(client, segment) == ErrorCode.UnavailableInCurrentStatus : known.Status == SegmentStatus.Unmounting)
                return ErrorCode.UnavailableInCurrentStatus;
            if (known is not null && (known.Client != client || known.Segment != segment))
                return ErrorCode.InvalidParams;
        }

        Change(Of(client), suspect: false);
        foreach (var segment in segments)
        {
            if (!Segments.Exists(other => other.Segment.Id == segment.Id) && Obstacle(client, segment) == ErrorCode.Ok)
                Segments.Add(new(_nextHandle++, client, segment, SegmentStatus.Ok));
        }

        _clients[client] = (Now, 0, false, true, _clients.GetValueOrDefault(client).WasOk);
        return ErrorCode.Ok;
    }

    public ErrorCode Unmount(Uuid id)
    {
        var known = Segments.Find(segment => segment.Segment.Id == id);
        if (known is not null && known.Status != SegmentStatus.Unmounting)
            Change([known], SegmentStatus.Unmounting);
        return ErrorCode.Ok;
    }

    public ErrorCode GracefulUnmount(Uuid client, Uuid id, int seconds)
    {
        if (!Segments.Exists(segment => segment.Client == client))
            return ErrorCode.SegmentNotFound;
        var known = Segments.Find(segment => segment.Segment.Id == id && segment.Client == client);
        if (known is null)
            return ErrorCode.InvalidParams;
        if (known.Status is SegmentStatus.Unmounting or SegmentStatus.Drained)
            return ErrorCode.UnavailableInCurrentStatus;
        var deadline = Now + (seconds * TimeSpan.TicksPerSecond);
        if (known.Status == SegmentStatus.GracefullyUnmounting && _deadlines[known.Handle] <= deadline)
            return ErrorCode.Ok;
        _deadlines[known.Handle] = deadline;
        Change([known], SegmentStatus.GracefullyUnmounting, grace: (ulong)seconds * 1000);
        return ErrorCode.Ok;
    }

    public ErrorCode SetStatus(uint handle, SegmentStatus status)
    {
        var known = Segments.Find(segment => segment.Handle == handle);
        if (known is null)
            return ErrorCode.SegmentNotFound;
        if (known.Status == status)
            return ErrorCode.Ok;
        SegmentStatus[] ways = known.Status switch
        {
            SegmentStatus.Ok => [SegmentStatus.Draining],
            SegmentStatus.Draining => [SegmentStatus.Ok, SegmentStatus.Drained],
            SegmentStatus.Drained => [SegmentStatus.Ok],
            _ => [],
        };
        if (!ways.Contains(status))
            return ErrorCode.UnavailableInCurrentStatus;
        Change([known], status);
        return ErrorCode.Ok;
    }

    public void UnmountDue() => Change(
        [.. Segments.Where(segment => segment.Status == SegmentStatus.GracefullyUnmounting && _deadlines[segment.Handle] <= Now)],
        SegmentStatus.Unmounting);

    public void ExpireClients()
    {
        foreach (var (client, known) in _clients.ToArray())
        {
            if (known.IsSuspect && Now - Math.Max(known.Heard, known.SuspectedAt) >= SuspectTicks)
            {
                Change(Of(client), SegmentStatus.Unmounting);
                _clients.Remove(client);
            }
            else if (!known.IsSuspect && Now - known.Heard >= ClientTtlTicks)
            {
                Change(Of(client), suspect: true);
                _clients[client] = known with { SuspectedAt = Now, IsSuspect = true, IsOk = false, WasOk = known.IsOk || known.WasOk };
                if (Of(client).Count == 0 && !_clients[client].WasOk)
                    _clients.Remove(client);
            }
        }
    }

    public void Erase(uint handle)
    {
        Segments.RemoveAll(segment => segment.Handle == handle);
        Live.RemoveAll(extent => extent.SegmentHandle == handle);
    }

    public void Commit() => Committed = [.. Segments];

    /// <summary>True when a buffer of that length is free in a segment of that name.</summary>
    public bool HasRoom(string name, ulong length) => Open.Where(segment => segment.Segment.Name == name).Any(segment =>
        Live.Where(extent => extent.SegmentHandle == segment.Handle).Select(extent => extent.End).Append(0UL).Any(start =>
            start + length <= segment.Segment.SizeBytes
            && !Live.Exists(other => other.SegmentHandle == segment.Handle && start < other.End && other.Offset < start + length)));

    private List<MountedSegment> Of(Uuid client) =>
        Segments.FindAll(segment => segment.Client == client && segment.Status != SegmentStatus.Unmounting);

    private ErrorCode Obstacle(Uuid client, Segment segment)
    {
        var others = Segments.FindAll(other => other.Segment.TransportEndpoint == segment.TransportEndpoint
            && Math.Max(other.Segment.BaseAddress, segment.BaseAddress)
            < Math.Min(other.Segment.BaseAddress + other.Segment.SizeBytes, segment.BaseAddress + segment.SizeBytes));
        return others.Count == 0 ? ErrorCode.Ok
            : others.TrueForAll(other => other.Status is SegmentStatus.Unmounting or SegmentStatus.GracefullyUnmounting
                || (other.IsSuspect && other.Client != client))
            ? ErrorCode.UnavailableInCurrentStatus : ErrorCode.InvalidParams;
    }

    private void Change(List<MountedSegment> which, SegmentStatus? status = null, bool? suspect = null, ulong? grace = null)
    {
        foreach (var segment in which)
        {
            Segments[Segments.IndexOf(segment)] = segment with
            {
                Status = status ?? segment.Status,
                IsSuspect = suspect ?? segment.IsSuspect,
                GraceMilliseconds = grace ?? (status is null or SegmentStatus.Unmounting ? segment.GraceMilliseconds : 0),
            };
        }
    }
}
