// The calls on tasks, over the wire, and those on drain jobs, which operators make over HTTP.
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Scenarios.Drivers;

internal sealed partial class WireMaster
{
    private async Task<ErrorCode> SendTaskAsync(SegmentCall call, MasterClient client)
    {
        ByteString tenant = new(Tenant);
        switch (call)
        {
            case CreateTaskCall create:
                var key = new ByteString(create.Key.UserKey.ToArray());
                ByteString[] targets = [.. create.Targets.Select(target => (ByteString)target)];
                var created = create.Source is { } source
                    ? await client.CreateMoveTaskAsync(new(key, tenant, source, targets[0]))
                    : await client.CreateCopyTaskAsync(new(key, tenant, targets));
                create.TaskId = created.IsOk ? created.Value.Value : Uuid.None;
                return created.Error;
            case QueryTaskCall query:
                var report = await client.QueryTaskAsync(query.TaskId);
                if (report.IsOk)
                    query.Task = ToTask(report.Value.Id, report.Value.Type, report.Value.Status, "{}"u8);
                return report.Error;
            case FetchTasksCall fetch:
                var fetched = await client.FetchTasksAsync(new(Own(fetch.Client), (ulong)fetch.Maximum));
                if (fetched.IsOk)
                    fetch.Tasks = [.. fetched.Value.ToArray()
                        .Select(task => ToTask(task.Id, (TaskType)task.Type, ReplicationTaskStatus.Processing, task.Payload.Span))];
                return fetched.Error;
            case CompleteTaskCall complete:
                return (await client.MarkTaskToCompleteAsync(
                    new(Own(complete.Client), complete.TaskId, complete.Status, complete.Message))).Error;
            case CreateDrainJobCall create:
                return await CreateJobAsync(create);
            case DrainJobCall job:
                return await AskForJobAsync(job);
            default:
                throw new NotSupportedException(call.GetType().Name);
        }
    }

    private async Task<ErrorCode> CreateJobAsync(CreateDrainJobCall call)
    {
        var body = new { segments = call.Segments, target_segments = call.Targets, max_concurrency = call.MaximumConcurrency };
        using var answer = await _http.PostAsJsonAsync(await AdminAsync("/api/v1/drain_jobs"), body);
        using var json = await BodyAsync(answer);
        Assert.True(Uuid.TryParse(json.RootElement.GetProperty("job_id").GetString(), out var id));
        call.JobId = id;
        return ErrorCode.Ok;
    }

    private async Task<ErrorCode> AskForJobAsync(DrainJobCall call)
    {
        if (call.Cancel)
        {
            using var canceled = await _http.PostAsync(await AdminAsync($"/api/v1/drain_jobs/cancel?job_id={call.JobId}"), null);
            if (canceled.StatusCode == HttpStatusCode.Conflict)
                return ErrorCode.UnavailableInCurrentStatus;
            using var _ = await BodyAsync(canceled);
        }

        using var answer = await _http.GetAsync(await AdminAsync($"/api/v1/drain_jobs/query?job_id={call.JobId}"));
        using var json = await BodyAsync(answer);
        var job = json.RootElement;
        call.Job = new DrainJob(
            call.JobId, (JobStatus)job.GetProperty("status").GetInt32(), 0, 0,
            [.. job.GetProperty("segments").EnumerateArray().Select(name => name.GetString()!)],
            job.GetProperty("succeeded_units").GetInt64(), job.GetProperty("failed_units").GetInt64(),
            job.GetProperty("blocked_units").GetInt64(),
            job.GetProperty("active_units").GetInt64(), job.GetProperty("migrated_bytes").GetInt64(),
            job.GetProperty("message").GetString()!);
        return ErrorCode.Ok;
    }

    private async Task<Uri> AdminAsync(string path)
    {
        var primary = await cluster.WaitForPrimaryAsync(Patience, CancellationToken.None);
        return new Uri($"http://{primary.HttpAddress}{path}");
    }

    private static async Task<JsonDocument> BodyAsync(HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {body}");
        return JsonDocument.Parse(body);
    }

    // What a client reads out of the task's own description; a report has none.
    private ReplicationTask ToTask(Uuid id, TaskType type, ReplicationTaskStatus status, ReadOnlySpan<byte> payload)
    {
        using var json = JsonDocument.Parse(payload.ToArray());
        var root = json.RootElement;
        string Text(string name) => root.TryGetProperty(name, out var value) ? value.GetString()! : "";
        string[] targets = root.TryGetProperty("targets", out var many)
            ? [.. many.EnumerateArray().Select(target => target.GetString()!)]
            : Text("target") is { Length: > 0 } one ? [one] : [];
        return new ReplicationTask(
            id, type, ObjectKey.From(Tenant, Encoding.UTF8.GetBytes(Text("key"))), Text("source"), targets, Uuid.None, status, 0, 0,
            "", Uuid.None);
    }
}
