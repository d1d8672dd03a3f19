// Rules that hold for all endpoints: nodes that do not serve, outcomes that stay unknown, bad parameters, the description.
using System.Reflection;
using HotStandby.Host.Commands.Operator;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static HotStandby.Tests.Process.Http.AdminServerFixture;

namespace HotStandby.Tests.Process.Http;

public sealed class AdminServerTests
{
    private const string Drain = """{"segments":["a"]}""";

    private static readonly (string Method, string Path)[] Calling =
    [
        ("GET", "/query_key?key=a"), ("GET", "/batch_query_keys?keys=a,b"), ("GET", "/get_all_keys"), ("DELETE", "/api/v1/objects?key=a"),
        ("POST", "/api/v1/remove_all"), ("GET", "/get_all_segments"), ("GET", "/get_segments_detail"), ("GET", "/query_segment?segment=a"),
        ("GET", "/api/v1/segments/status?segment=a"), ("POST", "/api/v1/drain_jobs"), ("GET", "/api/v1/drain_jobs/query?job_id=1-2"),
        ("POST", "/api/v1/drain_jobs/cancel?job_id=1-2"),
    ];

    private static readonly (string Method, string Path)[] Absent =
    [
        ("GET", "/kv_events/status"), ("GET", "/api/v1/tenant_quotas"), ("PUT", "/api/v1/tenant_quotas?tenant_id=t"),
        ("DELETE", "/api/v1/tenant_quotas?tenant_id=t"),
    ];

    public static TheoryData<string, string> DataEndpoints => Rows([.. Calling, .. Absent]);

    public static TheoryData<string, string> CallingEndpoints => Rows(Calling);

    [Theory]
    [MemberData(nameof(DataEndpoints))]
    public async Task A_node_that_does_not_serve_answers_503_with_the_code_of_its_mode(string method, string path)
    {
        await using var server = await StartAsync();
        server.Gateway.MayServe = false;
        await AssertNotServingAsync(server, method, path);
        Assert.Empty(server.Gateway.Calls);
    }

