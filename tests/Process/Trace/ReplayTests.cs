// The replay against a master in memory: what it counts, and what it does when answers are lost.
using HotStandby.Lab.Replay;
using HotStandby.Lab.Trace;
using HotStandby.Messages;

namespace HotStandby.Tests.Process.Trace;

public sealed class ReplayTests
{
    private static readonly ReplayOptions OneByOne = new() { Concurrency = 1 };

    [Theory]
    [InlineData(1, 128)]
    [InlineData(2, 128)]
    [InlineData(3, 5)]
    [InlineData(4, 1)]
    public async Task With_one_request_at_a_time_the_hits_are_those_of_a_plain_set(ulong seed, int batch)
    {
        var trace = TraceGenerator.Generate(400, seed).ToArray();
        var (hits, blocks) = HitsOfASet(trace);
        await using var master = new FakeMaster();
        var engine = new ReplayEngine(master, OneByOne with { Batch = batch, BlockBytes = 4096 });

        var report = await engine.RunAsync(trace, CancellationToken.None);

        Assert.Equal((400, blocks, hits, blocks - hits), (report.Requests, report.Blocks, report.Hits, report.Misses));
        Assert.Equal((report.Misses, 0, 0), (report.Stored, report.WrittenByAnother, report.NotStored));
        Assert.Equal(hits / (double)blocks, report.HitRate);
        Assert.Equal(blocks + report.Hits + (2 * report.Misses), report.Operations);
        Assert.Empty(report.Errors);
        Assert.Equal((0, false), (report.Retries, report.GaveUp));
        Assert.Equal(master.CompleteCount, engine.Acknowledged.Count);
        Assert.Equal(4096UL, master.LastSizeBytes);
        Assert.InRange(master.LargestBatch, 1, batch);
        Assert.Equal(master.Calls, report.Latencies.Values.Sum(latency => latency.Calls));
        Assert.All(report.Latencies.Values, latency =>
            Assert.True(latency.MedianMicroseconds <= latency.P99Microseconds && latency.P999Microseconds <= latency.MaximumMicroseconds));
    }

    [Fact]
    public async Task A_block_that_comes_again_in_its_request_is_a_hit_as_in_a_plain_set()
    {
        await using var master = new FakeMaster();
        var report = await new ReplayEngine(master, OneByOne).RunAsync([Request(1, 2, 1), Request(1, 1)], CancellationToken.None);
        Assert.Equal((5, 3, 2, 2), (report.Blocks, report.Hits, report.Misses, report.Stored));
        Assert.Equal((2, 2), (master.CompleteCount, report.Latencies[CallKind.Exist].Calls));
    }

    [Fact]
    public async Task A_block_that_could_not_be_stored_is_missed_again_when_it_comes_again_in_its_request()
    {
        await using var master = new FakeMaster { IsFull = true };
        var report = await new ReplayEngine(master, OneByOne).RunAsync([Request(1, 2, 1)], CancellationToken.None);
        Assert.Equal((3, 0, 3, 3), (report.Blocks, report.Hits, report.Misses, report.NotStored));
    }

