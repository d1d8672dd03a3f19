// MountSegment and ReMountSegment: what is admitted, what must wait, and whose place the caller takes. A call is decided as a whole: it is
// refused and changes nothing, or everything that it asks for is mounted.
using System.Text;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Segments;

/// <summary>What a mount or remount comes to.</summary>
/// <param name="Error">Ok: everything is mounted, or proposed. Else nothing is.</param>
/// <param name="IsForNow">Ask again when the next segment is forgotten: only segments that are being dropped are in the way.</param>
public readonly record struct MountDecision(ErrorCode Error, bool IsForNow = false);

/// <summary>A client whose place another one has taken.</summary>
/// <param name="Client">The one that is gone.</param>
/// <param name="Successor">The one that has mounted.</param>
/// <param name="Endpoint">Where both of them were.</param>
public readonly record struct ReplacedClient(Uuid Client, Uuid Successor, string Endpoint);

/// <summary>How a reign decides mounts. Used by <see cref="SegmentLeader"/> only.</summary>
internal sealed class MountRules(SegmentTable table)
{
    /// <summary>
    /// Most bytes of all segments together. What counts them, here and in clients and dashboards, has 63 bits.
    /// </summary>
    public const ulong MaximumTotalBytes = long.MaxValue;

    /// <summary>What a client asks for, and what that means for others.</summary>
    /// <param name="Decision">Ok when everything can be mounted now.</param>
    /// <param name="Missing">What is to be mounted.</param>
    /// <param name="Gone">Clients whose place the caller takes; also when it must wait.</param>
    public readonly record struct Admission(MountDecision Decision, IReadOnlyList<Segment> Missing, IReadOnlyList<ReplacedClient> Gone);

    /// <summary>Looks at everything that a client wants to have mounted, and changes nothing.</summary>
    /// <param name="client">The caller.</param>
    /// <param name="segments">What it offers; one that comes twice counts once.</param>
    /// <param name="needsOk">A segment that is mounted already must be in normal use, not just as it was mounted.</param>
    public Admission Admit(Uuid client, IReadOnlyList<Segment> segments, bool needsOk)
    {
        var byId = new Dictionary<Uuid, Segment>();
        var missing = new List<Segment>();
        var gone = new List<ReplacedClient>();
        var waits = false;
        foreach (var segment in segments)
        {
            if (byId.TryAdd(segment.Id, segment))
            {
                var decision = Admit(client, segment, needsOk, missing, gone);
                if (decision is { Error: not ErrorCode.Ok, IsForNow: false })
                    return new(decision, [], []);
                waits |= decision.IsForNow;
            }
            else if (byId[segment.Id] != segment)
            {
                return new(new(ErrorCode.InvalidParams), [], []);
            }
        }

        if (!AreApart(missing) || !CanBeCounted(missing, gone))
            return new(new(ErrorCode.InvalidParams), [], []);
        return new(waits ? new(ErrorCode.UnavailableInCurrentStatus, IsForNow: true) : new(ErrorCode.Ok), missing, gone);
    }

    private MountDecision Admit(Uuid client, Segment segment, bool needsOk, List<Segment> missing, List<ReplacedClient> gone)
    {
        if (!IsPossible(segment))
            return new(ErrorCode.InvalidParams);
        var known = table.ById(segment.Id);
        if (known is not null && known.Client == client)
            return IsMountedAs(known, segment, needsOk);
        if (known is { IsReadable: true } && known.Segment.TransportEndpoint != segment.TransportEndpoint)
            return new(ErrorCode.InvalidParams); // another client's, elsewhere
        missing.Add(segment);
        var waits = known is not null;
        foreach (var handle in table.AtEndpoint(segment.TransportEndpoint))
        {
            var other = table.ByHandle(handle)!;
            var overlaps = Overlap(segment, other.Segment);
            var error = other.Client != client && other.IsReadable && segment.TransportEndpoint.Length > 0
                ? TakePlace(client, other, gone)
                : overlaps ? Obstacle(client, other) : ErrorCode.Ok;
            if (error != ErrorCode.Ok)
                return new(error);
            waits |= overlaps;
        }

        return waits ? new(ErrorCode.UnavailableInCurrentStatus, IsForNow: true) : new(ErrorCode.Ok);
    }

    private static MountDecision IsMountedAs(MountedSegment known, Segment segment, bool needsOk)
    {
        if (needsOk ? known.Status != SegmentStatus.Ok : !known.IsReadable)
            return new(ErrorCode.UnavailableInCurrentStatus);
        return new(known.Segment == segment ? ErrorCode.Ok : ErrorCode.InvalidParams);
    }

    // A client that mounts here has the endpoint now, so the process that had it before has ended, unless the caller is the earlier one of
    // the two.
    private ErrorCode TakePlace(Uuid client, MountedSegment other, List<ReplacedClient> gone)
    {
        var endpoint = other.Segment.TransportEndpoint;
        if (table.Replaced.Contains(endpoint, client))
            return ErrorCode.IllegalClient;
        if (!gone.Exists(replaced => replaced.Client == other.Client))
            gone.Add(new(other.Client, client, endpoint));
        return ErrorCode.Ok;
    }

    // A segment that has a byte of the range: Ok when it is being dropped.
    private static ErrorCode Obstacle(Uuid client, MountedSegment other) => other switch
    {
        { IsReadable: false } => ErrorCode.Ok,
        { Status: SegmentStatus.GracefullyUnmounting } => ErrorCode.UnavailableInCurrentStatus,
        { IsSuspect: true } when other.Client != client => ErrorCode.UnavailableInCurrentStatus,
        _ => ErrorCode.InvalidParams,
    };

    private bool CanBeCounted(List<Segment> missing, List<ReplacedClient> gone)
    {
        var bytes = table.TotalBytes;
        foreach (var segment in missing)
            bytes += segment.SizeBytes;
        foreach (var handle in gone.SelectMany(replaced => table.OfClient(replaced.Client)))
            bytes -= table.ByHandle(handle) is { IsReadable: true } segment ? segment.Segment.SizeBytes : 0;
        return missing.Count == 0 || bytes <= MaximumTotalBytes;
    }

    private static bool AreApart(List<Segment> offered)
    {
        var inOrder = offered.OrderBy(segment => segment.TransportEndpoint, StringComparer.Ordinal)
            .ThenBy(segment => segment.BaseAddress).ToArray();
        return inOrder.Zip(inOrder.Skip(1)).All(
            pair => pair.First.TransportEndpoint != pair.Second.TransportEndpoint || !Overlap(pair.First, pair.Second));
    }

    // Neither range wraps: that is refused, and what a log of before has of it ends at the last address.
    private static bool Overlap(Segment one, Segment other) =>
        one.BaseAddress - other.BaseAddress < other.SizeBytes || other.BaseAddress - one.BaseAddress < one.SizeBytes;

    private static bool IsPossible(Segment segment) =>
        segment.BaseAddress != 0 && segment.SizeBytes != 0 && segment.SizeBytes <= ulong.MaxValue - segment.BaseAddress
        && Fits(segment.Name) && Fits(segment.TransportEndpoint) && Fits(segment.Protocol) && Fits(segment.HostId);

    private static bool Fits(string text) => Encoding.UTF8.GetByteCount(text) <= SegmentLeader.MaximumTextBytes;
}
