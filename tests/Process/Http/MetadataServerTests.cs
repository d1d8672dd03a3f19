// The transfer engine's metadata server.
using System.Net;
using System.Text;
using HotStandby.Host.Http;
using Microsoft.AspNetCore.Builder;

namespace HotStandby.Tests.Process.Http;

public sealed class MetadataServerTests : IAsyncLifetime
{
    private WebApplication _server = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _server = await MetadataEndpoints.StartAsync(new MetadataOptions
        {
            Endpoint = new IPEndPoint(IPAddress.Loopback, 0), MaximumKeys = 3, MaximumBytes = 150, MaximumBodyBytes = 100,
        });
        _client = new HttpClient { BaseAddress = new Uri(_server.Urls.Single()) };
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task What_was_put_is_got_until_it_is_deleted()
    {
        Assert.Equal((404, "metadata not found"), await SendAsync("GET", "?key=k"));
        Assert.Equal((200, "metadata updated"), await SendAsync("PUT", "?key=k", """{"a":1}"""));
        Assert.Equal((200, """{"a":1}"""), await SendAsync("GET", "?key=k"));
        Assert.Equal((200, "metadata updated"), await SendAsync("PUT", "?key=k", """{"a":2}"""));
        Assert.Equal((200, """{"a":2}"""), await SendAsync("GET", "?key=k"));
        Assert.Equal((200, "metadata deleted"), await SendAsync("DELETE", "?key=k"));
        Assert.Equal((404, "metadata not found"), await SendAsync("GET", "?key=k"));
        Assert.Equal((404, "metadata not found"), await SendAsync("DELETE", "?key=k"));
    }

    [Fact]
    public async Task An_endpoint_s_key_is_not_taken_over_by_another_client()
    {
        const string key = "?key=mooncake/rpc_meta/host:1";
        Assert.Equal(200, (await SendAsync("PUT", key, "one")).Status);
        Assert.Equal(200, (await SendAsync("PUT", key, "one")).Status);
        Assert.Equal(400, (await SendAsync("PUT", key, "two")).Status);
        Assert.Equal((200, "one"), await SendAsync("GET", key));
        Assert.Equal(200, (await SendAsync("DELETE", key)).Status);
        Assert.Equal(200, (await SendAsync("PUT", key, "two")).Status);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task A_request_without_a_key_is_400(string method) =>
        Assert.Equal((400, "key is missing"), await SendAsync(method, "?key=", method == "PUT" ? "x" : null));

    [Fact]
    public async Task Number_and_bytes_are_bounded_and_a_deletion_makes_room()
    {
        foreach (var key in (string[])["a", "b", "c"])
            Assert.Equal(200, (await SendAsync("PUT", "?key=" + key, "x")).Status);
        Assert.Equal(507, (await SendAsync("PUT", "?key=d", "x")).Status);
        Assert.Equal(200, (await SendAsync("DELETE", "?key=a")).Status);
        Assert.Equal(200, (await SendAsync("PUT", "?key=d", new string('x', 100))).Status);
        Assert.Equal(507, (await SendAsync("PUT", "?key=b", new string('x', 47))).Status);
        Assert.Equal(200, (await SendAsync("PUT", "?key=b", new string('x', 46))).Status);
        Assert.Equal(200, (await SendAsync("PUT", "?key=d", "y")).Status);
        Assert.Equal(200, (await SendAsync("PUT", "?key=b", new string('x', 100))).Status);
    }

    [Fact]
    public async Task Keys_and_bodies_beyond_their_bounds_are_refused()
    {
        Assert.Equal(413, (await SendAsync("PUT", "?key=k", new string('x', 101))).Status);
        Assert.Equal((400, "key must be 1 to 4096 bytes"), await SendAsync("PUT", "?key=" + new string('k', 4097), "x"));
        Assert.Equal(404, (await SendAsync("GET", "?key=k")).Status);
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    public async Task A_web_page_changes_nothing(string header, string value)
    {
        await SendAsync("PUT", "?key=k", "x");
        _client.DefaultRequestHeaders.Add(header, value);
        Assert.Equal(403, (await SendAsync("PUT", "?key=k", "y")).Status);
        Assert.Equal(403, (await SendAsync("DELETE", "?key=k")).Status);
        Assert.Equal((200, "x"), await SendAsync("GET", "?key=k"));
    }

    [Fact]
    public async Task HEAD_OPTIONS_and_other_methods_are_answered_as_on_the_operators_port()
    {
        using var head = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/health"));
        Assert.Equal((HttpStatusCode.OK, ""), (head.StatusCode, await head.Content.ReadAsStringAsync()));
        using var options = await _client.SendAsync(new HttpRequestMessage(HttpMethod.Options, "/metadata?key=k"));
        Assert.Equal((HttpStatusCode.NoContent, "DELETE, GET, HEAD, OPTIONS, PUT"),
            (options.StatusCode, string.Join(", ", options.Content.Headers.Allow.Order(StringComparer.Ordinal))));
        using var post = await _client.PostAsync("/metadata?key=k", null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    [Fact]
    public async Task It_says_that_it_is_well() => Assert.Equal("OK", await _client.GetStringAsync("/health"));

    private async Task<(int Status, string Text)> SendAsync(string method, string query, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/metadata" + query);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
