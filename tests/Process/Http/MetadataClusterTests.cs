// The metadata server of a real node: what it holds goes with real clients.
using System.Net;
using System.Text;
using HotStandby.Lab.Cluster;
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
        var node = await cluster.WaitForPrimaryAsync(Patience, stop);
        using var admin = new HttpClient { Timeout = Patience, BaseAddress = new Uri($"http://{node.HttpAddress}") };
        await WaitUntilAsync("the node has reported that its state is whole", Patience, async () =>
            (await admin.GetAsync(new Uri("/ready", UriKind.Relative), stop)).IsSuccessStatusCode, stop);
        using var http = new HttpClient { Timeout = Patience, BaseAddress = new Uri($"http://127.0.0.1:{Port}") };
        await WaitUntilAsync("the metadata port is open", Patience, IsOpenAsync, stop);
        await using var first = new MooncakeMasterClient(cluster.ClientAddresses, new Uuid(7, 1));
        // A machine that is busy for seconds costs a client its segment here, and with it its keys: then it publishes and mounts again.
        var (body, tries) = ("", 0);
        await WaitUntilAsync("another body to be refused", Patience, async () =>
        {
            await LiveAsync(first, 1);
            var other = $"body {tries++}";
            if (await PutAsync(other) == HttpStatusCode.BadRequest)
                return await GetAsync() == body;
            body = other;
            return false;
        }, stop);
        Assert.Contains(await first.UnmountSegmentAsync(new Uuid(9, 1), stop), (ErrorCode[])[ErrorCode.Ok, ErrorCode.SegmentNotFound]);
        await WaitUntilAsync("the keys to go with the mount", Patience, async () => await GetAsync() is null, stop);

        await using var second = new MooncakeMasterClient(cluster.ClientAddresses, new Uuid(7, 2));
        await WaitUntilAsync("another client's body", Patience, async () =>
        {
            await PutAsync("two");
            await LiveAsync(second, 2);
            return await GetAsync() == "two";
        }, stop);
        await WaitUntilAsync("the keys to go with the client that is silent", Patience, async () => await GetAsync() is null, stop);
        Assert.Equal(HttpStatusCode.OK, await PutAsync("three"));

        async Task<bool> IsOpenAsync()
        {
            try
            {
                using var answer = await http.GetAsync(new Uri("/health", UriKind.Relative), stop);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }

        async Task LiveAsync(MooncakeMasterClient client, ulong number)
        {
            if (await client.PingAsync(stop) is not { Error: ErrorCode.Ok, Status: ClientStatus.Ok })
                await client.MountSegmentAsync(new Segment(new Uuid(9, number), Name, number << 32, 16 << 20, Name, "tcp", ""), stop);
            // The segment table answers this behind the mount, so the metadata server has seen the mount with its next request.
            await client.UnmountSegmentAsync(new Uuid(9, 99), stop);
        }

        async Task<HttpStatusCode> PutAsync(string text)
        {
            using var content = new StringContent(text, Encoding.UTF8, "application/json");
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
