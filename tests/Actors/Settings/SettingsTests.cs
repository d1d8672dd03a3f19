// Single settings and the rules between them.
using HotStandby.Actors.Settings;
using static HotStandby.Tests.Doubles.TestConfiguration;

namespace HotStandby.Tests.Actors.Settings;

public sealed class SettingsTests
{
    public static TheoryData<string> AllPaths => [.. KnownSettings.Paths];

    [Fact]
    public void Defaults_are_those_of_the_manual()
    {
        var settings = Require(Parse(Valid)).Settings;
        Assert.Equal("mooncake_cluster", settings.ClusterId);
        Assert.Equal("n1", settings.NodeId.Name);
        Assert.Equal(["n1", "n2", "n3"], settings.Voters.Select(voter => voter.Name));
        Assert.Equal(Path.GetFullPath("some/where"), settings.DataDirectory);
        Assert.Equal(
            (64, CommitPolicy.Quorum, TimeSpan.FromMilliseconds(500)), (settings.Shards, settings.Commit, settings.MaximumReplicationLag));
        Assert.Equal(("127.0.0.1", 50051, 64 << 20), (settings.Client.Host, settings.Client.Port, settings.Client.MaximumFrameBytes));
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200)),
            (settings.Lease.Duration, settings.Lease.DriftMargin, settings.Lease.HeartbeatInterval));
        Assert.Equal(
            (512, 64 << 10, TimeSpan.Zero), (settings.OpLog.BatchMaximumEntries, settings.OpLog.BatchMaximumBytes, settings.OpLog.Linger));
        Assert.Equal((JournalSettings.EmbeddedPlugin, FsyncPolicy.Interval, TimeSpan.FromSeconds(1)),
            (settings.Journal.Plugin, settings.Journal.Fsync, settings.Journal.FsyncInterval));
        Assert.Equal(
            (TimeSpan.FromMinutes(30), TimeSpan.FromHours(24)), (settings.Objects.DefaultSoftPinTtl, settings.Objects.MaximumSoftPinTtl));
    }

    [Fact]
    public void By_default_a_Standby_verifies_everything_within_five_minutes_and_nobody_may_damage_it()
    {
        var settings = Require(Parse(Valid)).Settings;
        Assert.True(settings.Verification.IsEnabled);
        Assert.True(settings.Verification.Interval / settings.Verification.Ratio < TimeSpan.FromMinutes(5));
        Assert.Equal(
            (0.1, 100, 1000), (settings.Verification.Ratio, settings.Verification.KeysPerRequest, settings.Verification.RepairThreshold));
        Assert.False(settings.Testing.AreFaultsAllowed);
        Assert.True(Require(Parse(Valid, ("hotstandby.testing.faults", "on"))).Settings.Testing.AreFaultsAllowed);
    }

    [Fact]
    public void The_metadata_server_is_off_unless_it_is_switched_on_at_a_port_of_its_own()
    {
        Assert.Equal((false, 8080), MetadataOf(Require(Parse(Valid)).Settings));
        Assert.Equal((true, 8081), MetadataOf(
            Require(Parse(Valid, ("hotstandby.http.metadata-server", "on"), ("hotstandby.http.metadata-port", "8081"))).Settings));
        Require(Parse(Valid, ("hotstandby.http.metadata-port", "9003")));
        var error = Assert.Single(
            Parse(Valid, ("hotstandby.http.metadata-server", "on"), ("hotstandby.http.metadata-port", "9003")).Errors);
        Assert.Equal("hotstandby.http.metadata-port", error.Path);

        static (bool, int) MetadataOf(HotStandbySettings settings) => (settings.Http.IsMetadataServerEnabled, settings.Http.MetadataPort);
    }

    [Fact]
    public void An_empty_file_is_told_everything_that_must_be_set()
    {
        var result = Parse("");
        Assert.Null(result.Configuration);
        Assert.Equal(
            ["hotstandby.node-id = \"\"", "hotstandby.voters = []", "hotstandby.data-dir = \"\""],
            result.Errors.Select(error => $"{error.Path} = {error.Value}"));
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void Every_setting_refuses_nonsense_and_says_what_it_allows(string path)
    {
        var nonsense = path == "hotstandby.data-dir" ? " " : "?!";
        var error = Assert.Single(Parse(Valid, (path, nonsense)).Errors);
        Assert.Equal(path, error.Path);
        Assert.Contains("must be", error.Rule, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(AllPaths))]
    public void Every_setting_is_explained_in_the_manual(string path)
    {
        var key = path[(path.LastIndexOf('.') + 1)..];
        var lines = EmbeddedConfiguration.ReferenceText.Split('\n');
        var at = Array.FindIndex(lines, line => line.TrimStart().StartsWith(key + " =", StringComparison.Ordinal));
        Assert.True(at > 0, $"{key} is not in reference.conf");
        // The two bounds of the window share one comment.
        Assert.True(lines[at - 1].TrimStart().StartsWith('#') || key == "window-max-bytes", $"{key} has no comment");
    }

    [Theory]
    [InlineData("hotstandby.shards", "1", "4096", "0", "4097")]
    [InlineData("hotstandby.client.max-frame-bytes", "1KiB", "256MiB", "1023", "1025MiB")]
    [InlineData("hotstandby.client.max-buffered-bytes", "64MiB", "64GiB", "65535", "65GiB")]
    [InlineData("hotstandby.client.port", "1", "65535", "0", "65536")]
    [InlineData("hotstandby.http.port", "0", "65535", "-1", "65536")]
    [InlineData("hotstandby.max-replication-lag", "10ms", "60s", "9ms", "60001")]
    [InlineData("hotstandby.oplog.linger", "0ms", "100ms", "-1ms", "101ms")]
    [InlineData("hotstandby.oplog.pipeline-batches", "1", "1024", "0", "1025")]
    [InlineData("hotstandby.journal.segment-bytes", "64KiB", "1GiB", "1KiB", "2GiB")]
    [InlineData("hotstandby.verification.interval", "10ms", "1h", "9ms", "61min")]
    [InlineData("hotstandby.verification.keys-per-request", "1", "1000", "0", "1001")]
    [InlineData("hotstandby.verification.repair-threshold", "0", "16777216", "-1", "16777217")]
    public void A_range_includes_its_ends_and_nothing_beyond(string path, string lowest, string highest, string below, string above)
    {
        Assert.Empty(Parse(Valid, (path, lowest)).Errors);
        Assert.Empty(Parse(Valid, (path, highest)).Errors);
        Assert.Equal(path, Assert.Single(Parse(Valid, (path, below)).Errors).Path);
        Assert.Equal(path, Assert.Single(Parse(Valid, (path, above)).Errors).Path);
    }

    [Fact]
    public void All_errors_are_reported_at_once_each_with_path_value_and_range()
    {
        var result = Parse(Valid, ("hotstandby.client.port", "99999"), ("hotstandby.shards", "many"),
            ("hotstandby.lease.duration", "2 parsecs"), ("hotstandby.clinet.host", "x"));
        Assert.Equal(
            [
                "hotstandby.client.port = 99999: must be a whole number, 1 to 65535",
                "hotstandby.clinet: no such setting; did you mean hotstandby.client?",
                "hotstandby.lease.duration = 2 parsecs: must be a duration, 200ms to 1min",
                "hotstandby.shards = many: must be a whole number, 1 to 4096",
            ],
            result.Errors.Select(error => error.ToString()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("hotstandby.shard", "hotstandby.shards")]
    [InlineData("hotstandby.client.prt", "hotstandby.client.port")]
    [InlineData("hotstandby.heartbeat-interval", "hotstandby.lease.heartbeat-interval")]
    [InlineData("hotstandby.journl", "hotstandby.journal")]
    public void An_unknown_key_is_an_error_with_the_nearest_known_one(string given, string meant) =>
        Assert.Contains($"did you mean {meant}?", Assert.Single(Parse(Valid, (given, "1")).Errors).Rule, StringComparison.Ordinal);

    [Fact]
    public void A_key_that_resembles_nothing_points_to_the_manual() =>
        Assert.Contains(
            "reference.conf", Assert.Single(Parse(Valid, ("hotstandby.zzzzzzzzzzzz", "1")).Errors).Rule, StringComparison.Ordinal);

    [Theory]
    [InlineData("hotstandby.client", "5")]
    [InlineData("hotstandby.shards", "{ a = 1 }")]
    public void A_block_and_a_value_are_not_taken_for_each_other(string path, string value) =>
        Assert.Contains(Parse(Valid, (path, value)).Errors, error =>
            error.Path == path && error.Rule.Contains("block", StringComparison.Ordinal));

    [Theory]
    [InlineData("hotstandby.lease.drift-margin", "1s")]
    [InlineData("hotstandby.lease.heartbeat-interval", "500ms")]
    [InlineData("hotstandby.link.resend-timeout", "200ms")]
    [InlineData("hotstandby.objects.put-start-release-timeout", "30s")]
    [InlineData("hotstandby.objects.transfer-timeout", "999ms")]
    [InlineData("hotstandby.objects.transfer-timeout", "25h")]
    [InlineData("hotstandby.objects.default-soft-pin-ttl", "25h")]
    [InlineData("hotstandby.client.max-buffered-bytes", "63MiB")]
    [InlineData("hotstandby.client.previous-generation-port", "50051")]
    [InlineData("hotstandby.http.port", "50051")]
    [InlineData("hotstandby.remoting.port", "50051")]
    [InlineData("hotstandby.voters", "[n2, n3]")]
    [InlineData("hotstandby.voters", "[n1, n1, n3]")]
    [InlineData("akka.remote.dot-netty.tcp.maximum-frame-size", "10MiB")]
    [InlineData("akka.cluster.seed-nodes", "[]")]
    [InlineData("akka.cluster.seed-nodes", "[\"akka.tcp://another@127.0.0.1:5101\"]")]
    [InlineData("akka.cluster.seed-nodes", "[\"127.0.0.1:5101\"]")]
    [InlineData("akka.remote.dot-netty.tcp.port", "5101")]
    public void A_rule_between_settings_is_checked(string path, string value) =>
        Assert.Equal(path, Assert.Single(Parse(Valid, (path, value)).Errors).Path);

    [Fact]
    public void A_request_may_be_as_long_as_the_memory_for_all_of_them()
    {
        Assert.Equal((256L << 20, 0),
            (Require(Parse(Valid)).Settings.Client.MaximumBufferedBytes, Require(Parse(Valid)).Settings.Client.PreviousGenerationPort));
        var both = Require(Parse(Valid, ("hotstandby.client.max-frame-bytes", "1GiB"), ("hotstandby.client.max-buffered-bytes", "1GiB")))
            .Settings.Client;
        Assert.Equal((1 << 30, 1L << 30), (both.MaximumFrameBytes, both.MaximumBufferedBytes));
    }

    [Fact]
    public void The_metadata_server_and_the_previous_generation_need_ports_of_their_own()
    {
        var error = Assert.Single(Parse(
            Valid, ("hotstandby.http.metadata-server", "on"), ("hotstandby.http.metadata-port", "50061"),
            ("hotstandby.client.previous-generation-port", "50061")).Errors);
        Assert.Equal("hotstandby.http.metadata-port", error.Path);
    }

    [Fact]
    public void A_batch_that_does_not_fit_the_frame_is_refused()
    {
        Assert.Empty(Parse(Valid, ("akka.remote.dot-netty.tcp.maximum-frame-size", "11MiB")).Errors);
        var error = Assert.Single(
            Parse(Valid, ("akka.remote.dot-netty.tcp.maximum-frame-size", "11MiB"), ("hotstandby.oplog.batch-max-bytes", "2MiB")).Errors);
        Assert.Equal("akka.remote.dot-netty.tcp.maximum-frame-size", error.Path);
    }

    [Fact]
    public void A_rule_is_not_held_against_a_value_that_is_wrong_in_itself() =>
        Assert.Equal("hotstandby.lease.duration", Assert.Single(Parse(Valid, ("hotstandby.lease.duration", "1ms")).Errors).Path);

    [Fact]
    public void Seed_addresses_name_the_adapters_of_the_transport_and_no_others()
    {
        var adapted = TestConfiguration.Valid.Replace("akka.tcp", "akka.trttl.tcp", StringComparison.Ordinal);
        const string applied = "\nakka.remote.dot-netty.tcp.applied-adapters = [\"trttl\"]";
        Assert.Empty(TestConfiguration.Parse(adapted + applied).Errors);
        Assert.All((string[])[adapted, TestConfiguration.Valid + applied], text =>
            Assert.Equal("akka.cluster.seed-nodes", Assert.Single(TestConfiguration.Parse(text).Errors).Path));
    }

    [Fact]
    public void A_node_that_the_seed_list_does_not_name_is_a_warning()
    {
        var result = Parse(Valid, ("hotstandby.remoting.port", "5109"));
        var warning = Assert.Single(result.Warnings);
        Assert.Equal("akka.cluster.seed-nodes", warning.Path);
        Assert.Contains("akka.tcp://hotstandby@127.0.0.1:5109", warning.ToString(), StringComparison.Ordinal);
        Assert.Empty(Parse(Valid, ("hotstandby.remoting.port", "5102")).Warnings);
    }

    [Fact]
    public void An_even_number_of_voters_is_a_warning()
    {
        var result = Parse(Valid, ("hotstandby.voters", "[n1, n2]"));
        Require(result);
        Assert.Equal("hotstandby.voters", Assert.Single(result.Warnings).Path);
        Assert.Empty(Parse(Valid).Warnings);
    }

    [Fact]
    public void The_settings_as_text_do_not_show_the_admin_token()
    {
        var settings = Require(Parse(Valid, ("hotstandby.http.admin-token", "0123456789abcdef"))).Settings;
        Assert.Equal("0123456789abcdef", settings.Http.AdminToken);
        Assert.DoesNotContain("0123456789abcdef", settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_port_that_is_open_beyond_loopback_without_TLS_is_a_warning_by_name()
    {
        var open = Parse(
            Valid, ("hotstandby.client.host", "0.0.0.0"), ("hotstandby.client.previous-generation-port", "50061"),
            ("hotstandby.http.host", "::"), ("hotstandby.discovery.etcd-port", "2379"),
            ("hotstandby.http.metadata-server", "on"), ("hotstandby.remoting.host", "node1.example"));
        Require(open);
        string[] ports =
        [
            "hotstandby.client.port", "hotstandby.client.previous-generation-port", "hotstandby.discovery.etcd-port",
            "hotstandby.http.port", "hotstandby.http.metadata-port",
            "hotstandby.remoting.port",
        ];
        var warnings = open.Warnings.Where(warning => ports.Contains(warning.Path)).ToArray();
        Assert.Equal(ports, warnings.Select(static warning => warning.Path));
        Assert.All(warnings, static warning => Assert.Contains("open beyond loopback", warning.Rule, StringComparison.Ordinal));
        Assert.Contains("loopback only", warnings[3].Rule, StringComparison.Ordinal);

        var withToken = Parse(Valid, ("hotstandby.http.host", "10.0.0.1"), ("hotstandby.http.admin-token", "0123456789abcdef"));
        Assert.Contains("in the clear", Assert.Single(withToken.Warnings).Rule, StringComparison.Ordinal);
        foreach (var here in (string[])["127.0.0.1", "127.1.2.3", "localhost", "::1"])
            Assert.Empty(Parse(Valid, ("hotstandby.client.host", here), ("hotstandby.http.host", here),
                ("hotstandby.http.metadata-server", "on")).Warnings);
        Assert.Empty(Parse(Valid, ("hotstandby.http.host", "0.0.0.0"), ("hotstandby.http.port", "0")).Warnings); // it is closed
    }
}
