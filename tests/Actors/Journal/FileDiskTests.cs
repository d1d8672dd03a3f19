// The log on the real file system: whole rounds, and directories copied while the writer was in full flight, which is
// what the end of a process leaves behind.

using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Actors.Journal;

public sealed class FileDiskTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Flush_that_the_operating_system_refuses_is_an_error()
    {
        // fsync of this device is refused with EINVAL.
        using var file = FileDisk.Instance.Open("/dev/null", DiskOpen.Write);
        var error = Assert.Throws<IOException>(file.Flush);
        Assert.Contains("/dev/null", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Appends_rolls_deletes_and_reopens()
    {
        var directory = Path.Combine(_temporary.Path, "log");
        using (var log = Open(directory))
        {
            for (var i = 0; i < 100; i++)
                Logs.Append(log, 3, bytes: 300);
            log.DeleteTo(150);
        }
        File.AppendAllBytes(Directory.EnumerateFiles(directory, "*.segment").Max()!, [1, 2, 3]);
        using var again = Open(directory);
        Assert.Equal(Logs.Range(151, 300), Logs.Read(again));
        Assert.Equal(3, again.Recovery.CutBytes);
    }

    [Fact]
    public void A_missing_file_and_a_missing_directory_are_errors()
    {
        var absent = Path.Combine(_temporary.Path, "absent");
        Assert.Throws<FileNotFoundException>(() => FileDisk.Instance.Open(absent, DiskOpen.Read));
        Assert.Throws<FileNotFoundException>(() => FileDisk.Instance.Open(absent, DiskOpen.Write));
        Assert.Throws<IOException>(() => FileDisk.Instance.FlushDirectory(absent));
        Assert.Empty(FileDisk.Instance.List(absent));
    }

    [Fact]
    public async Task A_directory_copied_at_any_moment_holds_everything_acknowledged_before()
    {
        const int copies = 25;
        const int batches = 1500;
        var directory = Path.Combine(_temporary.Path, "log");
        var failures = new List<JournalFailure>();
        var options = WriterOptions.Default with { Flush = FlushPolicy.Interval };
        using var writer = new JournalWriter(Open(directory, 1 << 20), options, TimeProvider.System, failures.Add);
        long acknowledged = 0;
        var appending = Task.Run(async () =>
        {
            for (var i = 0; i < batches; i++)
            {
                await writer.AppendAsync(Logs.Batch(1 + i * 4, 4, bytes: 50));
                Volatile.Write(ref acknowledged, 4 + i * 4);
            }
        });
        // A copy is not one moment: it must not straddle the creation of a file.
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref acknowledged) > 0, Deadline.Step));
        for (var i = 0; i < copies; i++)
        {
            var before = Volatile.Read(ref acknowledged);
            using var log = Open(_temporary.Copy(directory, $"copy{i}"));
            Assert.InRange(log.HighestSequenceNr, before, 4 * batches);
            Assert.Equal(Logs.Range(1, log.HighestSequenceNr), Logs.Read(log));
        }
        await appending.WaitAsync(Deadline.Step);
        Assert.Empty(failures);
    }

    private static SegmentedLog Open(string directory, long segmentBytes = SegmentedLog.MinSegmentBytes) =>
        SegmentedLog.Open(FileDisk.Instance, directory, Logs.Owner, Logs.Name, segmentBytes);
}
