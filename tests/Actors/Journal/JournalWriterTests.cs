// The writer loop: group commit, both flush policies, bounds, and the end after a failure.

using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Actors.Journal;

public sealed class JournalWriterTests
{
    private static readonly TimeSpan Deadline = Tests.Deadline.Step;

    private readonly MemoryDisk _disk = new();
    private readonly ManualTime _time = new();
    private readonly List<JournalFailure> _failures = [];

    [Fact]
    public async Task What_waits_while_the_disk_is_busy_is_written_and_flushed_at_once()
    {
        using var writer = Writer(WriterOptions.Default);
        await writer.AppendAsync(Logs.Batch(1, 1)).WaitAsync(Deadline);
        using var busy = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        var held = false;
        _disk.Fault = (call, _) =>
        {
            if (call == DiskCall.Flush && !held)
            {
                held = true;
                busy.Release();
                release.Wait(Deadline);
            }
            return null;
        };
        var first = writer.AppendAsync(Logs.Batch(2, 1));
        Assert.True(await busy.WaitAsync(Deadline));
        var waiting = Enumerable.Range(3, 50).Select(i => writer.AppendAsync(Logs.Batch(i, 1))).ToArray();
        Assert.False(first.IsCompleted);
        release.Set();
        await Task.WhenAll(waiting).WaitAsync(Deadline);
        Assert.Equal(1 + 1 + 1, _disk.Writes - WritesToStart);
        Assert.Equal(Logs.Range(1, 52), Logs.Read(writer.Log));
        Assert.Equal(52, writer.Log.DurableSequenceNr);
    }

    [Fact]
    public async Task Every_batch_is_durable_before_it_completes()
    {
        using var writer = Writer(WriterOptions.Default);
        for (var i = 1; i <= 20; i++)
        {
            await writer.AppendAsync(Logs.Batch(i, 1)).WaitAsync(Deadline);
            using var survivor = Logs.Open(_disk.AfterPowerCut(new Random(i)));
            Assert.Equal(i, survivor.HighestSequenceNr);
        }
    }

    [Fact]
    public async Task With_an_interval_no_caller_waits_for_a_flush()
    {
        using var writer = Writer(WriterOptions.Default with { Flush = FlushPolicy.Interval });
        await writer.AppendAsync(Logs.Batch(1, 1)).WaitAsync(Deadline); // begins a segment
        Assert.True(writer.AppendAsync(Logs.Batch(2, 1)).IsCompletedSuccessfully); // by this thread
        using var busy = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        _disk.Fault = (call, _) =>
        {
            if (call == DiskCall.Flush)
            {
                busy.Release();
                release.Wait(Deadline);
            }
            return null;
        };
        var flushing = Task.Run(() => _time.Advance(WriterOptions.Default.FlushInterval));
        Assert.True(await busy.WaitAsync(Deadline));
        var waiting = writer.AppendAsync(Logs.Batch(3, 1)); // would stand still where a disk takes no write during a flush
        release.Set();
        await waiting.WaitAsync(Deadline);
        await flushing.WaitAsync(Deadline);
        Assert.Equal(Logs.Range(1, 3), Logs.Read(writer.Log));
    }

    [Fact]
    public async Task A_write_that_hangs_on_a_callers_thread_ends_the_journal()
    {
        using var writer = Writer(WriterOptions.Default with { Flush = FlushPolicy.Interval });
        await writer.AppendAsync(Logs.Batch(1, 1)).WaitAsync(Deadline);
        _time.Advance(WriterOptions.Default.FlushInterval);
        using var busy = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        _disk.Fault = (call, _) =>
        {
            if (call == DiskCall.Write)
            {
                busy.Release();
                release.Wait(Deadline);
            }
            return null;
        };
        var hanging = Task.Run(() => writer.AppendAsync(Logs.Batch(2, 1)));
        Assert.True(await busy.WaitAsync(Deadline));
        for (var looks = 0; looks < 12; looks++)
            _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(_failures);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Contains("has not taken an append", Assert.Single(_failures).Reason, StringComparison.Ordinal);
        release.Set();
        await hanging.WaitAsync(Deadline);
    }

