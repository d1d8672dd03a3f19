// Every route that changes something asks for the same. The routes are walked: one that is added later is tried as well.
using System.Net;
using System.Net.Http.Headers;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static HotStandby.Tests.Process.Http.AdminServerFixture;

namespace HotStandby.Tests.Process.Http;

public sealed class GuardTests
{
    private const string Token = "0123456789abcdef";

    // Everything that some route wants to be told.
    private const string Arguments = "?confirm=yes&force=true&key=a&keys=a&segment=a&job_id=1-2&shard=1&fault=drop-key&tenant_id=t";

    private static readonly (string, string) ForeignPage = ("Origin", "https://evil.example");

    [Fact]
    public async Task No_route_that_changes_something_listens_to_a_page_of_another_origin()
    {
        await using var server = await StartAsync();
        var changing = Routes(server).Where(static route => route.Method != "GET").ToArray();
        Assert.True(changing.Length >= 12, string.Join(", ", changing));
        foreach (var (method, path) in changing)
            Assert.StartsWith("HTTP/1.1 403 ", await server.SendRawAsync(method, path + Arguments, ForeignPage), StringComparison.Ordinal);
        Assert.Empty(server.Gateway.Calls);
    }

    [Fact]
    public async Task With_a_token_every_route_that_changes_something_asks_for_it_on_loopback_too()
    {
        await using var server = await StartWithTokenAsync();
        server.Gateway.Script = static call => call.Refuse(ErrorCode.InternalError);
        foreach (var (method, path) in Routes(server).Where(static route => route.Method != "GET"))
        {
            Assert.StartsWith("HTTP/1.1 401 ", await server.SendRawAsync(method, path + Arguments), StringComparison.Ordinal);
            Assert.StartsWith("HTTP/1.1 401 ", await server.SendRawAsync(method, path + Arguments, ("Authorization", $"Bearer {Token}x")),
                StringComparison.Ordinal);
            Assert.StartsWith("HTTP/1.1 401 ", await server.SendRawAsync(method, path + Arguments, ("Authorization", $"Basic {Token}")),
                StringComparison.Ordinal);
            Assert.Empty(server.Gateway.Calls);
        }

        foreach (var (method, path) in Routes(server).Where(static route => route.Method != "GET"))
            Assert.DoesNotMatch(
                "^HTTP/1.1 40[13] ", await server.SendRawAsync(method, path + Arguments, ("Authorization", $"bearer {Token}")));
        Assert.NotEmpty(server.Gateway.Calls);
    }

    [Fact]
    public async Task What_is_only_read_changes_nothing()
    {
        await using var server = await StartAsync(callTimeout: TimeSpan.FromMilliseconds(20));
        foreach (var (method, path) in Routes(server).Where(static route => route is { Method: "GET", Path: not "/events" }))
            Assert.DoesNotMatch("^HTTP/1.1 500 ", await server.SendRawAsync(method, path + Arguments, ForeignPage));
        Assert.NotEmpty(server.Gateway.Calls);
        Assert.All(server.Gateway.Calls, static call =>
            Assert.True(call is KeyedCall { Operation: KeyedOperation.Peek } or ScanCall { Operation: ScanOperation.ListKeys }
            or ListSegmentsCall or QuerySegmentStatusCall or DrainJobCall { Cancel: false }, call.GetType().Name));
    }

