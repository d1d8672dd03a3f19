// Mounted segments and how full they are. They only read.
using System.Globalization;
using System.Text.Json;
using HotStandby.Host.Commands.Operator;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>/get_all_segments, /get_segments_detail, /admin/clients, /query_segment, /api/v1/segments/status.</summary>
internal static class SegmentEndpoints
{
    private static readonly string[] SizeUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static void Map(IEndpointRouteBuilder routes, AdminNode node)
    {
        routes.MapGet("/get_all_segments", async (CancellationToken stop) =>
                TextAnswer.Refusal(await WithSegmentsAsync(node, AllNames, stop)))
            .AnswersText("Names of the segments that take new objects, one a line.", 503, 504);
        routes.MapGet("/get_segments_detail", (CancellationToken stop) => WithSegmentsAsync(node, Details, stop))
            .Answers<SegmentsBody>("Every mounted segment with its use.", 503, 504);
        routes.MapCommand(CommandTable.Clients, (CancellationToken stop) => WithSegmentsAsync(node, Clients, stop))
            .AnswersCommand<ClientsBody>(CommandTable.Clients, 503, 504);
        routes.MapGet("/query_segment", async (string? segment, CancellationToken stop) =>
                Parameters.Segment(segment) ?? TextAnswer.Refusal(await WithSegmentsAsync(node, segments => Use(segments, segment!), stop)))
            .AnswersText("Use of the segments of one name; 500 when there is none, as Mooncake has it.", 400, 503, 504);
        routes.MapGet("/api/v1/segments/status", async (string? segment, CancellationToken stop) =>
                Parameters.Segment(segment) ?? await StatusAsync(node, segment!, stop))
            .Answers<SegmentStatusBody>("Status of the segment of this name that was mounted last.", 400, 404, 503, 504);
    }

    /// <summary>Mooncake's name of a status: <c>GRACEFULLY_UNMOUNTING</c>.</summary>
    public static string NameOf(SegmentStatus status) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(status.ToString());

    /// <summary>A size for people: 17179869184 is <c>16 GiB</c>.</summary>
    public static string SizeForPeople(ulong bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1024 && unit < SizeUnits.Length - 1; unit++)
            value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {SizeUnits[unit]}");
    }

    private static async Task<IResult> WithSegmentsAsync(
        AdminNode node, Func<IReadOnlyList<SegmentUse>, IResult> answer, CancellationToken stop)
    {
        var (call, refusal) = await node.ReadAsync(sink => new ListSegmentsCall(sink), stop);
        if (refusal is not null)
            return refusal;
        return call.Error == ErrorCode.Ok ? answer(call.Segments) : ErrorAnswer.Of(call.Error);
    }

    private static IResult AllNames(IReadOnlyList<SegmentUse> segments) => Results.Text(
        string.Concat(
            segments.Where(use => use.Status == SegmentStatus.Ok).Select(use => use.Segment.Name).Distinct().Select(name => name + '\n')),
        TextAnswer.ContentType);

    private static IResult Details(IReadOnlyList<SegmentUse> segments) => Results.Json(
        new SegmentsBody(segments.Count, [.. segments.Select(BodyOf)]), AdminJson.Default.SegmentsBody);

    private static IResult Clients(IReadOnlyList<SegmentUse> segments) => Results.Json(
        new ClientsBody([.. segments.GroupBy(static use => use.Client).OrderBy(static client => client.Key).Select(static client =>
            new ClientBody(
                client.Key.ToString(), client.Count(),
                client.Aggregate(0UL, static (sum, use) => Saturating.Add(sum, use.Segment.SizeBytes)),
                client.Aggregate(0UL, static (sum, use) => Saturating.Add(sum, use.UsedBytes))))]),
        AdminJson.Default.ClientsBody);

    private static SegmentBody BodyOf(SegmentUse use) => new(
        use.Segment.Name, use.Segment.Id.ToString(), use.Client.ToString(),
        string.Create(CultureInfo.InvariantCulture, $"0x{use.Segment.BaseAddress:x}"), use.Segment.SizeBytes,
        SizeForPeople(use.Segment.SizeBytes), use.Segment.TransportEndpoint, use.Segment.Protocol, NameOf(use.Status), use.UsedBytes,
        use.Segment.SizeBytes, use.Segment.SizeBytes == 0 ? 0 : 100.0 * use.UsedBytes / use.Segment.SizeBytes);

    private static IResult Use(IReadOnlyList<SegmentUse> segments, string name)
    {
        var (used, capacity, any) = (0UL, 0UL, false);
        foreach (var use in segments.Where(use => use.Segment.Name == name))
            (used, capacity, any) = (Saturating.Add(used, use.UsedBytes), Saturating.Add(capacity, use.Segment.SizeBytes), true);
        return any
            ? Results.Text(string.Create(CultureInfo.InvariantCulture, $"{name}\nUsed(bytes): {used}\nCapacity(bytes) : {capacity}\n"),
                TextAnswer.ContentType)
            : Results.Text("Failed to query segment: no such segment is mounted", TextAnswer.ContentType,
                statusCode: StatusCodes.Status500InternalServerError);
    }

    private static async Task<IResult> StatusAsync(AdminNode node, string name, CancellationToken stop)
    {
        var (call, refusal) = await node.ReadAsync(sink => new QuerySegmentStatusCall(sink, Uuid.None, name), stop);
        if (refusal is not null)
            return refusal;
        return call.Error == ErrorCode.Ok
            ? Results.Json(
                new SegmentStatusBody(true, name, (int)call.Status, NameOf(call.Status), 0, ""), AdminJson.Default.SegmentStatusBody)
            : ErrorAnswer.Of(call.Error);
    }
}
