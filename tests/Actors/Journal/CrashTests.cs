// Random histories of appends, deletes and reopenings, ended by a failure at any disk call and then by the end of the
// process or of the power. The model is the list of acknowledged records; CsCheck shrinks and prints the seed.

using CsCheck;
using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Actors.Journal;

public sealed class CrashTests
{
    private enum Step
    {
        AppendFlushed,
        AppendUnflushed,
        AppendAtomic,
        Flush,
        Delete,
        Reopen,
    }

    private static readonly Gen<(Step Step, int Count, int Bytes)[]> Histories = Gen.Select(
        Gen.Enum<Step>(), Gen.Int[1, 6], Gen.Int[0, 900]).Array[1, 30];

    [Fact]
    public void A_power_cut_after_a_failure_anywhere_loses_nothing_that_was_durable() =>
        Gen.Select(Histories, Gen.Int[0, 120], Gen.Int).Sample((history, failAt, seed) =>
        {
            var world = new World(failAt);
            world.Run(history);
            world.CheckSurvivor(world.Disk.AfterPowerCut(new Random(seed)), world.Durable);
        }, iter: 4000);

    [Fact]
    public void The_end_of_the_process_after_a_failure_anywhere_loses_nothing_that_was_acknowledged() =>
        Gen.Select(Histories, Gen.Int[0, 120]).Sample((history, failAt) =>
        {
            var world = new World(failAt);
            world.Run(history);
            world.CheckSurvivor(world.Disk.AfterKill(), world.Acknowledged);
        }, iter: 2000);

    [Fact]
    public void Writes_that_reach_the_disk_out_of_order_are_never_taken_for_a_whole_log() =>
        Gen.Select(Gen.Int[2, 5], Gen.Int[1, 60], Gen.Int).Sample((batches, bytes, seed) =>
        {
            var disk = new MemoryDisk();
            using var log = Logs.Open(disk);
            for (var i = 0; i < batches; i++)
                Logs.Append(log, 1, bytes, flush: false);
            // One record of the unflushed ones stays zeros while later ones arrived.
            var content = disk.Bytes(Logs.SegmentPath(1));
            var frame = bytes + JournalFrame.HeaderBytes;
            var hole = new Random(seed).Next(batches);
            content.AsSpan(content.Length - (batches - hole) * frame, frame).Clear();
            disk.Put(Logs.SegmentPath(1), content);
            var survivor = disk.AfterKill();
            if (hole == batches - 1)
                Assert.Equal(Logs.Range(1, hole), Logs.Read(Logs.Open(survivor)));
            else
                Assert.Equal(DamageKind.BadFrame, Assert.Throws<JournalDamaged>(() => Logs.Open(survivor)).Kind);
        }, iter: 500);

    [Theory]
    [InlineData(DiskCall.Write)]
    [InlineData(DiskCall.Flush)]
    [InlineData(DiskCall.FlushDirectory)]
    [InlineData(DiskCall.Rename)]
    [InlineData(DiskCall.Create)]
    [InlineData(DiskCall.Delete)]
    internal void After_the_nth_call_of_a_kind_fails_nothing_is_accepted_and_nothing_acknowledged_is_lost(DiskCall kind)
    {
        var failures = 0;
        for (var n = 1; n < 40; n++)
        {
            var disk = new MemoryDisk();
            var log = Logs.Open(disk);
            var calls = 0;
            disk.Fault = (call, path) => call == kind && ++calls == n ? new IOException("No space left on device") : null;
            long acknowledged = 0;
            try
            {
                for (var i = 0; i < 60; i++)
                {
                    Logs.Append(log, 1, bytes: 700);
                    acknowledged = log.HighestSequenceNr;
                    if (i % 10 == 9)
                        log.DeleteTo(acknowledged - 8);
                }
            }
            catch (JournalFailed failed)
            {
                failures++;
                var calledBefore = calls;
                Assert.Equal("No space left on device", failed.Failure.Reason);
                Assert.Throws<JournalFailed>(() => Logs.Append(log, 1));
                Assert.Throws<JournalFailed>(() => log.DeleteTo(acknowledged));
                Assert.Throws<JournalFailed>(() => Logs.Append(log, 1));
                Assert.Equal(failed.Failure, log.Failed!.Failure);
                Assert.Equal(calledBefore, calls);
            }
            Assert.Equal(Logs.Range(log.DeletedTo + 1, acknowledged), Logs.Read(log));
            disk.Fault = null;
            using var again = Logs.Open(disk.AfterPowerCut(new Random(n)));
            Assert.InRange(again.HighestSequenceNr, acknowledged, acknowledged + 1);
        }
        Assert.True(failures > 2, "the fault never struck");
    }

    // A log on a disk that fails at a chosen call, and what its user was told.
    private sealed class World
    {
        public MemoryDisk Disk { get; } = new();

        public long Acknowledged { get; private set; }

        public long Durable { get; private set; }

        private readonly HashSet<long> _floors = [0];
        private readonly Dictionary<long, int> _lengths = [];

        public World(int failAt)
        {
            var calls = 0;
            Disk.Fault = (_, _) => calls++ == failAt ? new IOException("power") : null;
        }

        public void Run((Step Step, int Count, int Bytes)[] history)
        {
            SegmentedLog? log = null;
            try
            {
                log = Logs.Open(Disk);
                foreach (var (step, count, bytes) in history)
                    log = Do(log, step, count, bytes);
            }
            catch (Exception error) when (error is JournalFailed or IOException)
            {
                Assert.True(log?.Failed is not null || error is IOException);
            }
            Disk.Fault = null;
        }

        public void CheckSurvivor(MemoryDisk survivor, long atLeast)
        {
            using var log = Logs.Open(survivor);
            Assert.True(log.HighestSequenceNr >= atLeast, $"{log.HighestSequenceNr} records survive, {atLeast} must");
            Assert.Contains(log.DeletedTo, _floors);
            Assert.True(log.DeletedTo >= _durableFloor, "a delete was forgotten");
            using var reader = log.Read(1, long.MaxValue);
            var expected = log.DeletedTo;
            while (reader.TryRead())
            {
                Assert.Equal(++expected, reader.SequenceNr);
                Assert.Equal(Logs.Payload(expected, _lengths[expected]), reader.Payload.ToArray());
            }
            Assert.Equal(log.HighestSequenceNr, expected);
            Logs.Append(log, 2);
            Assert.Equal(expected + 2, log.HighestSequenceNr);
        }

        private long _durableFloor;

        private SegmentedLog Do(SegmentedLog log, Step step, int count, int bytes)
        {
            switch (step)
            {
                case Step.AppendFlushed or Step.AppendUnflushed or Step.AppendAtomic:
                    for (var i = 1; i <= count; i++)
                        _lengths[log.AppendedSequenceNr + i] = bytes;
                    Logs.Append(log, count, bytes, flush: step != Step.AppendUnflushed, atomic: step == Step.AppendAtomic);
                    Acknowledged = log.HighestSequenceNr;
                    break;
                case Step.Flush:
                    log.FlushNow();
                    break;
                case Step.Delete:
                    var floor = Math.Max(log.DeletedTo, log.HighestSequenceNr - count);
                    _floors.Add(floor);
                    log.DeleteTo(floor);
                    _durableFloor = log.DeletedTo;
                    break;
                case Step.Reopen:
                    log.Dispose();
                    log = Logs.Open(Disk);
                    break;
                default:
                    throw new InvalidOperationException($"no such step: {step}");
            }
            Durable = log.DurableSequenceNr;
            return log;
        }
    }
}
