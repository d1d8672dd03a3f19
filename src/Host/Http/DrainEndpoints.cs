// Drain jobs: emptying segments before they are taken away.
using System.Text.Json;
using HotStandby.Host.Commands.Operator;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>/api/v1/drain_jobs, …/query, …/cancel.</summary>
internal static class DrainEndpoints
{
    private const int MaximumSegments = 1024;
    private const int UsualConcurrency = 4;

    public static void Map(IEndpointRouteBuilder routes, AdminNode node)
    {
        routes.MapChange(HttpMethods.Post, "/api/v1/drain_jobs", "create drain job", (HttpContext context, CancellationToken stop) =>
                CreateAsync(node, context, stop))
            .Accepts<DrainRequest>("application/json", "*/*") // Mooncake looks at no label, and curl -d labels a body as a form
            .Answers<DrainAcceptedBody>("Starts to move every replica off the segments.", 400, 401, 403, 404, 409, 413, 503, 504);
        routes.MapGet(
                "/api/v1/drain_jobs/query",
                ([FromQuery(Name = "job_id")] string? job, CancellationToken stop) => ReportAsync(node, job, stop))
            .Answers<DrainJobBody>("How far a job is.", 400, 404, 503, 504);
        routes.MapChange(
                HttpMethods.Post, "/api/v1/drain_jobs/cancel", "cancel drain job",
                (HttpContext context, [FromQuery(Name = "job_id")] string? job, CancellationToken stop) =>
                    CancelAsync(node, Change.Of(context), job, stop))
            .Answers<DrainAcceptedBody>("Cancels a job; 409 while its moves run.", 400, 401, 403, 404, 409, 503, 504);
    }

    private static async Task<IResult> CreateAsync(AdminNode node, HttpContext context, CancellationToken stop)
    {
        var change = Change.Of(context);
        DrainRequest? wanted;
        try
        {
            wanted = await JsonSerializer.DeserializeAsync(context.Request.Body, AdminJson.Default.DrainRequest, stop);
        }
        catch (JsonException error)
        {
            return ErrorAnswer.BadParameter("body", $"is not the JSON that is expected: {error.Message}");
        }
        catch (BadHttpRequestException error)
        {
            return ErrorAnswer.Of(error.StatusCode, ErrorCode.InvalidParams, $"body cannot be read: {error.Message}");
        }

        return await CreateAsync(node, change, wanted, stop);
    }

    /// <summary>The same from the parameters of a query.</summary>
    public static Task<IResult> CreateAsync(
        AdminNode node, Change change, string? segment, string? target, string? concurrency, CancellationToken stop) =>
        Parameters.Number(concurrency, "max_concurrency", CommandTable.Moves, UsualConcurrency, out var moves) is { } bad
            ? Task.FromResult(bad)
            : CreateAsync(node, change, new DrainRequest(segment is null ? [] : [segment], target is null ? [] : [target], moves), stop);

    /// <summary>Creates a job, or says what is wrong with the wish.</summary>
    public static async Task<IResult> CreateAsync(AdminNode node, Change change, DrainRequest? wanted, CancellationToken stop)
    {
        var segments = wanted?.Segments ?? [];
        var targets = wanted?.TargetSegments ?? [];
        var concurrency = wanted?.MaxConcurrency ?? UsualConcurrency;
        if (segments.Count == 0 || !AreNames(segments))
            return ErrorAnswer.BadParameter("segments", $"must be 1 to {MaximumSegments} different names");
        if (!AreNames(targets))
            return ErrorAnswer.BadParameter("target_segments", $"must be 0 to {MaximumSegments} different names");
        if (concurrency < CommandTable.Moves.Minimum || concurrency > CommandTable.Moves.Maximum)
            return ErrorAnswer.BadParameter("max_concurrency", CommandTable.Moves.Rule);
        change.Body = $"segments={string.Join(',', segments)} target_segments={string.Join(',', targets)} max_concurrency={concurrency}";
        var (call, refusal) = await node.ChangeAsync(change, sink => new CreateDrainJobCall(sink, segments, targets, concurrency), stop);
        if (refusal is not null)
            return refusal;
        return call.Error == ErrorCode.Ok
            ? Results.Json(
                new DrainAcceptedBody(true, call.JobId.ToString(), NameOf(JobStatus.Created)), AdminJson.Default.DrainAcceptedBody)
            : ErrorAnswer.Of(call.Error);
    }

    // JSON may say null where a name belongs.
    private static bool AreNames(IReadOnlyList<string?> names) =>
        names.Count <= MaximumSegments && names.All(name => !string.IsNullOrEmpty(name)) && names.Distinct().Count() == names.Count;

    private static async Task<IResult> ReportAsync(AdminNode node, string? text, CancellationToken stop)
    {
        if (Parameters.Id(text, "job_id", out var id) is { } bad)
            return bad;
        var (call, refusal) = await node.ReadAsync(sink => new DrainJobCall(sink, id, cancel: false), stop);
        if (refusal is not null)
            return refusal;
        if (call.Error != ErrorCode.Ok || call.Job is not { } job)
            return ErrorAnswer.Of(call.Error == ErrorCode.Ok ? ErrorCode.JobNotFound : call.Error);
        return Results.Json(
            new DrainJobBody(
                true, job.Id.ToString(), 0, "DRAIN", (int)job.Status, NameOf(job.Status), job.CreatedMilliseconds, job.UpdatedMilliseconds,
                job.Segments, job.SucceededUnits, job.FailedUnits, job.BlockedUnits, job.ActiveUnits, job.MigratedBytes, job.Message),
            AdminJson.Default.DrainJobBody);
    }

    private static async Task<IResult> CancelAsync(AdminNode node, Change change, string? text, CancellationToken stop)
    {
        if (Parameters.Id(text, "job_id", out var id) is { } bad)
            return bad;
        var (call, refusal) = await node.ChangeAsync(change, sink => new DrainJobCall(sink, id, cancel: true), stop);
        if (refusal is not null)
            return refusal;
        return call.Error == ErrorCode.Ok
            ? Results.Json(new DrainAcceptedBody(true, id.ToString(), NameOf(JobStatus.Canceled)), AdminJson.Default.DrainAcceptedBody)
            : ErrorAnswer.Of(call.Error);
    }

    private static string NameOf(JobStatus status) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(status.ToString());
}
