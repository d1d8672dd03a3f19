// The rules for certificates, one by one; and what check-config says of files that break them.
using System.Security.Cryptography.X509Certificates;
using HotStandby.Actors.Security;

namespace HotStandby.Tests.Actors.Security;

public sealed class PeerCheckTests : IDisposable
{
    private const string Cluster = "mooncake_cluster";
    private readonly string _directory = Directory.CreateTempSubdirectory("hotstandby-tls-").FullName;
    private readonly TestAuthority _ours;
    private readonly TestAuthority _theirs;

    public PeerCheckTests() => (_ours, _theirs) = (new TestAuthority(_directory, "ours"), new TestAuthority(_directory, "theirs"));

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void A_node_of_this_cluster_is_let_in()
    {
        Assert.Null(WhyNot(_ours.Issue($"CN=node1, OU={Cluster}")));
        Assert.Null(WhyNot(_ours.Issue($"CN=node1, OU=somewhere, OU={Cluster}")));
        Assert.Null(WhyNot(_ours.Issue($"CN=node1, OU={Cluster}", 30, PeerCheck.ServerUse, PeerCheck.ClientUse)));
    }

    [Fact]
    public void Whoever_is_not_is_refused_with_the_reason()
    {
        Assert.Equal("it shows no certificate", WhyNot(null));
        Assert.Contains("expired on", WhyNot(_ours.Issue($"OU={Cluster}", -0.5)), StringComparison.Ordinal);
        Assert.Equal("its certificate was not signed by an authority in ca", WhyNot(_theirs.Issue($"OU={Cluster}")));
        Assert.Equal($"its certificate is of cluster 'other', this is '{Cluster}'", WhyNot(_ours.Issue("CN=node1, OU=other")));
        Assert.Contains("of no cluster", WhyNot(_ours.Issue($"CN={Cluster}")), StringComparison.Ordinal);
        Assert.Contains("for another use", WhyNot(_ours.Issue($"OU={Cluster}", 30, PeerCheck.ServerUse)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_was_signed_by_a_mere_node_is_refused()
    {
        using var node = _ours.Issue($"CN=node1, OU={Cluster}");
        using var key = System.Security.Cryptography.ECDsa.Create();
        var request = new CertificateRequest($"CN=node2, OU={Cluster}", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        var now = DateTimeOffset.UtcNow;
        using var signer = node.GetECDsaPrivateKey()!;
        using var forged = request.Create(node.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), now, now.AddDays(1), [1, 2, 3]);
        Assert.NotNull(WhyNot(forged));
    }

    [Fact]
    public void A_valid_block_is_taken_and_changes_the_scheme()
    {
        var block = _ours.BlockOf(_ours.Issue($"CN=node1, OU={Cluster}"));
        var full = TestConfiguration.Require(
            TestConfiguration.Parse(WithSeeds("akka.ssl.tcp") + $"\nhotstandby.remoting {{ {block} }}")).Full;
        Assert.True(full.GetBoolean("akka.remote.dot-netty.tcp.enable-ssl"));
        var seeds = Assert.Single(TestConfiguration.Parse(WithSeeds("akka.tcp") + $"\nhotstandby.remoting {{ {block} }}").Errors);
        Assert.Equal("akka.cluster.seed-nodes", seeds.Path);
        Assert.Contains("akka.ssl.tcp", seeds.Rule, StringComparison.Ordinal);
        Assert.Equal("akka.cluster.seed-nodes", Assert.Single(TestConfiguration.Parse(WithSeeds("akka.ssl.tcp")).Errors).Path);
    }

    [Theory]
    [InlineData("remoting", "certificate", "expired", "expired on")]
    [InlineData("remoting", "certificate", "theirs", "would be refused by the other nodes: its certificate was not signed")]
    [InlineData("remoting", "certificate", "other", "would be refused by the other nodes: its certificate is of cluster 'other'")]
    [InlineData("client", "certificate", "expired", "expired on")]
    public void A_certificate_that_peers_would_refuse_is_an_error_of_the_settings(string door, string setting, string which, string said)
    {
        var certificate = which switch
        {
            "expired" => _ours.Issue($"OU={Cluster}", -0.5),
            "theirs" => _theirs.Issue($"OU={Cluster}"),
            _ => _ours.Issue("OU=other"),
        };
        MustBeRefused(door, _ours.BlockOf(certificate), setting, said);
    }

    [Fact]
    public void Every_other_fault_of_a_block_is_named_with_its_place()
    {
        var block = _ours.BlockOf(_ours.Issue($"OU={Cluster}"));
        var another = _ours.BlockOf(_ours.Issue($"OU={Cluster}"));
        var keyOfAnother = another[another.IndexOf("key =", StringComparison.Ordinal)..another.IndexOf(", ca", StringComparison.Ordinal)];
        MustBeRefused("remoting", block.Replace(", ca", $", {keyOfAnother}, ca", StringComparison.Ordinal), "key", "private key");
        MustBeRefused("http", block.Replace("pem\", key", "none\", key", StringComparison.Ordinal), "certificate",
            "must be the path of a file that is there");
        MustBeRefused("remoting", block.Replace(_ours.CaFile, "/dev/null", StringComparison.Ordinal), "ca", "holds no certificate");
        MustBeRefused("remoting", block.Replace(_ours.CaFile, "", StringComparison.Ordinal), "ca", "must be set where");
        MustBeRefused("http", block.Replace(_ours.CaFile, "", StringComparison.Ordinal)
            .Replace("}", ", client-certificates = required }", StringComparison.Ordinal), "ca", "must be set where");
        MustBeRefused("http", """tls { certificate = "/dev/null" }""", "key", "must be set where");
        MustBeRefused("client", """tls { key = "/dev/null" }""", "certificate", "must be set where");
        Assert.Equal("akka.remote.dot-netty.tcp.enable-ssl",
            Assert.Single(TestConfiguration.Parse(WithSeeds("akka.tcp") + "\nakka.remote.dot-netty.tcp.enable-ssl = on").Errors).Path);
    }

    [Fact]
    public void A_certificate_that_ends_soon_and_a_key_that_others_may_read_are_warned_of()
    {
        var block = _ours.BlockOf(_ours.Issue($"OU={Cluster}", 3));
        var key = Directory.GetFiles(_directory, "*.key").Single();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var result = TestConfiguration.Parse(WithSeeds("akka.tcp") + $"\nhotstandby.http {{ {block} }}");
        Assert.Empty(result.Errors);
        Assert.Contains(result.Warnings, warning =>
            warning.Path == "hotstandby.http.tls.certificate" && warning.Rule.StartsWith("expires on", StringComparison.Ordinal));
        Assert.Contains(result.Warnings, warning => warning.Path == "hotstandby.http.tls.key" && warning.Value == key);
    }

    private static void MustBeRefused(string door, string block, string setting, string said)
    {
        var scheme = door == "remoting" ? "akka.ssl.tcp" : "akka.tcp";
        var error = Assert.Single(TestConfiguration.Parse(WithSeeds(scheme) + $"\nhotstandby.{door} {{ {block} }}").Errors);
        Assert.Equal($"hotstandby.{door}.tls.{setting}", error.Path);
        Assert.Contains(said, error.Rule, StringComparison.Ordinal);
    }

    private static string WithSeeds(string scheme) => TestConfiguration.Valid.Replace("akka.tcp", scheme, StringComparison.Ordinal);

    private string? WhyNot(X509Certificate2? certificate)
    {
        using (certificate)
            return new PeerCheck([_ours.Certificate], Cluster, TimeProvider.System, PeerCheck.ServerUse, PeerCheck.ClientUse)
                .WhyNot(certificate);
    }
}
