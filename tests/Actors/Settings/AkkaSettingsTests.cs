// What a node's file may say below `akka`: keys that exist, values that Akka takes, and nothing that would take a decision away from this
// program.
using HotStandby.Actors.Settings;
using static HotStandby.Tests.Doubles.TestConfiguration;

namespace HotStandby.Tests.Actors.Settings;

public sealed class AkkaSettingsTests
{
    [Theory]
    [InlineData("akka.logelvel", "akka.loglevel")]
    [InlineData("akka.cluster.gosip-interval", "akka.cluster.gossip-interval")]
    [InlineData("akka.cluster.failure-detector.heartbeat-intervall", "akka.cluster.failure-detector.heartbeat-interval")]
    [InlineData("akka.cluster.acceptable-heartbeat-pause", "akka.cluster.client.acceptable-heartbeat-pause")]
    [InlineData("akka.remote.dot-netty.tcp.maximum-framesize", "akka.remote.dot-netty.tcp.maximum-frame-size")]
    [InlineData("akka.clutser", "akka.cluster")]
    [InlineData("akka.actor.default-dispatcher.troughput", "akka.actor.default-dispatcher.throughput")]
    [InlineData("hotstanby", "hotstandby")]
    [InlineData("Hotstandby", "hotstandby")]
    [InlineData("aka", "akka")]
    public void A_key_that_Akka_does_not_have_is_an_error_with_the_nearest_one(string given, string meant)
    {
        var error = Assert.Single(Parse(Valid, (given, "1")).Errors);
        Assert.Equal(given, error.Path);
        Assert.EndsWith($"did you mean {meant}?", error.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_like_no_other_is_an_error_as_well() =>
        Assert.Equal("Akka.NET has no such setting", Assert.Single(Parse(Valid, ("akka.remote.xyzzyxyzzyxyzzy", "1")).Errors).Rule);

    [Theory]
    [InlineData("akka.loglevel", "LOUD")]
    [InlineData("akka.loglevel", "WARN")]
    [InlineData("akka.stdout-loglevel", "")]
    [InlineData("akka.actor.provider", "local")]
    [InlineData("akka.actor.provider", "remote")]
    [InlineData("akka.cluster.failure-detector.heartbeat-interval", "5 minuts")]
    [InlineData("akka.cluster.failure-detector.heartbeat-interval", "5min")]
    [InlineData("akka.cluster.failure-detector.heartbeat-interval", "-1s")]
    [InlineData("akka.cluster.failure-detector.heartbeat-interval", "0s")]
    [InlineData("akka.cluster.failure-detector.heartbeat-interval", "0")]
    [InlineData("akka.cluster.failure-detector.heartbeat-interval", "[1s, 2s]")]
    [InlineData("akka.cluster.failure-detector.threshold", "high")]
    [InlineData("akka.cluster.failure-detector.threshold", "0.0")]
    [InlineData("akka.cluster.failure-detector.max-sample-size", "1.5")]
    [InlineData("akka.cluster.failure-detector.implementation-class", "\"No.Such.Detector, Akka.Remote\"")]
    [InlineData("akka.cluster.downing-provider-class", "\"Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster\"")]
    [InlineData("akka.cluster.downing-provider-class", "\"My.Provider, Mine\"")]
    [InlineData("akka.cluster.auto-down-unreachable-after", "10s")]
    [InlineData("akka.cluster.down-removal-margin", "soon")]
    [InlineData("akka.cluster.roles", "rack-7")]
    [InlineData("akka.cluster.log-info", "yes")]
    [InlineData("akka.cluster.min-nr-of-members", "99999999999")]
    [InlineData("akka.cluster", "5")]
    [InlineData("akka.loglevel", "{ a = 1 }")]
    [InlineData("akka.actor.serializers", "json")]
    [InlineData("akka.remote.dot-netty.tcp.maximum-frame-size", "16 mebibytes")]
    [InlineData("akka.remote.dot-netty.tcp.send-buffer-size", "4MiBs")]
    [InlineData("akka.remote.dot-netty.tcp.byte-order", "middle-endian")]
    [InlineData("akka.remote.log-frame-size-exceeding", "large")]
    [InlineData("akka.remote.trusted-selection-paths", "/user/join")]
    [InlineData("akka.coordinated-shutdown.phases.cluster-leave.timeout", "long")]
    [InlineData("akka.coordinated-shutdown.phases.cluster-leave.recover", "maybe")]
    public void A_value_that_Akka_does_not_take_is_an_error_with_what_it_takes(string path, string value)
    {
        var error = Assert.Single(Parse(Valid, (path, value)).Errors, error => error.Path == path);
        Assert.StartsWith("must be ", error.Rule.Replace("must name", "must be", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("akka.remote.dot-netty.tcp.hostname", "0.0.0.0", "hotstandby.remoting.bind-host")]
    [InlineData("akka.remote.dot-netty.tcp.bind-hostname", "0.0.0.0", "hotstandby.remoting.bind-host")]
    [InlineData("akka.remote.dot-netty.tcp.bind-port", "5101", "hotstandby.remoting.bind-port")]
    [InlineData("akka.remote.dot-netty.tcp.public-hostname", "node1", "hotstandby.remoting.host")]
    [InlineData("akka.remote.dot-netty.tcp.public-port", "5101", "hotstandby.remoting.port")]
    [InlineData("akka.persistence.journal.plugin", "x", "hotstandby.journal.plugin")]
    [InlineData("akka.persistence.snapshot-store.plugin", "x", "hotstandby.checkpoints.plugin")]
    [InlineData("akka.coordinated-shutdown.phases.cluster-exiting.timeout", "1s", "hotstandby.lease.hand-over-timeout")]
    [InlineData("akka.loggers", "[x]", "hotstandby.log")]
    public void What_follows_from_our_own_settings_is_not_set_twice(string path, string value, string instead) =>
        Assert.Equal(
            (path, $"is taken from {instead}; set that instead"),
            Assert.Single(Parse(Valid, (path, value)).Errors.Where(error =>
                !error.Rule.StartsWith("Akka.NET has no such", StringComparison.Ordinal)).Select(error => (error.Path, error.Rule))));

    [Fact]
    public void All_faults_are_in_one_list_with_our_own()
    {
        var result = Parse(
            Valid, ("akka.loglevel", "LOUD"), ("akka.actor.provider", "local"), ("akka.cluster.gosip-interval", "1s"),
            ("hotstandby.shards", "0"),
            ("akka.cluster.failure-detector.heartbeat-interval", "5 minuts"),
            ("akka.cluster.downing-provider-class", "\"My.Provider, Mine\""));
        Assert.Equal(
            [
                "akka.actor.provider", "akka.cluster.downing-provider-class", "akka.cluster.failure-detector.heartbeat-interval",
                "akka.cluster.gosip-interval", "akka.loglevel", "hotstandby.shards",
            ],
            result.Errors.Select(error => error.Path).Order(StringComparer.Ordinal));
        Assert.Equal(ConfigurationFailure.Invalid, result.Failure);
    }

    [Fact]
    public void What_Akka_takes_is_taken() => Require(Parse(Valid + """

        akka {
          loglevel = debug
          log-dead-letters = on
          log-dead-letters-during-shutdown = true
          extensions = []
          actor {
            provider = "Akka.Cluster.ClusterActorRefProvider, Akka.Cluster"
            default-dispatcher { throughput = 100, executor = fork-join-executor, dedicated-thread-pool { thread-count = 4 } }
            my-dispatcher {
              type = ForkJoinDispatcher
              throughput = 10
              dedicated-thread-pool { thread-count = 4, threadtype = background }
            }
            my-mailbox { mailbox-type = "Akka.Dispatch.UnboundedMailbox" }
            deployment { /sink { router = round-robin-pool, nr-of-instances = 5, anything = 1 } }
            serializers { mine = "My.Serializer, Mine" }
            serialization-bindings { "My.Message, Mine" = mine }
            debug { lifecycle = on, unhandled = on }
          }
          remote {
            log-frame-size-exceeding = 32KiB
            log-buffer-size-exceeding = 1000
            retry-gate-closed-for = 500
            dot-netty.tcp { connection-timeout = 2s, log-transport = on, batching.enabled = off, dns-use-ipv6 = true, tcp-reuse-addr = on }
            transport-failure-detector { heartbeat-interval = 1 s, acceptable-heartbeat-pause = 5.5 s }
          }
          cluster {
            roles = []
            down-removal-margin = off
            allow-weakly-up-members = off
            publish-stats-interval = 10s
            failure-detector { threshold = 12, acceptable-heartbeat-pause = 0s }
            role { rack-7.min-nr-of-members = 2 }
            singleton.use-lease = ""
          }
          persistence.journal.sql { class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql", anything { at = all } }
          persistence.journal-plugin-fallback.recovery-event-timeout = 60s
          coordinated-shutdown.phases { mine { depends-on = [service-stop], timeout = 3s, recover = off } }
        }
        my-own-dispatcher { type = PinnedDispatcher }
        """));

    [Fact]
    public void Every_default_of_Akka_is_a_value_that_it_takes_but_for_what_is_decided_here()
    {
        string[] decided = ["akka.actor.provider", "akka.cluster.downing-provider-class",
            "akka.cluster.split-brain-resolver.static-quorum.quorum-size"];
        Assert.True(AkkaReference.Paths.Count > 300, "the reference configurations are not found");
        var given = Akka.Configuration.ConfigurationFactory.Empty;
        var problems = new List<SettingsProblem>();
        var wrapped = new Akka.Configuration.Hocon.HoconValue();
        wrapped.AppendValue(AkkaReference.All);
        AkkaSettings.Check(wrapped.AtKey("akka"), new SettingsReader(given, problems));
        Assert.Equal(decided, problems.Select(problem => problem.Path).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("node1.conf")]
    [InlineData("fast-failover.conf")]
    [InlineData("akka.conf")]
    public void The_shipped_files_say_nothing_that_Akka_does_not_know(string file)
    {
        var problems = new List<SettingsProblem>();
        AkkaSettings.Check(Akka.Configuration.ConfigurationFactory.ParseString(File.ReadAllText(
            Path.Combine(RepositoryRoot, "hocon", file))), new SettingsReader(Akka.Configuration.Config.Empty, problems));
        Assert.Empty(problems);
    }
}
