// Probes cost the node nothing: they read what is ready, and ask it for nothing.
using static HotStandby.Tests.Process.Http.AdminServerFixture;

namespace HotStandby.Tests.Process.Http;

public sealed class ProbeTests
{
    private static readonly string[] Probes = ["/health", "/health/live", "/health/primary", "/ready", "/role", "/ha_status", "/leader"];

    [Fact]
    public async Task Every_probe_answers_without_asking_the_node()
    {
        var asked = 0;
        await using var server = await StartAsync(
            _ =>
            {
                asked++;
                return Task.FromResult(Report());
            },
            pulse: static () => Report());
        server.Gateway.MayServe = false;
        for (var i = 0; i < 20; i++)
            foreach (var probe in Probes)
                Assert.Equal((probe, probe == "/health/primary" ? 503 : 200), (probe, (await server.GetAsync(probe)).Status));
        Assert.Equal(0, asked);
        Assert.Empty(server.Gateway.Calls);
        await server.GetAsync("/status");
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task A_node_without_a_pulse_is_alive_and_not_ready()
    {
        await using var server = await StartAsync(pulse: static () => null);
        server.Gateway.MayServe = false;
        Assert.Equal("recovering", (await server.GetAsync("/ha_status")).Text);
        Assert.Equal(200, (await server.GetAsync("/health")).Status);
        Assert.Equal(503, (await server.GetAsync("/ready")).Status);
        server.Gateway.MayServe = true; // the right to serve is read as it is now
        Assert.Equal(200, (await server.GetAsync("/ready")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("the-token")]
    public async Task The_balancers_probe_answers_alike_with_and_without_a_token(string token)
    {
        await using var server = await StartAsync(change: options => options with { AdminToken = token });
        (string, string)[][] callers =
        [
            [], [("Authorization", "Bearer the-token")], [("Authorization", "Bearer wrong")], [("X-Forwarded-For", "10.0.0.9")],
        ];
        foreach (var serves in (bool[])[true, false])
        {
            server.Gateway.MayServe = serves;
            var expected = serves ? "200" : "503";
            foreach (var caller in callers)
                foreach (var (method, status) in ((string, string)[])[("GET", expected), ("HEAD", expected), ("OPTIONS", "204")])
                    Assert.Equal((method, status), (method, (await server.SendRawAsync(method, "/health/primary", caller)).Split(' ')[1]));
        }

        // As HAProxy asks: HTTP/1.0, without a Host.
        Assert.StartsWith("HTTP/1.1 503 ", await server.SendRawAsync("GET /health/primary HTTP/1.0", "", ""), StringComparison.Ordinal);
    }
}
