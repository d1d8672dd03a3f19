// Real processes that speak TLS: a cluster that works and fails over, and callers at each door that are refused with one line each.
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using HotStandby.Lab.Cluster;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Discovery;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Security;

public sealed class TlsClusterTests(TlsClusterTests.Guarded guarded, ITestOutputHelper output)
    : ClusterTest(output), IClassFixture<TlsClusterTests.Guarded>
{
    private const string Cluster = "local";
    private const int Attempts = 3;

    private readonly TestAuthority _ours = guarded.Ours;
    private readonly TestAuthority _theirs = guarded.Theirs;

    /// <summary>One node with TLS at all its ports, where strangers knock; and the authorities of all tests.</summary>
    public sealed class Guarded() : SharedCluster(1)
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("hotstandby-tls-").FullName;

        internal TestAuthority Ours { get; private set; } = null!;

        internal TestAuthority Theirs { get; private set; } = null!;

        internal override void Prepare(LocalCluster cluster)
        {
            (Ours, Theirs) = (new TestAuthority(_directory, "ours"), new TestAuthority(_directory, "theirs"));
            var block = Ours.BlockOf(Ours.Issue("CN=node1"), ", client-certificates = required");
            Secure(Ours, cluster.Nodes[0], cluster.Nodes,
                $"hotstandby.client {{ {block} }}\nhotstandby.discovery {{ {block} }}\nhotstandby.http {{ {block} }}");
        }

        // Its status is not for callers without a certificate.
        internal override Task WaitAsync(LocalCluster cluster, CancellationToken stop) => WaitUntilAsync(
            "the ports are open", Patience, async () => (await LinesOfAsync(cluster.Nodes[0], "is open", stop)).Count > 0, stop);

        public override async Task DisposeAsync()
        {
            await base.DisposeAsync();
            Ours.Dispose();
            Theirs.Dispose();
            Directory.Delete(_directory, recursive: true);
        }
    }

    [Fact]
    public Task Three_nodes_with_TLS_at_both_ports_fail_over_and_lose_nothing() => WithClusterAsync(3, async (cluster, stop) =>
    {
        foreach (var node in cluster.Nodes)
            Secure(_ours, node, cluster.Nodes,
                $"hotstandby.client {{ {_ours.BlockOf(_ours.Issue($"CN={node.Id}"), ", client-certificates = required")} }}");
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        using var client = _ours.Issue("CN=client");
        await using var load = await Load.StartAsync(cluster, stop, new MasterConnectionSettings { Tls = host => Caller(host, client) });
        await load.WaitForMoreAsync(500, stop);

        primary.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(primary, Patience, stop);
        await WaitForSuccessorAsync(cluster, primary, stop);
        await load.WaitForMoreAsync(500, stop);
        primary.Start();
        await load.WaitForMoreAsync(500, stop);

        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
    });

    [Theory]
    [InlineData("plain", "it does not speak TLS")]
    [InlineData("none", "it shows no certificate")]
    [InlineData("theirs", "its certificate was not signed by an authority in ca")]
    [InlineData("expired", "its certificate expired on")]
    [InlineData("other cluster", "its certificate is of cluster 'other', this is 'local'")]
    public Task A_stranger_at_the_port_between_nodes_is_refused_with_one_line(
        string who, string reason) => WithClusterAsync(guarded.Cluster, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        await MustBeRefusedAsync(node, "remoting", new Uri(node.SeedAddress).Authority.Split('@')[^1], who, reason, stop);
    });

    [Theory]
    [InlineData("plain", "it does not speak TLS")]
    [InlineData("none", "it shows no certificate")]
    [InlineData("theirs", "its certificate was not signed by an authority in ca")]
    [InlineData("expired", "its certificate expired on")]
    public Task A_stranger_at_the_doors_of_clients_and_operators_is_refused_with_one_line(
        string who, string reason) => WithClusterAsync(guarded.Cluster, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        await MustBeRefusedAsync(node, "client", node.ClientAddress, who, reason, stop);
        await MustBeRefusedAsync(node, "http", node.HttpAddress, who, reason, stop);
        await MustBeRefusedAsync(node, "discovery", node.DiscoveryAddress, who, reason, stop);

        using var client = _ours.Issue("CN=client");
        using var handler = new SocketsHttpHandler { SslOptions = Caller("127.0.0.1", client) };
        using var http = new HttpClient(handler);
        Assert.Equal("alive", (await http.GetStringAsync(new Uri($"https://{node.HttpAddress}/health/live"), stop)).Trim());
        using var discoveryHandler = new SocketsHttpHandler { SslOptions = Caller("127.0.0.1", client) };
        using var channel = GrpcChannel.ForAddress(
            $"https://{node.DiscoveryAddress}", new GrpcChannelOptions { HttpHandler = discoveryHandler });
        Assert.NotNull((await new KV.KVClient(channel)
            .RangeAsync(new() { Key = DiscoveryKey.Of(DiscoveryKey.DefaultCluster) }, cancellationToken: stop)).Header);
    });

    [Fact]
    public Task Without_client_certificates_a_door_is_encrypted_and_open_to_everybody() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        node.WriteConfig(cluster.Nodes, $"hotstandby.http {{ {_ours.BlockOf(_ours.Issue("CN=node1"))} }}");
        node.Start();
        using var handler = new SocketsHttpHandler { SslOptions = Caller("127.0.0.1", null) };
        using var http = new HttpClient(handler);
        await WaitUntilAsync("the node serves over https", Patience, async () =>
        {
            try
            {
                return (await http.GetAsync(new Uri($"https://{node.HttpAddress}/health/primary"), stop)).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, stop);
    });

    [Fact]
    public Task Nodes_of_another_cluster_with_the_same_authority_are_refused_on_both_sides() => WithClusterAsync(2, async (cluster, stop) =>
    {
        var (ours, other) = (cluster.Nodes[0], cluster.Nodes[1]);
        Secure(_ours, ours, [ours], "");
        other.WriteConfig(
            [ours, other],
            $"hotstandby {{ cluster-id = other, voters = [{other.Id}, node9] }}\nhotstandby.remoting {{ "
                + $"{_ours.BlockOf(_ours.Issue("CN=node2, OU=other"))} }}\n{Seeds([ours, other])}");
        ours.Start();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        other.Start();
        await WaitUntilAsync("both have refused", Patience, async () =>
            (await LinesOfAsync(ours, "its certificate is of cluster 'other', this is 'local'", stop)).Count == 1
            && (await LinesOfAsync(other, "its certificate is of cluster 'local', this is 'other'", stop)).Count == 1, stop);
        Assert.True((await ViewOfAsync(cluster, ours, stop)).Serving);
    });

    private static void Secure(TestAuthority authority, LocalNode node, IReadOnlyList<LocalNode> all, string more) => node.WriteConfig(
        all, $"hotstandby.remoting {{ {authority.BlockOf(authority.Issue($"CN={node.Id}, OU={Cluster}"))} }}\n{Seeds(all)}\n{more}");

    private static string Seeds(IEnumerable<LocalNode> all) => "akka.cluster.seed-nodes = ["
        + string.Join(
            ", ", all.Select(node => $"\"{node.SeedAddress.Replace("akka.tcp", "akka.ssl.tcp", StringComparison.Ordinal)}\"")) + "]";

    private SslClientAuthenticationOptions Caller(string host, X509Certificate2? certificate) => new()
    {
        TargetHost = host,
        ClientCertificates = certificate is null ? null : [certificate],
        LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { _ours.Certificate },
        },
    };

    // Several attempts, one line: a node with a wrong certificate comes again and again.
    private async Task MustBeRefusedAsync(LocalNode node, string door, string address, string who, string reason, CancellationToken stop)
    {
        using var certificate = who switch
        {
            "theirs" => _theirs.Issue($"CN=stranger, OU={Cluster}"),
            "expired" => _ours.Issue($"CN=stranger, OU={Cluster}", -0.5),
            "other cluster" => _ours.Issue("CN=stranger, OU=other"),
            _ => null,
        };
        var before = (await LinesOfAsync(node, $"A peer at the {door} port is refused", stop)).Count;
        for (var attempt = 0; attempt < Attempts; attempt++)
            await KnockAsync(IPEndPoint.Parse(address), who == "plain", certificate, stop);
        await WaitUntilAsync(
            $"{node.Id} says why", Patience,
            async () => (await LinesOfAsync(node, $"A peer at the {door} port is refused", stop)).Count > before, stop);
        var line = Assert.Single((await LinesOfAsync(node, $"A peer at the {door} port is refused", stop)).Skip(before));
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", line, StringComparison.Ordinal);
        Assert.Empty(await LinesOfAsync(node, "   at ", stop));
    }

    // The door must end the connection, and say nothing that belongs to its own protocol.
    private async Task KnockAsync(IPEndPoint endpoint, bool isPlain, X509Certificate2? certificate, CancellationToken stop)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(endpoint, stop);
        try
        {
            if (isPlain)
            {
                await socket.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), stop);
                var answer = new byte[4096];
                var length = await socket.GetStream().ReadAsync(answer, stop).AsTask().WaitAsync(Patience, stop);
                Assert.True(length <= 7, $"an answer of {length} bytes"); // a TLS alert at most
                return;
            }

            await using var secured = new SslStream(socket.GetStream());
            await secured.AuthenticateAsClientAsync(Caller("127.0.0.1", certificate), stop);
            await secured.WriteAsync(new byte[64], stop);
            Assert.Equal(0, await secured.ReadAsync(new byte[1], stop).AsTask().WaitAsync(Patience, stop));
        }
        catch (Exception error) when (error is IOException or AuthenticationException)
        {
            // Refused while the handshake or the first bytes were under way: as it should be.
        }
    }

    private static async Task<IReadOnlyList<string>> LinesOfAsync(LocalNode node, string words, CancellationToken stop) =>
        File.Exists(node.LogFile)
            ? [.. (await File.ReadAllLinesAsync(node.LogFile, stop)).Where(line => line.Contains(words, StringComparison.Ordinal))] : [];
}
