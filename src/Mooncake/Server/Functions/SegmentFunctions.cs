// The functions on memory that clients offer.
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>Mount, remount, unmount, and what is asked about segments.</summary>
internal static class SegmentFunctions
{
    public static void AddTo(FunctionTable table)
    {
        table.Add<MountSegmentRequest, MountSegmentCall>(
            Rpc.MountSegment,
            static (in MountSegmentRequest request, IReplySink sink) =>
                new MountSegmentCall(sink, request.Client, FromWire.Segment(request.Segment)),
            WriteSuccess);
        table.Add<ReMountSegmentRequest, ReMountSegmentCall>(
            Rpc.ReMountSegment,
            static (in ReMountSegmentRequest request, IReplySink sink) =>
                new ReMountSegmentCall(
                    sink, request.Client, Array.ConvertAll(request.Segments.ToArray(), segment => FromWire.Segment(segment))),
            WriteSuccess);
        table.Add<UnmountSegmentRequest, UnmountSegmentCall>(
            Rpc.UnmountSegment,
            static (in UnmountSegmentRequest request, IReplySink sink) => new UnmountSegmentCall(sink, request.Client, request.SegmentId),
            WriteSuccess);
        table.Add<GracefulUnmountSegmentRequest, GracefulUnmountSegmentCall>(
            Rpc.GracefulUnmountSegment,
            static (in GracefulUnmountSegmentRequest request, IReplySink sink) => new GracefulUnmountSegmentCall(
                sink, request.Client, request.SegmentId, FromWire.Milliseconds(request.GracePeriodMilliseconds)),
            WriteSuccess);
        table.Add<ByteString, QuerySegmentStatusCall>(
            Rpc.QuerySegmentStatus,
            static (in ByteString name, IReplySink sink) => new QuerySegmentStatusCall(sink, Uuid.None, name.ToString()),
            WriteStatus);
        table.Add<WireUuid, QuerySegmentStatusCall>(
            Rpc.QuerySegmentStatusById,
            static (in WireUuid id, IReplySink sink) => new QuerySegmentStatusCall(sink, id.Value, null),
            WriteStatus);
        table.Add<QueryIpRequest, QueryIpCall>(
            Rpc.BatchQueryIp,
            static (in QueryIpRequest request, IReplySink sink) =>
                new QueryIpCall(sink, Array.ConvertAll(request.Clients.ToArray(), client => client.Value)),
            WriteHosts);
    }

    /// <summary>The answer of every call that says nothing but whether it succeeded.</summary>
    public static void WriteSuccess(in AnswerFrame frame, SegmentCall call) => frame.Send(call.Error);

    private static void WriteStatus(in AnswerFrame frame, QuerySegmentStatusCall call) =>
        frame.Send(call.Error, new WireInt32((int)call.Status));

    private static void WriteHosts(in AnswerFrame frame, QueryIpCall call) => frame.Send(
        call.Error,
        new WireList<WirePair<WireUuid, WireList<ByteString>>>(
            [.. call.Hosts.Select(client => new WirePair<WireUuid, WireList<ByteString>>(client.Key, ToWire.Texts(client.Value)))]));
}
