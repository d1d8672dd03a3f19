// Where settings come from, what reaches Akka, and files that are broken.
using System.Collections;
using Akka.Actor;
using HotStandby.Actors.Settings;
using HotStandby.Messages.Identity;
using static HotStandby.Tests.Doubles.TestConfiguration;

namespace HotStandby.Tests.Actors.Settings;

public sealed class NodeConfigurationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hotstandby-configuration-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_command_line_wins_over_the_environment_over_the_file_over_the_default()
    {
        var environment = new Hashtable
        {
            ["HOTSTANDBY__CLIENT__PORT"] = "2", ["HOTSTANDBY__HTTP__PORT"] = "3", ["HOTSTANDBY_CLIENT_PORT"] = "tcp://not.ours",
        };
        var configuration = Require(NodeConfiguration.Parse(
            Valid + "\nhotstandby { client.port = 1\n http.port = 1\n shards = 7 }", "test.conf", null,
            [new("hotstandby.client.port", "4")], environment));
        Assert.Equal((4, 3, 7), (configuration.Settings.Client.Port, configuration.Settings.Http.Port, configuration.Settings.Shards));
        var sources = configuration.Effective.ToDictionary(setting => setting.Path, setting => setting.Source);
        Assert.Equal(SettingSource.Override, sources["hotstandby.client.port"]);
        Assert.Equal(SettingSource.Environment, sources["hotstandby.http.port"]);
        Assert.Equal(SettingSource.File, sources["hotstandby.shards"]);
        Assert.Equal(SettingSource.Default, sources["hotstandby.commit"]);
        Assert.Equal(KnownSettings.Paths, configuration.Effective.Select(setting => setting.Path));
    }

    [Fact]
    public void An_environment_variable_that_sets_nothing_is_an_error()
    {
        var result = NodeConfiguration.Parse(Valid, "test.conf", environment: new Hashtable { ["HOTSTANDBY__LEASE__DURATON"] = "1s" });
        Assert.Contains("did you mean hotstandby.lease.duration?", Assert.Single(result.Errors).Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void An_override_is_taken_literally_whatever_it_holds()
    {
        const string path = "/srv/a b#c {d}\\\"e\"";
        Assert.Equal(Path.GetFullPath(path), Require(Parse(Valid, ("hotstandby.data-dir", path))).Settings.DataDirectory);
        Assert.Equal("a b", Assert.Single(Parse(Valid, ("a b", "1")).Errors).Path);
    }

    [Fact]
    public void Akka_is_told_address_roles_and_journal()
    {
        var configuration = Require(Parse(Valid + "\nakka.cluster.roles = [rack-7]",
            ("hotstandby.remoting.host", "node1.example"), ("hotstandby.remoting.port", "6001"),
            ("hotstandby.journal.fsync", "every-batch"), ("hotstandby.data-dir", "/a \"b\"")));
        var full = configuration.Full;
        Assert.Equal(
            ("node1.example", 6001), (full.GetString("akka.remote.dot-netty.tcp.hostname"), full.GetInt("akka.remote.dot-netty.tcp.port")));
        Assert.Equal(("node1.example", 6001),
            (full.GetString("akka.remote.dot-netty.tcp.public-hostname"), full.GetInt("akka.remote.dot-netty.tcp.public-port")));
        Assert.Equal(["master", "node.n1", "http=http://127.0.0.1:9003", "client=127.0.0.1:50051", "rack-7"],
            full.GetStringList("akka.cluster.roles"));
        Assert.Equal(2, full.GetStringList("akka.cluster.seed-nodes").Count);
        Assert.Equal(16 << 20, full.GetByteSize("akka.remote.dot-netty.tcp.maximum-frame-size"));
        Assert.Equal(JournalSettings.EmbeddedPlugin, full.GetString("akka.persistence.journal.plugin"));
        var journal = full.GetConfig(JournalSettings.EmbeddedPlugin);
        Assert.Equal(configuration.Settings.DataDirectory, journal.GetString("dir"));
        Assert.Equal(("mooncake_cluster", "n1", "every-batch"),
            (journal.GetString("cluster-id"), journal.GetString("node-id"), journal.GetString("flush")));
        Assert.Equal(64 << 20, journal.GetByteSize("segment-bytes"));
        Assert.StartsWith("HotStandby.Actors.Journal.FileJournal", journal.GetString("class"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_is_found_by_its_role()
    {
        Assert.Equal(new NodeId("n1"), NodeConfiguration.NodeOf(["master", NodeConfiguration.RoleOf(new NodeId("n1"))]));
        Assert.Equal(NodeId.None, NodeConfiguration.NodeOf(["master", "nodes"]));
    }

    [Fact]
    public void A_single_voter_joins_itself()
    {
        var full = Require(Parse("hotstandby { node-id = n1, voters = [n1], data-dir = d }")).Full;
        Assert.Equal(["akka.tcp://hotstandby@127.0.0.1:5101"], full.GetStringList("akka.cluster.seed-nodes"));
    }

    [Fact]
    public async Task An_actor_system_starts_with_it_and_shows_its_roles()
    {
        var configuration = Require(Parse("hotstandby { node-id = n1, voters = [n1, n2, n3], data-dir = d, remoting.port = 0 }"));
        using var system = ActorSystem.Create(NodeConfiguration.SystemName, configuration.Full);
        var cluster = Akka.Cluster.Cluster.Get(system);
        Assert.Equal(
            ["client=127.0.0.1:50051", "http=http://127.0.0.1:9003", "master", "node.n1"], cluster.SelfRoles.Order(StringComparer.Ordinal));
        Assert.Equal(TimeSpan.FromMilliseconds(100), cluster.Settings.GossipInterval);
        Assert.Contains("NoDowning", cluster.Settings.DowningProviderType.FullName, StringComparison.Ordinal);
        await system.Terminate();
    }

    [Fact]
    public void The_three_example_nodes_are_valid_and_do_not_get_in_each_others_way()
    {
        var nodes = Enumerable.Range(1, 3).Select(number =>
        {
            var result = NodeConfiguration.Load(Path.Combine(RepositoryRoot, "hocon", $"node{number}.conf"), []);
            Assert.Empty(result.Warnings);
            return Require(result);
        }).ToArray();
        var ports = nodes.SelectMany(node => new[] { node.Settings.Client.Port, node.Settings.Discovery.EtcdPort, node.Settings.Http.Port,
            node.Settings.Remoting.Port }).ToArray();
        Assert.Equal(12, ports.Distinct().Count());
        Assert.Equal(3, nodes.Select(node => node.Settings.DataDirectory).Distinct().Count());
        Assert.Single(nodes.Select(node => string.Join(',', node.Settings.Voters)).Distinct());
        var seeds = nodes.Select(node => $"akka.tcp://hotstandby@{node.Settings.Remoting.Host}:{node.Settings.Remoting.Port}");
        Assert.All(nodes, node => Assert.Equal(seeds, node.Full.GetStringList("akka.cluster.seed-nodes")));
    }

    [Theory]
    [InlineData("hotstandby {\n  shards = 1\n", "line 1: '{' is never closed")]
    [InlineData("hotstandby {\n}\n}", "line 3: '}' closes nothing")]
    [InlineData("hotstandby {\n  voters = [a, b\n}", "line 3: '}' does not close the '[' of line 2")]
    [InlineData("# [ {\na = [\n", "line 2: '[' is never closed")]
    [InlineData("a = 1\nb = \"x\nc = 2", "line 2: a quotation mark is never closed")]
    [InlineData("a = \"\"\"x\ny", "line 1: a quotation mark is never closed")]
    [InlineData("seeds = [\nakka.tcp://a]", "line 2: ':' in a list must stand in quotation marks")]
    [InlineData("a = [::1]", "line 1: ':' in a list must stand in quotation marks")]
    [InlineData("a = [b = 1]", "line 1: '=' in a list must stand in quotation marks")]
    [InlineData("a = [\\x]", "line 1: '\\' in a list must stand in quotation marks")]
    [InlineData("a = [$x]", "line 1: '$' in a list must stand in quotation marks")]
    [InlineData("a = ${b}", "line 1: '${b}' is neither a setting of this text nor an environment variable")]
    [InlineData("a = ${a}", "'a' refers to itself")]
    [InlineData("a = [x]\na = ${a} [y]", "'a' refers to itself")]
    [InlineData("a { b = 1, c = ${a} }", "'a.c' refers to itself")]
    [InlineData("a = ${b}\nb = ${c}\nc = ${a}", "refers to itself")]
    [InlineData("only words", "'only words' has no value")]
    [InlineData("hotstandby {\n shards =\n commit = quorum }", "has no value")]
    public void A_broken_file_is_refused_with_its_line(string text, string fault)
    {
        var error = Assert.Single(Parse(text).Errors);
        Assert.Equal("test.conf", error.Path);
        Assert.Contains(fault, error.Rule, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public void A_file_with_too_many_levels_is_refused_with_its_line(char open, char close)
    {
        var error = Assert.Single(Parse($"\na = {new string(open, 100_000)}{new string(close, 100_000)}").Errors);
        Assert.Contains("line 2: more than 64 levels", error.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_others_refer_to_again_and_again_is_no_circle() =>
        Require(Parse(Valid + "\na { x = 1 }\nb = ${a} { y = 2 }\nc = ${a.x} ${a.x}\nd = [${b}, ${b}]"));

    [Fact]
    public void Braces_in_comments_and_texts_do_not_count() =>
        Require(Parse(Valid + "\n# } ] \" \n// {\nnote = \"}]\\\"[{\"\nlong = \"\"\"\n{ \" }\n]\"\"\""));

    [Fact]
    public void A_file_may_include_others_beside_it_but_not_itself()
    {
        File.WriteAllText(Path.Combine(_directory, "common.conf"), Valid);
        var node = Path.Combine(_directory, "node.conf");
        File.WriteAllText(node, "include \"common.conf\"\nhotstandby.shards = 5");
        Assert.Equal(5, Require(NodeConfiguration.Load(node, [])).Settings.Shards);

        File.WriteAllText(Path.Combine(_directory, "common.conf"), "include \"node.conf\"");
        Assert.Contains("includes itself", Assert.Single(NodeConfiguration.Load(node, []).Errors).ToString(), StringComparison.Ordinal);
        File.Delete(Path.Combine(_directory, "common.conf"));
        Assert.Contains("common.conf", Assert.Single(NodeConfiguration.Load(node, []).Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_told_apart_from_a_wrong_one()
    {
        var result = NodeConfiguration.Load(Path.Combine(_directory, "none.conf"), []);
        Assert.Equal(ConfigurationFailure.FileMissing, result.Failure);
        Assert.Equal(ConfigurationFailure.FileUnreadable, NodeConfiguration.Load(_directory, []).Failure);
        Assert.Equal(ConfigurationFailure.Invalid, Parse("").Failure);
        Assert.Equal(ConfigurationFailure.None, Parse(Valid).Failure);
    }

    [Fact]
    public void The_failover_is_predicted_from_what_is_in_force()
    {
        // Grants of 2 s outlast the detection of 1680 ms. Then the margin of 20 ms, two rounds of gossip and the leader's next action.
        Assert.Equal((2000, 320, 0), Predicted());
        Assert.Equal((4680, 320, 5000), Predicted(("hotstandby.lease.duration", "10s")));
        Assert.Equal((1680, 320, 0), Predicted(("hotstandby.lease.duration", "1s")));
        // It is looked at twice a second, so 1001 ms take three looks.
        Assert.Equal((4680, 320, 0), Predicted(("hotstandby.lease.down-lost-primary", "off")));
        Assert.Equal(
            (3180, 320, 0), Predicted(("hotstandby.lease.down-lost-primary", "off"), ("hotstandby.membership.stable-after", "1001ms")));
        Assert.Equal((2680, 320, 7000), Predicted(
            ("hotstandby.lease.down-lost-primary", "off"), ("hotstandby.membership.stable-after", "1s"),
            ("hotstandby.lease.duration", "10s")));
        Assert.Equal((2000, 300, 0), Predicted(("akka.cluster.down-removal-margin", "off")));

        // fast-failover.conf: the detection of 562 ms is within the grants of 700 ms.
        var fast = NodeConfiguration.Parse(
            Valid + "\ninclude \"fast-failover.conf\"\n", "test.conf", Path.Combine(RepositoryRoot, "hocon"));
        Assert.Empty(fast.Warnings);
        Assert.Equal(TimeSpan.FromMilliseconds(870), FailoverPrediction.From(Require(fast)).Total);

        static (int, int, int) Predicted(params (string, string)[] overrides)
        {
            var prediction = FailoverPrediction.From(Require(Parse(Valid, overrides)));
            return ((int)prediction.Loss.TotalMilliseconds, (int)prediction.Start.TotalMilliseconds,
                (int)prediction.GrantWait.TotalMilliseconds);
        }
    }

    [Fact]
    public void Durations_and_sizes_read_back_as_they_are_printed()
    {
        var random = new Random(20260825);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = random.NextInt64(1L << random.Next(1, 40));
            Assert.True(Units.TrySize(Units.Print(bytes), out var size));
            Assert.Equal(bytes, size);
            var time = TimeSpan.FromMilliseconds(random.NextInt64(1L << random.Next(1, 36)));
            Assert.True(Units.TryDuration(Units.Print(time), out var duration));
            Assert.Equal(time, duration);
        }
        Assert.Equal("64MiB", Units.Print(64L << 20));
        Assert.Equal("1500ms", Units.Print(TimeSpan.FromSeconds(1.5)));
        Assert.All(["", "ms", "-1s", "1 s s", "1e3", "1,5s", "NaN"], text => Assert.False(Units.TryDuration(text, out _), text));
    }
}
