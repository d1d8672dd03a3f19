// What a node makes of the limits of its process: what it lowers, what it warns of, and when it does not start.
using HotStandby.Actors.Settings;
using HotStandby.Host.Limits;

namespace HotStandby.Tests.Process.Limits;

public sealed class ResourcePlanTests
{
    private static readonly Limit Plenty = new(1 << 20, "RLIMIT_NOFILE");

    [Fact]
    public void With_plenty_of_everything_the_settings_are_in_force()
    {
        var plan = ResourcePlan.Of(Settings(), new ProcessLimits(Plenty, new Limit(64L << 30, "x"), new Limit(10_000, "y"), 8));
        Assert.Equal((10_000, 1024), (plan.ClientConnections, plan.HttpConnections));
        Assert.Empty(plan.Warnings);
        Assert.Null(plan.Refusal);
    }

    [Fact]
    public void Without_limits_there_is_nothing_to_say()
    {
        var plan = ResourcePlan.Of(Settings(), new ProcessLimits(null, null, null, 2));
        Assert.Equal((10_000, 1024), (plan.ClientConnections, plan.HttpConnections));
        Assert.Empty(plan.Warnings);
    }

    [Theory]
    [InlineData(512, "")]
    [InlineData(1024, "")]
    [InlineData(4096, "")]
    [InlineData(1024, "hotstandby { client.previous-generation-port = 50060, http.metadata-server = on }")]
    public void Fewer_descriptors_lower_the_connections_with_one_warning_that_says_both_numbers(int most, string hocon)
    {
        var settings = Settings(hocon);
        var plan = ResourcePlan.Of(settings, new ProcessLimits(new Limit(most, "RLIMIT_NOFILE"), null, null, 2));
        var warning = Assert.Single(plan.Warnings);
        Assert.Contains($"may open {most} files", warning, StringComparison.Ordinal);
        Assert.Contains($"{plan.ClientConnections} connections instead of 10000", warning, StringComparison.Ordinal);
        Assert.Contains($"{plan.HttpConnections} instead of 1024", warning, StringComparison.Ordinal);
        var (clientPorts, httpPorts) = hocon.Length == 0 ? (1, 1) : (2, 2);
        var all = (clientPorts * plan.ClientConnections) + (httpPorts * plan.HttpConnections);
        Assert.InRange(all, 1, most - 350); // assemblies, journal, other nodes
        Assert.True(plan.ClientConnections >= ResourcePlan.FewestConnections && plan.HttpConnections >= ResourcePlan.FewestConnections);
    }

    [Fact]
    public void More_descriptors_are_never_fewer_connections_and_the_sum_never_exceeds_them()
    {
        var before = 0;
        var least = Enumerable.Range(1, 2000).First(most => PlanOf(most).Refusal is null);
        Assert.InRange(least, 350, 512); // with 512, as with the smallest limits that are set in earnest, a node of three starts
        for (var most = least; most < 30_000; most += 37)
        {
            var plan = PlanOf(most);
            Assert.Null(plan.Refusal);
            Assert.True(plan.ClientConnections >= before, $"{most}: {plan.ClientConnections} after {before}");
            before = plan.ClientConnections;
        }

        Assert.Equal(10_000, before);

        static ResourcePlan PlanOf(int most) =>
            ResourcePlan.Of(Settings(), new ProcessLimits(new Limit(most, "RLIMIT_NOFILE"), null, null, 2));
    }

    [Fact]
    public void Where_not_even_the_least_fits_the_refusal_says_how_much_is_needed()
    {
        var plan = ResourcePlan.Of(Settings(), new ProcessLimits(new Limit(256, "RLIMIT_NOFILE"), null, null, 2));
        Assert.Matches("only 256 files .*needs at least \\d+", plan.Refusal);
    }

    [Fact]
    public void A_setting_that_asks_for_few_connections_needs_few_descriptors()
    {
        var plan = ResourcePlan.Of(
            Settings("hotstandby.client.max-connections = 4"), new ProcessLimits(new Limit(2048, "RLIMIT_NOFILE"), null, null, 2));
        Assert.Empty(plan.Warnings);
        Assert.Equal(4, plan.ClientConnections);
    }

    [Fact]
    public void Little_memory_and_few_threads_are_warned_of()
    {
        var plan = ResourcePlan.Of(Settings(), new ProcessLimits(
            Plenty, new Limit(256 << 20, "the memory limit of its control group"), new Limit(40, "pids.max"), 2));
        Assert.Collection(
            plan.Warnings,
            memory => Assert.Contains("256MiB of memory (the memory limit of its control group)", memory, StringComparison.Ordinal),
            threads => Assert.Contains("40 threads (pids.max)", threads, StringComparison.Ordinal));
        Assert.Null(plan.Refusal);
    }

    [Fact]
    public void The_limits_of_this_process_can_be_read()
    {
        var limits = ProcessLimits.Raise();
        Assert.Equal(OperatingSystem.IsLinux(), limits.Descriptors is not null);
        Assert.True(limits.Descriptors is null or { Value: > 0 });
        Assert.True(limits.Processors > 0);
    }

    private static HotStandbySettings Settings(string hocon = "") => TestConfiguration.Parse($$"""
        hotstandby { cluster-id = "c", node-id = "n1", voters = ["n1", "n2", "n3"], data-dir = "/nowhere", remoting.host = "127.0.0.1" }
        akka.cluster.seed-nodes = ["akka.tcp://hotstandby@127.0.0.1:5101"]
        {{hocon}}
        """).Configuration!.Settings;
}
