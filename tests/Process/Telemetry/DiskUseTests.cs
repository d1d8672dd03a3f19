// What the data directory takes, whatever else lies in it.
using HotStandby.Host.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace HotStandby.Tests.Process.Telemetry;

public sealed class DiskUseTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("disk-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void What_may_not_be_read_is_left_out_and_links_are_not_followed()
    {
        Write("logs/a.segment", 1000);
        Write("checkpoints/checkpoint-n1-shard-1@5", 200);
        Write("checkpoints/checkpoint-n1-shard-1@9", 300);
        Write("audit.log", 7);
        var lost = _directory.CreateSubdirectory("lost+found");
        Directory.CreateSymbolicLink(Path.Combine(_directory.FullName, "round"), _directory.FullName);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(lost.FullName, UnixFileMode.None);
        try
        {
            var use = DiskUse.Of(_directory.FullName);
            Assert.Equal((1000, 1507), (use.JournalBytes, use.DataBytes));
            Assert.True(use.FreeBytes > 0);
            Assert.Equal(File.GetLastWriteTimeUtc(Path.Combine(_directory.FullName, "checkpoints/checkpoint-n1-shard-1@9")),
                use.OldestCheckpoint!.Value.UtcDateTime);
        }
        finally
        {
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(lost.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task It_is_measured_in_the_background_and_no_more_often_than_the_interval()
    {
        Write("logs/a.segment", 1000);
        var time = new ManualTime();
        var disk = new DiskWatch(_directory.FullName, NullLogger.Instance, time);
        Assert.Equal(DiskUse.Unknown, disk.Latest); // it is not waited for
        await UntilAsync(() => disk.Latest.JournalBytes == 1000);
        Write("logs/b.segment", 500);
        for (var i = 0; i < 1000; i++)
            Assert.Equal(1000, disk.Latest.JournalBytes);
        time.Advance(DiskWatch.Interval);
        await UntilAsync(() => disk.Latest.JournalBytes == 1500);
    }

    [Fact]
    public async Task A_directory_that_is_gone_is_nothing_and_no_failure()
    {
        var disk = new DiskWatch(Path.Combine(_directory.FullName, "none"), NullLogger.Instance, new ManualTime());
        Assert.Equal(DiskUse.Unknown, disk.Latest);
        await Task.Yield();
        Assert.Equal(DiskUse.Unknown, new DiskWatch(null, NullLogger.Instance, new ManualTime()).Latest);
    }

    private static async Task UntilAsync(Func<bool> reached)
    {
        using var patience = new CancellationTokenSource(Deadline.Step);
        while (!reached())
            await Task.Delay(5, patience.Token);
    }

    private void Write(string path, int bytes)
    {
        var file = new FileInfo(Path.Combine(_directory.FullName, path));
        file.Directory!.Create();
        File.WriteAllBytes(file.FullName, new byte[bytes]);
    }
}
