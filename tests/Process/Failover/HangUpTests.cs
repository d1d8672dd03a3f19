// A terminal that is closed in the middle of a demo: SIGHUP ends it like Ctrl-C, and nothing stays behind.
using System.Diagnostics;
using System.Globalization;
using HotStandby.Host;
using HotStandby.Host.Cluster;

namespace HotStandby.Tests.Process.Failover;

[Collection(ProcessCollection.Name)]
public sealed class HangUpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_demo_that_is_hung_up_ends_its_nodes_and_removes_its_directory()
    {
        var temporary = Directory.CreateTempSubdirectory("hang-up-").FullName;
        try
        {
            // Whoever runs the tests may have told his children to ignore SIGHUP (nohup does); a terminal does not.
            var start = new ProcessStartInfo("env", ["--default-signal=HUP", "dotnet", "exec", typeof(LocalCluster).Assembly.Location, "demo"])
            {
                RedirectStandardError = true, RedirectStandardOutput = true,
                Environment = { ["TMPDIR"] = temporary, ["DOTNET_EnableDiagnostics"] = "0" },
            };
            using var demo = System.Diagnostics.Process.Start(start)!;
            using var deadline = new CancellationTokenSource(Patience);
            Assert.Contains("starting", await demo.StandardError.ReadLineAsync(deadline.Token), StringComparison.Ordinal);
            Assert.NotEmpty(Directory.GetDirectories(temporary));
            using var signal = System.Diagnostics.Process.Start("kill", ["-HUP", demo.Id.ToString(CultureInfo.InvariantCulture)]);
            await demo.WaitForExitAsync(deadline.Token);
            Assert.Equal(ExitCode.Interrupted, demo.ExitCode);
            Assert.Empty(Directory.GetFileSystemEntries(temporary));
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }
}
