// Drain jobs over HTTP.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Process.Http.AdminServerFixture;

namespace HotStandby.Tests.Process.Http;

public sealed class DrainEndpointTests
{
    [Fact]
    public async Task A_drain_job_is_created_with_mooncake_s_default_concurrency()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call =>
        {
            ((CreateDrainJobCall)call).JobId = new Uuid(3, 4);
            ((CreateDrainJobCall)call).Finish(ErrorCode.Ok);
        };
        var answer = await server.SendAsync(HttpMethod.Post, "/api/v1/drain_jobs", """{"segments":["a"],"target_segments":["b","c"]}""");
        Assert.Equal((200, """{"success":true,"job_id":"3-4","status":"CREATED"}"""), (answer.Status, answer.Text));
        var call = Assert.IsType<CreateDrainJobCall>(Assert.Single(server.Gateway.Calls));
        Assert.Equal(["a"], call.Segments);
        Assert.Equal(["b", "c"], call.Targets);
        Assert.Equal(4, call.MaximumConcurrency);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    [InlineData(null)]
    public async Task A_body_is_read_as_JSON_whatever_its_label(string? contentType)
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call => ((SegmentCall)call).Finish(ErrorCode.Ok);
        var answer = await server.SendAsync(HttpMethod.Post, "/api/v1/drain_jobs", """{"segments":["a"]}""", contentType);
        Assert.Equal(200, answer.Status);
        Assert.Equal(["a"], Assert.IsType<CreateDrainJobCall>(Assert.Single(server.Gateway.Calls)).Segments);
    }

    [Theory]
    [InlineData("""{}""", "segments")]
    [InlineData("""{"segments":[]}""", "segments")]
    [InlineData("""{"segments":["a","a"]}""", "segments")]
    [InlineData("""{"segments":[null]}""", "segments")]
    [InlineData("""{"segments":["a"],"target_segments":[""]}""", "target_segments")]
    [InlineData("""{"segments":["a"],"max_concurrency":0}""", "max_concurrency must be a whole number, 1 to 1024")]
    [InlineData("""{"segments":["a"],"max_concurrency":"x"}""", "$.max_concurrency")]
    [InlineData("""{"segments":""", "body")]
    [InlineData("null", "segments")]
    public async Task A_drain_job_that_makes_no_sense_is_refused_by_name(string body, string named)
    {
        await using var server = await StartAsync();
        var answer = await server.SendAsync(HttpMethod.Post, "/api/v1/drain_jobs", body);
        Assert.Equal((400, -600), (answer.Status, answer.ErrorCode));
        Assert.Contains(named, answer.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(server.Gateway.Calls);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_413()
    {
        await using var server = await StartAsync();
        var answer = await server.SendAsync(HttpMethod.Post, "/api/v1/drain_jobs", $$"""{"segments":["{{new string('x', 70_000)}}"]}""");
        Assert.Equal((413, -600), (answer.Status, answer.ErrorCode));
    }

    [Fact]
    public async Task A_job_is_reported_with_all_its_counters()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call =>
        {
            var query = (DrainJobCall)call;
            Assert.False(query.Cancel);
            query.Job = new DrainJob(query.JobId, JobStatus.Running, 1000, 2000, ["a"], 1, 2, 3, 4, 5, "words");
            query.Finish(ErrorCode.Ok);
        };
        var answer = await server.GetAsync("/api/v1/drain_jobs/query?job_id=3-4");
        Assert.Equal(
            """{"success":true,"job_id":"3-4","type":0,"type_name":"DRAIN","status":2,"status_name":"RUNNING","created_at_ms_epoch":1000"""
                + ""","last_updated_at_ms_epoch":2000,"segments":["a"],"succeeded_units":1,"failed_units":2,"blocked_units":3"""
                + ""","active_units":4,"migrated_bytes":5,"message":"words"}""",
            answer.Text);
    }

    [Fact]
    public async Task A_job_is_canceled()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call => ((SegmentCall)call).Finish(ErrorCode.Ok);
        var answer = await server.SendAsync(HttpMethod.Post, "/api/v1/drain_jobs/cancel?job_id=3-4");
        Assert.Equal((200, """{"success":true,"job_id":"3-4","status":"CANCELED"}"""), (answer.Status, answer.Text));
        Assert.True(Assert.IsType<DrainJobCall>(Assert.Single(server.Gateway.Calls)).Cancel);
    }

    [Theory]
    [InlineData(ErrorCode.JobNotFound, 404)]
    [InlineData(ErrorCode.UnavailableInCurrentStatus, 409)]
    [InlineData(ErrorCode.InternalError, 500)]
    public async Task A_refused_job_has_the_status_of_its_code(ErrorCode code, int status)
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call => ((SegmentCall)call).Finish(code);
        var canceled = await server.SendAsync(HttpMethod.Post, "/api/v1/drain_jobs/cancel?job_id=3-4");
        Assert.Equal((status, (int)code), (canceled.Status, canceled.ErrorCode));
        var asked = await server.GetAsync("/api/v1/drain_jobs/query?job_id=3-4");
        Assert.Equal((status, (int)code), (asked.Status, asked.ErrorCode));
    }
}