    [Fact]
    public async Task With_an_interval_a_power_cut_loses_only_what_was_not_flushed()
    {
        using var writer = Writer(WriterOptions.Default with { Flush = FlushPolicy.Interval });
        await writer.AppendAsync(Logs.Batch(1, 3)).WaitAsync(Deadline);
        Await(() => _time.Armed == 2); // and the timer that looks for a disk that hangs
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(3, writer.Log.DurableSequenceNr);
        await writer.AppendAsync(Logs.Batch(4, 2)).WaitAsync(Deadline);
        Assert.Equal((5, 3), (writer.Log.HighestSequenceNr, writer.Log.DurableSequenceNr));
        var lost = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            using var survivor = Logs.Open(_disk.AfterPowerCut(new Random(seed)));
            Assert.InRange(survivor.HighestSequenceNr, 3, 5);
            lost += survivor.HighestSequenceNr < 5 ? 1 : 0;
        }
        Assert.True(lost > 0, "the test never lost anything, so it proves nothing");
        using var afterKill = Logs.Open(_disk.AfterKill());
        Assert.Equal(5, afterKill.HighestSequenceNr);
    }

    [Fact]
    public async Task With_an_interval_many_appends_share_one_flush_and_an_idle_log_has_none()
    {
        using var writer = Writer(WriterOptions.Default with { Flush = FlushPolicy.Interval });
        await writer.AppendAsync(Logs.Batch(1, 1)).WaitAsync(Deadline);
        var flushes = _disk.Flushes;
        for (var i = 2; i <= 30; i++)
            await writer.AppendAsync(Logs.Batch(i, 1)).WaitAsync(Deadline);
        Await(() => _time.Armed == 2); // and the timer that looks for a disk that hangs
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(flushes, _disk.Flushes);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(flushes + 1, _disk.Flushes);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(flushes + 1, _disk.Flushes);
    }

    [Fact]
    public async Task Closing_finishes_the_queue_and_flushes()
    {
        Task[] appends;
        using (var writer = Writer(WriterOptions.Default with { Flush = FlushPolicy.Interval }))
            appends = [.. Enumerable.Range(1, 100).Select(i => writer.AppendAsync(Logs.Batch(i, 1)))];
        await Task.WhenAll(appends).WaitAsync(Deadline);
        using var survivor = Logs.Open(_disk.AfterPowerCut(new Random(0)));
        Assert.Equal(100, survivor.HighestSequenceNr);
        Assert.Empty(_failures);
    }

    [Theory]
    [InlineData(DiskCall.Write)]
    [InlineData(DiskCall.Flush)]
    internal async Task A_failure_fails_what_waits_and_all_that_follows_and_is_told_once(DiskCall kind)
    {
        using var writer = Writer(WriterOptions.Default);
        await writer.AppendAsync(Logs.Batch(1, 1)).WaitAsync(Deadline);
        _disk.Fault = (call, _) => call == kind ? new IOException("Input/output error") : null;
        await Assert.ThrowsAsync<JournalFailed>(() => writer.AppendAsync(Logs.Batch(2, 1)).WaitAsync(Deadline));
        _disk.Fault = null;
        await Assert.ThrowsAsync<JournalFailed>(() => writer.AppendAsync(Logs.Batch(3, 1)).WaitAsync(Deadline));
        await Assert.ThrowsAsync<JournalFailed>(() => writer.SettledAsync().WaitAsync(Deadline));
        await Assert.ThrowsAsync<JournalFailed>(() => writer.DeleteToAsync(1).WaitAsync(Deadline));
        Assert.Equal([1], Logs.Read(writer.Log));
        Assert.Equal("Input/output error", Assert.Single(_failures).Reason);
    }

    [Fact]
    public async Task A_failed_flush_in_the_background_ends_the_journal_too()
    {
        using var writer = Writer(WriterOptions.Default with { Flush = FlushPolicy.Interval });
        await writer.AppendAsync(Logs.Batch(1, 1)).WaitAsync(Deadline);
        Await(() => _time.Armed == 2); // and the timer that looks for a disk that hangs
        _disk.Fault = (call, _) => call == DiskCall.Flush ? new IOException("Input/output error") : null;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(JournalOperation.Flush, Assert.Single(_failures).Operation);
        await Assert.ThrowsAsync<JournalFailed>(() => writer.AppendAsync(Logs.Batch(2, 1)).WaitAsync(Deadline));
    }

    [Fact]
    public async Task A_full_queue_refuses_and_the_log_goes_on_without_a_gap()
    {
        using var writer = Writer(WriterOptions.Default with { QueueBytes = 500 });
        await writer.AppendAsync(Logs.Batch(1, 1)).WaitAsync(Deadline);
        using var busy = new SemaphoreSlim(0);
        using var release = new ManualResetEventSlim();
        _disk.Fault = (call, _) =>
        {
            if (call == DiskCall.Flush && !release.IsSet)
            {
                busy.Release();
                release.Wait(Deadline);
            }
            return null;
        };
        var first = writer.AppendAsync(Logs.Batch(2, 1));
        Assert.True(await busy.WaitAsync(Deadline));
        var second = writer.AppendAsync(Logs.Batch(3, 1, bytes: 400));
        await Assert.ThrowsAsync<JournalOverloaded>(() => writer.AppendAsync(Logs.Batch(4, 1, bytes: 400)));
        release.Set();
        await Task.WhenAll(first, second).WaitAsync(Deadline);
        await writer.AppendAsync(Logs.Batch(4, 1)).WaitAsync(Deadline);
        Assert.Equal(Logs.Range(1, 4), Logs.Read(writer.Log));
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task A_wrong_sequenceNr_is_refused_and_a_settled_log_tells_its_highest()
    {
        using var writer = Writer(WriterOptions.Default);
        await Assert.ThrowsAsync<ArgumentException>(() => writer.AppendAsync(Logs.Batch(2, 1)));
        var append = writer.AppendAsync(Logs.Batch(1, 4));
        Assert.Equal(4, await writer.SettledAsync().WaitAsync(Deadline));
        Assert.True(append.IsCompletedSuccessfully);
        await writer.DeleteToAsync(2).WaitAsync(Deadline);
        Assert.Equal([3, 4], Logs.Read(writer.Log));
    }

    [Fact]
    public async Task Readers_beside_the_writer_see_growing_whole_prefixes()
    {
        using var writer = Writer(WriterOptions.Default, segmentBytes: 64 << 10);
        using var stop = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            var longest = 0;
            while (!stop.IsCancellationRequested)
            {
                var seen = Logs.Read(writer.Log);
                Assert.Equal(Logs.Range(1, seen.Count), seen);
                Assert.True(seen.Count >= longest);
                longest = seen.Count;
            }
        });
        for (var i = 0; i < 200; i++)
            await writer.AppendAsync(Logs.Batch(1 + i * 5, 5, bytes: 200)).WaitAsync(Deadline);
        await stop.CancelAsync();
        await reader.WaitAsync(Deadline);
        Assert.Equal(1000, Logs.Read(writer.Log).Count);
    }

    // The state, twice (new log, first segment), and the first segment's header.
    private const int WritesToStart = 3;

    private JournalWriter Writer(WriterOptions options, long segmentBytes = 1 << 20) =>
        new(Logs.Open(_disk, segmentBytes), options, _time, _failures.Add);

    private static void Await(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, Deadline));
}
