// HEAD, OPTIONS and methods that a path does not have, on every route.
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static HotStandby.Tests.Process.Http.AdminServerFixture;

namespace HotStandby.Tests.Process.Http;

public sealed class MethodTests
{
    private static readonly string[] Probes = ["/health", "/health/live", "/health/primary", "/ready", "/leader", "/metrics"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HEAD_answers_as_GET_does_without_its_body(bool serves)
    {
        await using var server = await StartAsync(callTimeout: TimeSpan.FromMilliseconds(20));
        server.Gateway.MayServe = serves;
        var paths = Paths(server, "GET");
        Assert.Empty(Probes.Except(paths));
        foreach (var path in paths)
        {
            var head = await server.SendRawAsync("HEAD", path);
            Assert.EndsWith("\r\n\r\n", head, StringComparison.Ordinal);
            Assert.Equal(head.IndexOf("\r\n\r\n", StringComparison.Ordinal), head.Length - 4);
            if (path == "/events")
                continue; // what follows the head of a GET has no end
            // On a busy machine either may run into the short time that calls have here: then both are sent again.
            var began = TimeProvider.System.GetTimestamp();
            var get = await server.SendRawAsync("GET", path);
            while (StatusOf(get) != StatusOf(head) && TimeProvider.System.GetElapsedTime(began) < Deadline.Step)
                (head, get) = (await server.SendRawAsync("HEAD", path), await server.SendRawAsync("GET", path));
            Assert.Equal((path, StatusOf(get)), (path, StatusOf(head)));
        }
    }

    [Fact]
    public async Task HEAD_of_a_probe_has_the_status_that_load_balancers_look_for()
    {
        await using var server = await StartAsync();
        Assert.Equal("200", StatusOf(await server.SendRawAsync("HEAD", "/health/primary")));
        server.Gateway.MayServe = false;
        Assert.Equal("503", StatusOf(await server.SendRawAsync("HEAD", "/health/primary")));
        Assert.Equal("200", StatusOf(await server.SendRawAsync("HEAD", "/health")));
        Assert.Equal("200", StatusOf(await server.SendRawAsync("HEAD", "/health/")));
        Assert.Equal("404", StatusOf(await server.SendRawAsync("HEAD", "/nowhere")));
        Assert.Equal("405", StatusOf(await server.SendRawAsync("HEAD", "/api/v1/remove_all")));
        // A keep-alive connection is not put out of step by a body that HEAD must not have.
        var twice = await server.SendRawAsync(
            "HEAD /metrics HTTP/1.1", "Host: localhost", "", "GET /health/live HTTP/1.1", "Host: localhost", "Connection: close", "", "");
        Assert.Equal(2, twice.Split("HTTP/1.1 200 ").Length - 1);
        Assert.DoesNotContain("hotstandby_", twice, StringComparison.Ordinal);
        Assert.Contains("alive", twice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OPTIONS_and_405_say_what_is_allowed()
    {
        await using var server = await StartAsync();
        foreach (var path in Paths(server, "GET").Except(["/api/v1/tenant_quotas"]))
            foreach (var (method, status) in ((string, string)[])[("OPTIONS", "204"), ("DELETE", "405"), ("POST", "405"), ("BREW", "405")])
            {
                var answer = await server.SendRawAsync(method, path);
                Assert.Equal((path, status), (path, StatusOf(answer)));
                Assert.Contains("\r\nAllow: GET, HEAD, OPTIONS\r\n", answer, StringComparison.Ordinal);
            }

        Assert.Contains("is not allowed here: GET, HEAD, OPTIONS", await server.SendRawAsync("POST", "/health"), StringComparison.Ordinal);
        Assert.Contains(
            "\r\nAllow: POST, OPTIONS\r\n", await server.SendRawAsync("OPTIONS", "/admin/switchover"), StringComparison.Ordinal);
        Assert.Equal("404", StatusOf(await server.SendRawAsync("OPTIONS", "/nowhere")));
    }

    private static string StatusOf(string answer) => answer.Split(' ')[1];

    private static string[] Paths(AdminServerFixture server, string method) =>
        [.. server.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints
        .OfType<RouteEndpoint>().Where(route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains(method))
        .Select(static route => route.RoutePattern.RawText!)];
}