    [Theory]
    [InlineData(nameof(CallKind.Exist), 1)]
    [InlineData(nameof(CallKind.PutStart), 2)]
    [InlineData(nameof(CallKind.PutEnd), 3)]
    public async Task A_lost_call_is_repeated_and_its_effect_counted_once(string kind, int number)
    {
        foreach (var fault in (Fault[])[Fault.RequestLost, Fault.AnswerLost, Fault.NotLeading])
        {
            await using var master = new FakeMaster();
            master.Faults = (calledKind, calledNumber) => calledNumber != number
                ? Fault.None
                : calledKind.ToString() == kind ? fault : throw new InvalidOperationException($"call {number} is {calledKind}");
            var engine = new ReplayEngine(master, OneByOne, new SteppedTime());

            var report = await engine.RunAsync([Request(1, 2, 3), Request(1, 2, 3)], CancellationToken.None);

            Assert.Equal((2, 6, 3, 3, 3), (report.Requests, report.Blocks, report.Hits, report.Misses, report.Stored));
            Assert.Equal((1, 0, 0), (report.Retries, report.WrittenByAnother, report.NotStored));
            Assert.Equal(1, Assert.Single(report.Errors).Value);
            Assert.Equal(["block-1", "block-2", "block-3"], engine.Acknowledged.Keys.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Blocks_that_another_client_writes_are_left_to_it()
    {
        await using var master = new FakeMaster();
        master.PutByAnother("block-2");
        var engine = new ReplayEngine(master, OneByOne);
        var report = await engine.RunAsync([Request(1, 2, 3)], CancellationToken.None);
        Assert.Equal((3, 2, 1, 0), (report.Misses, report.Stored, report.WrittenByAnother, report.NotStored));
        Assert.Empty(report.Errors);
        Assert.False(engine.Acknowledged.Contains("block-2"));
    }

    [Fact]
    public async Task A_start_without_answer_that_finds_another_clients_write_does_not_claim_it()
    {
        await using var master = new FakeMaster { Faults = (_, number) => number == 2 ? Fault.AnswerLost : Fault.None };
        master.PutByAnother("block-2");
        var engine = new ReplayEngine(master, OneByOne, new SteppedTime());
        var report = await engine.RunAsync([Request(1, 2, 3)], CancellationToken.None);
        Assert.Equal((3, 2, 1), (report.Misses, report.Stored, report.WrittenByAnother));
        Assert.False(master.IsComplete("block-2"));
        Assert.False(engine.Acknowledged.Contains("block-2"));
    }

    [Fact]
    public async Task A_start_that_is_lost_before_its_end_is_made_anew()
    {
        await using var master = new FakeMaster();
        var dropped = false;
        master.OnPutEnd = key =>
        {
            if (key == "block-2" && !dropped)
                master.Forget(key);
            dropped |= key == "block-2";
        };
        var report = await new ReplayEngine(master, OneByOne).RunAsync([Request(1, 2)], CancellationToken.None);
        Assert.Equal((2, 2, 1), (report.Misses, report.Stored, report.Retries));
        Assert.Equal(1, report.Errors[ErrorCode.ObjectNotFound]);
        Assert.True(master.IsComplete("block-2"));
    }

    [Fact]
    public async Task A_start_that_is_always_lost_is_given_up()
    {
        await using var master = new FakeMaster();
        master.OnPutEnd = master.Forget;
        var report = await new ReplayEngine(master, OneByOne).RunAsync([Request(1)], CancellationToken.None);
        Assert.Equal((1, 0, 1, 2), (report.Misses, report.Stored, report.NotStored, report.Retries));
        Assert.Equal(3, report.Errors[ErrorCode.ObjectNotFound]);
    }

    [Fact]
    public async Task Blocks_without_room_are_counted_by_their_error()
    {
        await using var master = new FakeMaster { IsFull = true };
        var report = await new ReplayEngine(master, OneByOne).RunAsync([Request(1, 2)], CancellationToken.None);
        Assert.Equal((2, 0, 2), (report.Misses, report.Stored, report.NotStored));
        Assert.Equal(2, report.Errors[ErrorCode.NoAvailableHandle]);
    }

    [Fact]
    public async Task The_longest_gap_is_the_outage_and_not_the_pause_between_requests()
    {
        var time = new SteppedTime();
        await using var master = new FakeMaster { Tick = () => time.Advance(TimeSpan.FromMilliseconds(1)) };
        // Calls 4 to 8 find nobody: 1 ms each, with pauses of 20, 40, 80, 160 and 200 ms behind them.
        master.Faults = (_, number) => number is >= 4 and <= 8 ? Fault.NotLeading : Fault.None;
        var engine = new ReplayEngine(master, OneByOne, time);
        IEnumerable<TraceRequest> WithAPause()
        {
            yield return Request(1);
            Assert.True(SpinWait.SpinUntil(() => engine.Progress.Requests == 1, Deadline.Step));
            time.Advance(TimeSpan.FromSeconds(10));
            yield return Request(1);
        }

        var report = await engine.RunAsync(WithAPause(), CancellationToken.None);

        Assert.Equal(TimeSpan.FromMilliseconds(5 + 500 + 1), report.LongestGap);
        Assert.Equal(TimeSpan.FromMilliseconds(3 + 10_000), report.LongestGapAt);
        Assert.Equal(TimeSpan.FromMilliseconds(3 + 10_000 + 506 + 1), report.Duration);
        Assert.Equal((5, 5), (report.Retries, report.Errors[ErrorCode.UnavailableInCurrentMode]));
    }

    [Theory]
    [InlineData(1, 20_000)]
    [InlineData(4, 5_000)]
    [InlineData(0, 0)]
    public async Task The_traces_own_time_is_kept_and_sped_up(double speedUp, int milliseconds)
    {
        await using var master = new FakeMaster();
        var report = await new ReplayEngine(master, OneByOne with { SpeedUp = speedUp }, new SteppedTime())
            .RunAsync([Request(1), Request(2) with { TimestampMilliseconds = 10_000 }, Request(3) with { TimestampMilliseconds = 20_000 }],
                CancellationToken.None);
        Assert.Equal((3, milliseconds), (report.Requests, report.Duration.TotalMilliseconds));
    }

    [Fact]
    public async Task A_cluster_that_never_serves_ends_the_replay()
    {
        var time = new SteppedTime();
        await using var master = new FakeMaster { Faults = (_, number) => number > 3 ? Fault.NotLeading : Fault.None };
        var report = await new ReplayEngine(master, new ReplayOptions { Concurrency = 1, GiveUpAfter = TimeSpan.FromSeconds(5) }, time)
            .RunAsync([Request(1), Request(2), Request(3)], CancellationToken.None);
        Assert.True(report.GaveUp);
        Assert.Equal(1, report.Requests);
        Assert.InRange(report.LongestGap.TotalSeconds, 5, 5.5);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Whatever_is_lost_every_block_is_counted_once_and_nothing_acknowledged_is_missing(int seed)
    {
        var random = new Random(seed);
        await using var master = new FakeMaster { Faults = (_, _) => (Fault)Math.Max(0, random.Next(-6, 4)) };
        // Every request four times in a row, so that they get into each other's way.
        var trace = TraceGenerator.Generate(75, (ulong)seed).SelectMany(request => Enumerable.Repeat(request, 4)).ToArray();
        // The clock goes on with every wait of anybody, also while a busy machine lets one of the sixteen stand: nobody gives up here.
        var patient = new ReplayOptions { Concurrency = 16, Batch = 7, GiveUpAfter = TimeSpan.FromDays(1000) };
        var engine = new ReplayEngine(master, patient, new SteppedTime());

        var report = await engine.RunAsync(trace, CancellationToken.None);

        var (_, blocks) = HitsOfASet(trace);
        Assert.Equal((300, blocks), (report.Requests, report.Blocks));
        Assert.Equal(report.Misses, report.Stored + report.WrittenByAnother + report.NotStored);
        Assert.Equal(0, report.NotStored);
        Assert.Equal((master.CompleteCount, master.CompleteCount), (engine.Acknowledged.Count, report.Stored));
        Assert.True(report is { Retries: > 0, WrittenByAnother: > 0 });
        master.Faults = (_, _) => Fault.None;
        Assert.Empty(await engine.Acknowledged.FindLostAsync(master, CancellationToken.None));
        Assert.Equal((300, report.Operations, report.Stored, report.Retries),
            (engine.Progress.Requests, engine.Progress.Operations, engine.Progress.Acknowledged, engine.Progress.Retries));
    }

    [Fact]
    public async Task A_lost_acknowledged_write_is_found()
    {
        await using var master = new FakeMaster();
        var engine = new ReplayEngine(master, OneByOne);
        await engine.RunAsync([new TraceRequest(0, 1, 1, [.. Enumerable.Range(0, 300).Select(id => (ulong)id)])], CancellationToken.None);
        master.Forget("block-217");
        Assert.Equal(["block-217"], await engine.Acknowledged.FindLostAsync(master, CancellationToken.None));
        master.Faults = (_, _) => Fault.NotLeading;
        await Assert.ThrowsAsync<IOException>(() => engine.Acknowledged.FindLostAsync(master, CancellationToken.None));
    }

    [Fact]
    public async Task A_broken_trace_ends_the_replay_with_its_line()
    {
        await using var master = new FakeMaster();
        static IEnumerable<TraceRequest> Broken()
        {
            yield return Request(1);
            throw new TraceFormatException(2, "not valid JSON at byte 1");
        }
        var error = await Assert.ThrowsAsync<TraceFormatException>(
            () => new ReplayEngine(master, new ReplayOptions()).RunAsync(Broken(), CancellationToken.None));
        Assert.Equal(2, error.Line);
    }

    [Fact]
    public async Task A_replay_ends_when_it_is_cancelled()
    {
        await using var master = new FakeMaster { Wait = cancellation => Task.Delay(Timeout.Infinite, cancellation) };
        using var cancellation = new CancellationTokenSource();
        var running = new ReplayEngine(master, new ReplayOptions()).RunAsync(TraceGenerator.Generate(100, 1), cancellation.Token);
        Assert.False(running.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_client_that_throws_is_a_bug_that_is_not_hidden()
    {
        await using var master = new FakeMaster { Tick = () => throw new InvalidTimeZoneException() };
        await Assert.ThrowsAsync<InvalidTimeZoneException>(
            () => new ReplayEngine(master, new ReplayOptions()).RunAsync(TraceGenerator.Generate(100, 1), CancellationToken.None));
    }

    private static TraceRequest Request(params ulong[] ids) => new(0, 512, 1, ids);

    private static (long Hits, long Blocks) HitsOfASet(IEnumerable<TraceRequest> trace)
    {
        var present = new HashSet<ulong>();
        var (hits, blocks) = (0L, 0L);
        foreach (var request in trace)
        {
            blocks += request.HashIds.Length;
            hits += request.HashIds.Count(id => !present.Add(id));
        }
        return (hits, blocks);
    }
}
