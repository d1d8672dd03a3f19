// A terminal that is closed in the middle of a demo: SIGHUP ends it like Ctrl-C, and nothing stays behind.
using System.Diagnostics;
using System.Globalization;
using HotStandby.CommandLine;
using HotStandby.Lab.Cluster;

namespace HotStandby.Tests.Process.Failover;

[Collection(ProcessCollection.Name)]
public sealed class HangUpTests
{
    private static readonly TimeSpan Patience = Deadline.Step;

    [Fact]
    public async Task A_demo_that_is_hung_up_ends_its_nodes_and_removes_its_directory()
    {
        var temporary = Directory.CreateTempSubdirectory("hang-up-").FullName;
        try
        {
            // Whoever runs the tests may have told his children to ignore SIGHUP (nohup does) or SIGINT (a shell's & does); a terminal does
            // not.
            var start = new ProcessStartInfo("env", ["--default-signal=HUP", "dotnet", "exec", LocalNode.Program, "demo"])
            {
                RedirectStandardError = true, RedirectStandardOutput = true,
                Environment = { ["TMPDIR"] = temporary, ["DOTNET_EnableDiagnostics"] = "0" },
            };
            using var demo = System.Diagnostics.Process.Start(start)!;
            using var deadline = new CancellationTokenSource(Patience);
            Assert.Contains("starting", await demo.StandardError.ReadLineAsync(deadline.Token), StringComparison.Ordinal);
            Assert.NotEmpty(Directory.GetDirectories(temporary));
            await EndAsync(demo, "-HUP", deadline.Token);
            Assert.Equal(ExitCode.Interrupted, demo.ExitCode);
            Assert.Empty(Directory.GetFileSystemEntries(temporary));
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    [Fact]
    public async Task A_demo_that_is_kept_leaves_its_cluster_up_says_where_its_page_is_and_ends_with_Ctrl_C()
    {
        var temporary = Directory.CreateTempSubdirectory("kept-").FullName;
        try
        {
            var trace = Path.Combine(temporary, "trace.jsonl");
            await HotStandby.Host.Commands.CommandTree.RunAsync(
                ["trace", "--requests", "50", "--out", trace], new(TextWriter.Null, TextWriter.Null, false), null);
            var start = new ProcessStartInfo(
                "env", ["--default-signal=INT", "dotnet", "exec", LocalNode.Program, "demo", "--keep", "--trace", trace])
            {
                RedirectStandardError = true, RedirectStandardOutput = true,
                Environment = { ["TMPDIR"] = temporary, ["DOTNET_EnableDiagnostics"] = "0" },
            };
            using var demo = System.Diagnostics.Process.Start(start)!;
            using var deadline = new CancellationTokenSource(Patience);
            string? line;
            do
                line = await demo.StandardOutput.ReadLineAsync(deadline.Token);
            while (line is not null && !line.StartsWith("node3 ", StringComparison.Ordinal));
            Assert.NotNull(line);
            var page = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
            using var http = new HttpClient();
            Assert.Contains(
                "<title>HotStandby</title>", await http.GetStringAsync(new Uri(page), deadline.Token), StringComparison.Ordinal);
            await EndAsync(demo, "-INT", deadline.Token);
            Assert.Equal(ExitCode.Ok, demo.ExitCode);
            Assert.Equal([trace], Directory.GetFileSystemEntries(temporary));
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static async Task EndAsync(System.Diagnostics.Process demo, string how, CancellationToken stop)
    {
        using var signal = System.Diagnostics.Process.Start("kill", [how, demo.Id.ToString(CultureInfo.InvariantCulture)]);
        await demo.WaitForExitAsync(stop);
    }
}