    [Theory]
    [InlineData("true", 403)]
    [InlineData("1", 403)]
    [InlineData("TRUE", 403)]
    [InlineData("maybe", 403)]
    [InlineData("0", 200)]
    [InlineData("False", 200)]
    [InlineData("", 200)]
    public async Task A_lease_is_a_change(string lease, int status)
    {
        await using var server = await StartAsync();
        server.Gateway.Script = static call => call.Settle(1);
        Assert.StartsWith($"HTTP/1.1 {status} ", await server.SendRawAsync("GET", $"/query_key?key=a&lease={lease}", ForeignPage),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Origin", "https://127.0.0.1:PORT")]
    [InlineData("Origin", "http://localhost:PORT")]
    [InlineData("Origin", "http://127.0.0.1:PORT.evil.example")]
    [InlineData("Origin", "")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Sec-Fetch-Site", "same-origin, cross-site")]
    [InlineData("Referer", "http://evil.example/page")]
    [InlineData("Host", "evil.example")]
    [InlineData("Host", "evil.example:PORT")]
    [InlineData("Host", "localhost.evil.example:PORT")]
    [InlineData("Host", "127.0.0.1.evil.example:PORT")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-Host", "localhost")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("X-Real-IP", "127.0.0.1")]
    public async Task What_a_page_or_a_proxy_sends_changes_nothing(string header, string value)
    {
        await using var server = await StartAsync();
        var answer = await server.SendRawAsync("POST", "/api/v1/remove_all?force=true", (header, Here(server, value)));
        Assert.StartsWith("HTTP/1.1 403 ", answer, StringComparison.Ordinal);
        Assert.Empty(server.Gateway.Calls);
    }

    [Theory]
    [InlineData("Origin", "http://127.0.0.1:PORT")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Referer", "http://127.0.0.1:PORT/")]
    [InlineData("Host", "localhost")]
    [InlineData("Host", "LOCALHOST:PORT")]
    [InlineData("Host", "localhost.:PORT")]
    [InlineData("Host", "[::1]:PORT")]
    [InlineData("Host", "[::ffff:127.0.0.1]:PORT")]
    [InlineData("User-Agent", "curl/8.5.0")]
    public async Task A_program_on_this_machine_and_the_node_s_own_page_may(string header, string value)
    {
        await using var server = await StartAsync();
        server.Gateway.Script = static call => ((ScanCall)call).Finish([], 12);
        Assert.StartsWith("HTTP/1.1 200 ", await server.SendRawAsync("POST", "/api/v1/remove_all", (header, Here(server, value))),
            StringComparison.Ordinal);
        Assert.Single(server.Gateway.Calls);
    }

    [Fact]
    public async Task HTTP_1_0_needs_no_host_and_a_body_may_come_in_chunks()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = static call =>
        {
            if (call is ScanCall scan)
                scan.Finish([], 1);
            else
                ((SegmentCall)call).Finish(ErrorCode.Ok);
        };
        Assert.Contains(
            " 200 ", await server.SendRawAsync("POST /api/v1/remove_all HTTP/1.0", "Content-Length: 0", "", ""), StringComparison.Ordinal);
        string[] chunked =
        [
            "POST /api/v1/drain_jobs HTTP/1.1", $"Host: localhost:{server.Port}", "Transfer-Encoding: chunked", "Connection: close",
            "Content-Type: application/x-www-form-urlencoded",
        ];
        string[] body = ["", "8", "{\"segmen", "9", "ts\":[\"a\"]", "1", "}", "0", "", ""];
        Assert.StartsWith("HTTP/1.1 200 ", await server.SendRawAsync([.. chunked, .. body]), StringComparison.Ordinal);
        Assert.StartsWith(
            "HTTP/1.1 403 ", await server.SendRawAsync([.. chunked, "Origin: http://evil.example", .. body]), StringComparison.Ordinal);
        Assert.StartsWith(
            "HTTP/1.1 403 ", await server.SendRawAsync([.. chunked, "User-Agent: Mozilla/5.0", .. body]), StringComparison.Ordinal);
        Assert.Equal(2, server.Gateway.Calls.Count);
    }

    [Theory]
    [InlineData("POST", "//api/v1/remove_all?force=true")]
    [InlineData("POST", "/api/v1//remove_all?force=true")]
    [InlineData("POST", "/api/v1/remove_all/?force=true")]
    [InlineData("POST", "/API/V1/Remove_All?force=true")]
    [InlineData("POST", "/api/v1/./remove_all?force=true")]
    [InlineData("POST", "/health/../api/v1/remove_all?force=true")]
    [InlineData("POST", "/api%2Fv1%2Fremove_all?force=true")]
    [InlineData("POST", "/api/v1/%72emove_all?force=true")]
    [InlineData("POST", "http://localhost/api/v1/remove_all?force=true")]
    [InlineData("post", "/api/v1/remove_all?force=true")]
    [InlineData("GET", "/api/v1/remove_all?force=true&_method=POST")]
    [InlineData("HEAD", "/api/v1/remove_all?force=true")]
    [InlineData("OPTIONS", "/api/v1/remove_all?force=true")]
    [InlineData("PATCH", "/api/v1/remove_all?force=true")]
    [InlineData("TRACE", "/api/v1/remove_all?force=true")]
    [InlineData("delete", "/api/v1/objects?key=a&force=true")]
    [InlineData("POST", "/ADMIN/checkpoint")]
    public async Task Another_spelling_of_a_path_or_method_is_no_way_round(string method, string path)
    {
        await using var server = await StartAsync(command: static (_, _) => throw new InvalidOperationException("nothing may come here"));
        var answer = await server.SendRawAsync(
            method, path, ForeignPage, ("X-HTTP-Method-Override", "POST"), ("X-Original-URL", "/api/v1/remove_all"));
        Assert.Matches("^HTTP/1.1 (204|40[0345]) ", answer);
        Assert.Empty(server.Gateway.Calls);
    }

    [Fact]
    public async Task A_preflight_permits_nothing()
    {
        await using var server = await StartAsync();
        var answer = await server.SendRawAsync(
            "OPTIONS", "/api/v1/objects", ForeignPage, ("Access-Control-Request-Method", "DELETE"),
            ("Access-Control-Request-Headers", "authorization"));
        Assert.StartsWith("HTTP/1.1 204 ", answer, StringComparison.Ordinal);
        Assert.Contains("Allow: DELETE, OPTIONS\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Access-Control", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_query_beyond_the_limit_is_refused_and_changes_nothing()
    {
        await using var server = await StartAsync();
        Assert.StartsWith("HTTP/1.1 414 ", await server.SendRawAsync("DELETE", $"/api/v1/objects?key={new string('a', 70_000)}"),
            StringComparison.Ordinal);
        Assert.Empty(server.Gateway.Calls);
    }

    [Fact]
    public async Task Reading_for_operators_alone_is_open_to_this_machine_and_to_the_token()
    {
        await using var server = await StartWithTokenAsync();
        Assert.StartsWith("HTTP/1.1 200 ", await server.SendRawAsync("GET", "/admin/config"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403 ", await server.SendRawAsync("GET", "/Admin/config/", ForeignPage), StringComparison.Ordinal);
        Assert.StartsWith(
            "HTTP/1.1 401 ", await server.SendRawAsync("GET", "/admin/config", ("X-Forwarded-For", "10.1.2.3")), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await server.SendRawAsync("GET", "/admin/config", ("X-Forwarded-For", "10.1.2.3"),
            ("Authorization", $"Bearer {Token}")), StringComparison.Ordinal);
        using var client = new HttpClient
        {
            BaseAddress = new Uri($"http://localhost:{server.Port}"),
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) }
        };
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/admin/members", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task The_description_says_which_operations_ask_for_the_token()
    {
        await using var server = await StartAsync();
        var description = (await server.GetAsync("/openapi.json")).Json;
        Assert.Equal("bearer", description.GetProperty(
            "components").GetProperty("securitySchemes").GetProperty("adminToken").GetProperty("scheme").GetString());
        foreach (var path in description.GetProperty("paths").EnumerateObject())
            foreach (var operation in path.Value.EnumerateObject())
            {
                var isGuarded = operation.Name != "get"
                    || path.Name.StartsWith("/admin/", StringComparison.Ordinal) || path.Name == "/query_key";
                Assert.Equal(
                    (operation.Name, path.Name, isGuarded), (operation.Name, path.Name, operation.Value.TryGetProperty("security", out _)));
                Assert.Equal((operation.Name, path.Name, isGuarded),
                    (operation.Name, path.Name, operation.Value.GetProperty("responses").TryGetProperty("403", out _)));
            }
    }

    private static string Here(AdminServerFixture server, string value) =>
        value.Replace("PORT", $"{server.Port}", StringComparison.Ordinal);

    private static Task<AdminServerFixture> StartWithTokenAsync() =>
        StartAsync(change: static options => options with { AdminToken = Token });

    private static IEnumerable<(string Method, string Path)> Routes(AdminServerFixture server) => server.Server.Services
        .GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .SelectMany(static route =>
            route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => (method, route.RoutePattern.RawText!)));
}
