// The verb chaos for half a minute, on real processes; and its refusals. The checks of a change run it for longer.
using System.Globalization;
using System.Security.Cryptography;
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Chaos;

[Collection(ProcessCollection.Name)]
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const string Faults = "kill,pause,blackhole,one-way,bridge,stall,reset,delay";

    [Fact]
    public async Task Half_a_minute_of_faults_loses_nothing_and_ends_with_all_nodes_equal()
    {
        var seed = RandomNumberGenerator.GetInt32(int.MaxValue).ToString(CultureInfo.InvariantCulture);
        output.WriteLine($"seed {seed}");
        var (code, text) = await RunAsync("chaos", "--duration", "30s", "--seed", seed, "--faults", Faults, "--network", "proxies");
        Assert.True(code == ExitCode.Ok, $"exit code {code}, seed {seed}\n{text}");
        Assert.Contains("nothing is wrong", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--faults", "flood")]
    [InlineData("--duration", "0s")]
    [InlineData("--nodes", "2")]
    [InlineData("--network", "token-ring")]
    public async Task A_run_that_makes_no_sense_is_refused(string option, string value) =>
        Assert.Equal(ExitCode.Usage, (await RunAsync("chaos", option, value)).Code);

    private async Task<(int Code, string Text)> RunAsync(params string[] arguments)
    {
        using var text = new StringWriter();
        var code = await CommandTree.RunAsync(arguments, new Terminal(text, text, IsInteractive: false), connect: null);
        output.WriteLine(text.ToString());
        return (code, text.ToString());
    }
}
