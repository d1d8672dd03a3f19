// The rules of segments and clients written a second time, as plainly as possible: lists that are searched, no index, no log.
// SegmentModelTests compares SegmentLeader with it. Knows no mass grace (its users have two clients) and no late checks.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

internal sealed class NaiveSegments
{
    private readonly Dictionary<Uuid, (long Heard, long SuspectedAt, bool IsSuspect, bool IsOk, bool WasOk)> _clients = [];
    private readonly Dictionary<uint, long> _deadlines = [];
    private readonly Dictionary<string, (Uuid Successor, List<Uuid> Earlier)> _replaced = [];
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
        if (known?.Client == client)
        {
            if (known.Status != SegmentStatus.Ok)
                return ErrorCode.UnavailableInCurrentStatus;
            if (known.Segment != segment)
                return ErrorCode.InvalidParams;
        }

        var error = Take(client, [segment]);
        if (error == ErrorCode.Ok)
            _clients[client] = _clients.GetValueOrDefault(client) with { Heard = Now, IsSuspect = false };
        return error;
    }

    public ErrorCode ReMount(Uuid client, Segment[] segments)
    {
        var isOk = Ping(client) == ClientStatus.Ok;
        foreach (var segment in segments)
        {
            var known = Segments.Find(other => other.Segment.Id == segment.Id && other.Client == client);
            if (known?.Status == SegmentStatus.Unmounting)
                return ErrorCode.UnavailableInCurrentStatus;
            if (known is not null && known.Segment != segment)
                return ErrorCode.InvalidParams;
            if (Refusal(client, segment) is { } refusal)
                return refusal;
        }

        if (isOk && segments.Any(segment => !IsMounted(client, segment)))
            return ErrorCode.InvalidParams;
        var error = Take(client, segments);
        if (error == ErrorCode.Ok)
            _clients[client] = (Now, 0, false, true, _clients.GetValueOrDefault(client).WasOk);
        return error;
    }

    // Everything that can be mounted is; clients that were at the endpoints before are gone. All or nothing.
    private ErrorCode Take(Uuid client, Segment[] segments)
    {
        var missing = segments.Distinct().Where(segment => !IsMounted(client, segment)).ToList();
        foreach (var segment in missing)
        {
            if (Refusal(client, segment) is { } refusal)
                return refusal;
            if (missing.Exists(other => other != segment && Beside(other, segment) && Overlap(other, segment)))
                return ErrorCode.InvalidParams;
        }

        foreach (var endpoint in missing.Select(segment => segment.TransportEndpoint).Distinct())
        {
            foreach (var other in Segments.FindAll(other => other.Segment.TransportEndpoint == endpoint && other.Client != client
                && other.Status != SegmentStatus.Unmounting).Select(other => other.Client).Distinct())
            {
                Change(Of(other), SegmentStatus.Unmounting);
                _clients.Remove(other);
                var (_, earlier) = _replaced.GetValueOrDefault(endpoint, (default, []));
                _replaced[endpoint] = (client, [.. earlier.Where(one => one != other && one != client), other]);
            }
        }

        if (Segments.Exists(other => missing.Exists(
            segment => other.Segment.Id == segment.Id || (Beside(other.Segment, segment) && Overlap(other.Segment, segment)))))
            return ErrorCode.UnavailableInCurrentStatus;
        Change(Of(client), suspect: false);
        foreach (var segment in missing)
        {
            Segments.Add(new(_nextHandle++, client, segment, SegmentStatus.Ok));
            if (_replaced.TryGetValue(segment.TransportEndpoint, out var lives))
                _replaced[segment.TransportEndpoint] = (client, [.. lives.Earlier.Where(one => one != client)]);
        }

        return ErrorCode.Ok;
    }

    // What no waiting mends.
    private ErrorCode? Refusal(Uuid client, Segment segment)
    {
        if (IsMounted(client, segment))
            return null;
        var living = Segments.FindAll(other => other.Status != SegmentStatus.Unmounting);
        if (living.Exists(other => other.Segment.Id == segment.Id && other.Client != client && !Beside(other.Segment, segment)))
            return ErrorCode.InvalidParams;
        foreach (var other in living.FindAll(other => Beside(other.Segment, segment)))
        {
            if (other.Client != client && _replaced.TryGetValue(segment.TransportEndpoint, out var lives) && lives.Earlier.Contains(client))
                return ErrorCode.IllegalClient;
            if (other.Client == client && Overlap(other.Segment, segment))
                return other.Status == SegmentStatus.GracefullyUnmounting ? ErrorCode.UnavailableInCurrentStatus : ErrorCode.InvalidParams;
        }

        return null;
    }

    private bool IsMounted(Uuid client, Segment segment) => Segments.Exists(
        other => other.Client == client && other.Segment == segment && other.Status != SegmentStatus.Unmounting);

    private static bool Beside(Segment one, Segment other) => one.TransportEndpoint == other.TransportEndpoint;

    private static bool Overlap(Segment one, Segment other) =>
        Math.Max(one.BaseAddress, other.BaseAddress) < Math.Min(one.BaseAddress + one.SizeBytes, other.BaseAddress + other.SizeBytes);

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
        var gone = Segments.Find(segment => segment.Handle == handle)!;
        var endpoint = gone.Segment.TransportEndpoint;
        if (_replaced.TryGetValue(endpoint, out var lives) && lives.Successor == gone.Client
            && !Segments.Exists(other =>
                other.Handle != handle && other.Client == gone.Client && other.Segment.TransportEndpoint == endpoint))
            _replaced.Remove(endpoint);
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
