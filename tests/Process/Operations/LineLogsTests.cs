// The log's own lines, on an output that fails and recovers.
using System.Text;
using System.Text.Json;
using HotStandby.Actors.Settings;
using HotStandby.Host.Logging;
using Microsoft.Extensions.Logging;

namespace HotStandby.Tests.Process.Operations;

public sealed class LineLogsTests
{
    [Theory]
    [InlineData(LogFormat.Text)]
    [InlineData(LogFormat.Json)]
    public void Lost_lines_are_counted_and_said_when_writing_works_again(LogFormat format)
    {
        using var output = new FailingWriter();
        using var logs = new LineLogs(output, format, "n1", TimeProvider.System);
        var log = logs.CreateLogger("Test");
        Write(log, "one");
        output.Fails = true;
        for (var i = 0; i < 5; i++)
            Write(log, "never seen");
        output.Fails = false;
        Write(log, "two");
        Write(log, "three");
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.Contains("one", lines[0], StringComparison.Ordinal);
        Assert.Contains("5 lines of this log could not be written and are lost: no space left", lines[1], StringComparison.Ordinal);
        Assert.Contains("two", lines[2], StringComparison.Ordinal);
        Assert.Contains("three", lines[3], StringComparison.Ordinal);
        if (format == LogFormat.Json)
        {
            var said = JsonDocument.Parse(lines[1]).RootElement;
            Assert.Equal((1005, "LogLinesLost", 5), (said.GetProperty("event").GetInt32(), said.GetProperty("name").GetString(),
                said.GetProperty("values").GetProperty("Lines").GetInt32()));
        }
    }

    [Fact]
    public void An_output_that_fails_again_at_once_loses_nothing_but_the_lines()
    {
        using var output = new FailingWriter { Fails = true };
        using var logs = new LineLogs(output, LogFormat.Text, "n1", TimeProvider.System);
        var log = logs.CreateLogger("Test");
        Write(log, "never seen");
        (output.Fails, output.FailsAfter) = (false, 1);
        Write(log, "never seen"); // what was lost before can be said, this cannot
        output.Fails = false;
        Write(log, "seen");
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.All(lines[..2], static line => Assert.Contains("1 lines of this log", line, StringComparison.Ordinal));
        Assert.EndsWith("seen", lines[2], StringComparison.Ordinal);
    }

    private static void Write(ILogger log, string text) =>
        log.Log(LogLevel.Information, new EventId(1), text, null, static (state, _) => state);

    private sealed class FailingWriter : StringWriter
    {
        public bool Fails { get; set; }

        public int FailsAfter { get; set; } = int.MaxValue;

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value)
        {
            if (Fails || FailsAfter == 0)
            {
                FailsAfter = int.MaxValue;
                throw new IOException("no space left");
            }

            if (FailsAfter != int.MaxValue)
                FailsAfter--;
            base.WriteLine(value);
        }
    }
}
