// What stands in the audit log: every call that changes something, what became of it, and who was refused.
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HotStandby.Host.Http;
using HotStandby.Messages;
using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Process.Http;

public sealed class AuditLogTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("audit-");

    private string Path => System.IO.Path.Combine(_directory.FullName, AuditLog.FileName);

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Every_call_that_changes_something_is_noted_before_its_answer()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = static call =>
        {
            switch (call)
            {
                case ScanCall scan:
                    scan.Finish([], 90_112);
                    break;
                case KeyedCall keyed:
                    keyed.Results[0].Error = ErrorCode.ObjectNotFound;
                    keyed.Settle(1);
                    break;
                default:
                    ((SegmentCall)call).Finish(ErrorCode.Ok);
                    break;
            }
        };
        await server.SendRawAsync("POST", "/api/v1/remove_all?force=true", ("X-HotStandby-User", "me@here"));
        AssertNoted(200, "remove all objects", "?force=true", "90112 objects removed");
        Assert.Equal("me@here", Lines()[^1].GetProperty("user").GetString());
        Assert.StartsWith("127.0.0.1:", Lines()[^1].GetProperty("address").GetString(), StringComparison.Ordinal);
        await server.SendAsync(HttpMethod.Delete, "/api/v1/objects?key=a");
        AssertNoted(404, "remove object", "?key=a", "OBJECT_NOT_FOUND");
        await server.SendAsync(HttpMethod.Post, "/api/v1/drain_jobs", """{"segments":["a","b"]}""");
        AssertNoted(200, "create drain job", "segments=a,b target_segments= max_concurrency=4", "done");
        await server.SendAsync(HttpMethod.Post, "/api/v1/drain_jobs", "{");
        Assert.Equal(400, Lines()[^1].GetProperty("status").GetInt32());
        await server.SendAsync(HttpMethod.Post, "/api/v1/drain_jobs/cancel?job_id=1-2");
        AssertNoted(200, "cancel drain job", "?job_id=1-2", "done");
        await server.SendAsync(HttpMethod.Post, "/admin/full-sync");
        AssertNoted(400, "full-sync", "", "full-sync needs confirm=yes: the Standby cannot take over until it is complete");
        await server.SendAsync(HttpMethod.Post, "/admin/checkpoint");
        AssertNoted(200, "checkpoint", "", "done");
        await server.GetAsync("/query_key?key=a&lease=true");
        AssertNoted(404, "query_key with lease", "?key=a&lease=true", "OBJECT_NOT_FOUND");
        Assert.Equal(8, Lines().Length);
        await server.GetAsync("/query_key?key=a");
        await server.GetAsync("/admin/members");
        Assert.Equal(8, Lines().Length);
    }

    [Fact]
    public async Task A_caller_that_goes_away_does_not_take_its_line_with_it()
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync();
        server.Gateway.Script = _ => began.TrySetResult(); // and the call has no outcome
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync("127.0.0.1", server.Port);
            await socket.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes("POST /api/v1/remove_all HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"));
            await began.Task;
            socket.LingerState = new LingerOption(true, 0);
        }

        using var patience = new CancellationTokenSource(Deadline.Step);
        while (!File.Exists(Path))
            await Task.Delay(10, patience.Token);
        AssertNoted(499, "remove all objects", "", "the caller went away before the answer: the outcome is unknown");
    }

    [Fact]
    public async Task The_refused_are_noted_too_but_cannot_fill_the_log()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time);
        for (var i = 0; i < 100; i++)
            await server.SendRawAsync("POST", "/api/v1/remove_all?force=true", ("Origin", "https://evil.example"));
        Assert.Equal(10, Lines().Length);
        AssertNoted(403, "remove all objects", "?force=true", "refused: a page of another origin needs the token");
        time.Advance(TimeSpan.FromMinutes(1));
        await server.SendRawAsync("POST", "/api/v1/remove_all", ("Host", "evil.example"));
        Assert.Equal(11, Lines().Length);
        Assert.EndsWith("(90 refusals before it are left out)", Lines()[^1].GetProperty("outcome").GetString(), StringComparison.Ordinal);
    }

    private Task<AdminServerFixture> StartAsync(TimeProvider? time = null) =>
        AdminServerFixture.StartAsync(
            change: options => options with { Audit = new AuditLog(Path, static _ => { }, time ?? TimeProvider.System) });

    private JsonElement[] Lines() => [.. File.ReadAllLines(Path).Select(static line => JsonDocument.Parse(line).RootElement)];

    private void AssertNoted(int status, string command, string arguments, string outcome)
    {
        var last = Lines()[^1];
        Assert.Equal(
            (status, command, arguments, outcome),
            (last.GetProperty("status").GetInt32(), last.GetProperty("command").GetString(),
                last.GetProperty("arguments").GetString()!.Trim(), last.GetProperty("outcome").GetString()));
    }
}