    [Theory]
    [MemberData(nameof(CallingEndpoints))]
    public async Task A_node_that_stops_taking_calls_answers_503_with_the_code_of_its_mode(string method, string path)
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call =>
        {
            server.Gateway.MayServe = false;
            call.Refuse(ErrorCode.UnavailableInCurrentMode);
        };
        await AssertNotServingAsync(server, method, path);
        Assert.Single(server.Gateway.Calls);
    }

    [Theory]
    [MemberData(nameof(CallingEndpoints))]
    public async Task An_abandoned_call_says_that_its_outcome_is_unknown(string method, string path)
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call => call.Abandon();
        await AssertUnknownAsync(server, method, path);
    }

    [Fact]
    public async Task A_reply_that_finds_no_lease_is_not_told()
    {
        await using var server = await StartAsync();
        server.Gateway.Script = call =>
        {
            server.Gateway.MayServe = false;
            ((KeyedCall)call).Settle(1);
        };
        await AssertUnknownAsync(server, "DELETE", "/api/v1/objects?key=a");
    }

    [Theory]
    [MemberData(nameof(CallingEndpoints))]
    public async Task A_call_without_an_outcome_is_504(string method, string path)
    {
        await using var server = await StartAsync(callTimeout: TimeSpan.FromMilliseconds(50));
        var answer = await server.SendAsync(new HttpMethod(method), path, method == "POST" ? Drain : null);
        Assert.Equal((504, -901), (answer.Status, answer.ErrorCode));
        Assert.Contains("0.05 s", answer.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/query_key?key=a&lease=maybe", "lease must be true, 1, false or 0")]
    [InlineData("GET", "/query_key?key=a&tenant_id=_t", "tenant_id must be")]
    [InlineData("GET", "/query_key?key=a&tenant_id=t%00u", "tenant_id must be")]
    [InlineData("DELETE", "/api/v1/objects", "key is missing")]
    [InlineData("DELETE", "/api/v1/objects?key=a&force=yes", "force must be true, 1, false or 0")]
    [InlineData("POST", "/api/v1/remove_all?force=2", "force must be true, 1, false or 0")]
    [InlineData("POST", "/api/v1/remove_all?tenant_id=%7F", "tenant_id must be")]
    [InlineData("GET", "/query_segment", "segment is missing")]
    [InlineData("GET", "/api/v1/segments/status?segment=", "segment is missing")]
    [InlineData("GET", "/api/v1/drain_jobs/query", "job_id must be")]
    [InlineData("GET", "/api/v1/drain_jobs/query?job_id=1", "job_id must be")]
    [InlineData("POST", "/api/v1/drain_jobs/cancel?job_id=-1", "job_id must be")]
    [InlineData("GET", "/admin/events?last=abc", "last must be a whole number, 1 to 1000")]
    [InlineData("GET", "/admin/events?last=0", "last must be a whole number, 1 to 1000")]
    [InlineData("GET", "/admin/events?last=99999999999", "last must be a whole number, 1 to 1000")]
    [InlineData("GET", "/admin/events?last=1&last=2", "last must be a whole number, 1 to 1000")]
    [InlineData("GET", "/admin/oplog/tail?last=abc", "last must be a whole number, 1 to 1000")]
    [InlineData("GET", "/admin/oplog/tail?last=-1", "last must be a whole number, 1 to 1000")]
    [InlineData("POST", "/admin/verify?shard=abc", "shard must be a whole number, 0 to 4095, or all")]
    [InlineData("POST", "/admin/verify?shard=4096", "shard must be a whole number, 0 to 4095, or all")]
    [InlineData("POST", "/admin/verify/inject?confirm=yes&fault=drop-key", "shard must be a whole number, 0 to 4095")]
    [InlineData("POST", "/admin/verify/inject?confirm=yes&fault=drop-key&shard=1e3", "shard must be a whole number, 0 to 4095")]
    [InlineData("POST", "/admin/verify/inject?confirm=yes&fault=drop&shard=1", "fault must be one of")]
    [InlineData("POST", "/admin/drain?confirm=yes&segment=a&max_concurrency=abc", "max_concurrency must be a whole number, 1 to 1024")]
    [InlineData("POST", "/admin/drain?confirm=yes&segment=a&max_concurrency=1025", "max_concurrency must be a whole number, 1 to 1024")]
    public async Task A_bad_parameter_is_refused_by_name(string method, string path, string message)
    {
        await using var server = await StartAsync();
        var answer = await server.SendAsync(new HttpMethod(method), path);
        Assert.Equal((400, -600), (answer.Status, answer.ErrorCode));
        Assert.StartsWith(message, answer.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(server.Gateway.Calls);
    }

    // A number that is bound by the framework answers what is no number with an empty 400.
    [Fact]
    public async Task Every_parameter_of_every_route_is_read_as_text()
    {
        await using var server = await StartAsync();
        var routes = ((IEndpointRouteBuilder)server.Server).DataSources.SelectMany(source => source.Endpoints).ToArray();
        Assert.True(routes.Length > 20);
        Assert.All(routes, route => Assert.All(
            route.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? [],
            parameter => Assert.True(
                parameter.ParameterType == typeof(string) || !IsSimple(parameter.ParameterType), $"{route.DisplayName}: {parameter}")));

        static bool IsSimple(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is { IsPrimitive: true } or { IsEnum: true };
    }

    [Fact]
    public async Task Names_and_lists_beyond_their_bounds_are_refused_with_the_bound()
    {
        await using var server = await StartAsync();
        var tooLong = new string('k', 4097);
        Assert.StartsWith(
            "key must be 1 to 4096 bytes", (await server.GetAsync($"/query_key?key={tooLong}")).ErrorMessage, StringComparison.Ordinal);
        Assert.StartsWith("keys must be 1 to 4096 bytes", (await server.GetAsync($"/batch_query_keys?keys=a,{tooLong}")).ErrorMessage,
            StringComparison.Ordinal);
        Assert.Equal("segment must be 1 to 4096 bytes", (await server.GetAsync($"/query_segment?segment={tooLong}")).ErrorMessage);
        var tooMany = string.Join(',', Enumerable.Range(0, 1025));
        Assert.Equal("keys must be 1 to 1024 keys", (await server.GetAsync($"/batch_query_keys?keys={tooMany}")).ErrorMessage);
        Assert.Empty(server.Gateway.Calls);
    }

    [Fact]
    public async Task Key_events_are_said_to_be_disabled()
    {
        await using var server = await StartAsync();
        var answer = await server.GetAsync("/kv_events/status");
        Assert.Equal(
            (200, """{"enabled":false,"published_batches":0,"published_events":0,"dropped_events":0,"skipped_unparsed_keys":0}"""),
            (answer.Status, answer.Text));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Tenant_quotas_are_said_to_be_switched_off(string method)
    {
        await using var server = await StartAsync();
        var answer = await server.SendAsync(new HttpMethod(method), "/api/v1/tenant_quotas?tenant_id=t");
        Assert.Equal((409, -1011, "UNAVAILABLE_IN_CURRENT_MODE"), (answer.Status, answer.ErrorCode, answer.ErrorMessage));
    }

    [Fact]
    public async Task The_description_lists_every_route_with_its_parameters()
    {
        await using var server = await StartAsync();
        var paths = (await server.GetAsync("/openapi.json")).Json.GetProperty("paths");
        var described = paths.EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        var mapped = server.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(
                method => $"{method} {route.RoutePattern.RawText}"))
            .Where(route => route != "GET /openapi.json");
        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
        Assert.All(paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject()), method =>
            Assert.NotEmpty(method.Value.GetProperty("summary").GetString()!));
        var parameters = paths.GetProperty("/query_key").GetProperty("get").GetProperty("parameters").EnumerateArray();
        Assert.Equal(["key", "lease", "tenant_id"], parameters.Select(parameter => parameter.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task The_tests_above_know_every_data_endpoint()
    {
        await using var server = await StartAsync();
        string[] alwaysAnswered =
        [
            "/health", "/health/live", "/health/primary", "/health/cluster", "/ready", "/role", "/ha_status", "/leader", "/replication",
            "/status", "/metrics", "/metrics/summary", "/", "/events", "/admin/status", "/admin/health", "/admin/lag",
            .. CommandTable.All.Select(command => command.Path).Where(path => path.StartsWith("/admin/", StringComparison.Ordinal)),
        ];
        var described = (await server.GetAsync("/openapi.json")).Json.GetProperty("paths").EnumerateObject().Select(path => path.Name);
        var tested = Calling.Concat(Absent).Select(endpoint => endpoint.Path.Split('?')[0]).Concat(alwaysAnswered).Distinct();
        Assert.Equal(described.Order(StringComparer.Ordinal), tested.Order(StringComparer.Ordinal));
    }

    private static TheoryData<string, string> Rows((string Method, string Path)[] endpoints)
    {
        var rows = new TheoryData<string, string>();
        foreach (var (method, path) in endpoints)
            rows.Add(method, path);
        return rows;
    }

    private static bool IsText(string path) =>
        path.StartsWith("/get_all_", StringComparison.Ordinal) || path.StartsWith("/query_segment", StringComparison.Ordinal);

    private static async Task AssertNotServingAsync(AdminServerFixture server, string method, string path)
    {
        var answer = await server.SendAsync(new HttpMethod(method), path, method == "POST" ? Drain : null);
        Assert.Equal((503, -1011), (answer.Status, answer.ErrorCode));
        if (IsText(path))
            Assert.Empty(answer.Text); // to a script any text would be a list
        else
            Assert.False(answer.Json.GetProperty("success").GetBoolean());
    }

    private static async Task AssertUnknownAsync(AdminServerFixture server, string method, string path)
    {
        var answer = await server.SendAsync(new HttpMethod(method), path, method == "POST" ? Drain : null);
        Assert.Equal((503, -900), (answer.Status, answer.ErrorCode));
        Assert.Contains("outcome is unknown", answer.ErrorMessage, StringComparison.Ordinal);
    }
}
