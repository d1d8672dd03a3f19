// The metadata server of a real node: what it holds goes with real clients.
using System.Net;
using System.Text;
using HotStandby.Host.Cluster;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Http;

public sealed class MetadataClusterTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const string Name = "10.0.0.1:12345";

    private static readonly int Port = LocalCluster.FreePorts(1)[0];

    [Fact]
    public Task Keys_go_with_the_client_that_unmounts_or_dies() => WithClusterAsync(1, async (cluster, stop) =>
    {
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port}") };
        await using var first = new MooncakeMasterClient(cluster.ClientAddresses, new Uuid(7, 1));
        Assert.Equal(HttpStatusCode.OK, await PutAsync("one"));
        await MountAsync(first, 1);
        await WaitUntilAsync("another body to be refused", Patience, async () =>
        {
            await first.PingAsync(stop);
            return await PutAsync("two") == HttpStatusCode.BadRequest;
        }, stop);
        Assert.Equal("one", await GetAsync());
        Assert.Equal(ErrorCode.Ok, await first.UnmountSegmentAsync(new Uuid(9, 1), stop));
        await WaitUntilAsync("the keys to go with the mount", Patience, async () => await GetAsync() is null, stop);

        Assert.Equal(HttpStatusCode.OK, await PutAsync("two"));
        await using var second = new MooncakeMasterClient(cluster.ClientAddresses, new Uuid(7, 2));
        await MountAsync(second, 2);
        Assert.Equal("two", await GetAsync());
        await WaitUntilAsync("the keys to go with the client that is silent", Patience, async () => await GetAsync() is null, stop);
        Assert.Equal(HttpStatusCode.OK, await PutAsync("three"));

        async Task MountAsync(MooncakeMasterClient client, ulong number) => await WaitUntilAsync("a mount", Patience, async () => await client.MountSegmentAsync(
            new Segment(new Uuid(9, number), Name, number << 32, 16 << 20, Name, "tcp", ""), stop) == ErrorCode.Ok, stop);

        async Task<HttpStatusCode> PutAsync(string body)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await http.PutAsync(new Uri($"/metadata?key=mooncake/rpc_meta/{Name}", UriKind.Relative), content, stop);
            return answer.StatusCode;
        }

        async Task<string?> GetAsync()
        {
            using var answer = await http.GetAsync(new Uri($"/metadata?key=mooncake/rpc_meta/{Name}", UriKind.Relative), stop);
            return answer.StatusCode == HttpStatusCode.NotFound ? null : await answer.Content.ReadAsStringAsync(stop);
        }
    }, $"""
        hotstandby.http.metadata-server = on
        hotstandby.http.metadata-port = {Port}
        hotstandby.objects.client-ttl = 2s
        hotstandby.objects.client-suspect-time = 1s
        """);
}
