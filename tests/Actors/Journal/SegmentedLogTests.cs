// The log on a sound disk: what is appended is read back, across rolls, reopenings and deletes.

using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Actors.Journal;

public sealed class SegmentedLogTests
{
    private readonly MemoryDisk _disk = new();

    [Fact]
    public void A_new_log_is_empty()
    {
        using var log = Logs.Open(_disk);
        Assert.Equal(0, log.HighestSequenceNr);
        Assert.Empty(Logs.Read(log));
        using var again = Logs.Open(_disk.AfterKill());
        Assert.Equal(0, again.HighestSequenceNr);
    }

    [Fact]
    public void Records_survive_rolls_and_reopening()
    {
        using (var log = Logs.Open(_disk))
        {
            for (var i = 0; i < 40; i++)
                Logs.Append(log, 1 + i % 7, bytes: 100);
            Assert.True(log.SegmentCount > 2, "the test must cross segments");
            Assert.Equal(Logs.Range(1, log.HighestSequenceNr), Logs.Read(log));
        }
        using var again = Logs.Open(_disk);
        Assert.Equal(Logs.Range(1, again.HighestSequenceNr), Logs.Read(again));
        Assert.Equal(again.HighestSequenceNr, again.Recovery.Records);
        Logs.Append(again, 3);
        Assert.Equal(Logs.Range(1, again.HighestSequenceNr), Logs.Read(again));
    }

    [Fact]
    public void Every_range_and_limit_is_read_exactly()
    {
        using var log = Logs.Open(_disk);
        for (var i = 0; i < 30; i++)
            Logs.Append(log, 2, bytes: 200);
        for (var from = 1; from <= 61; from++)
            for (var to = from - 1; to <= 62; to += 5)
            {
                Assert.Equal(Logs.Range(from, Math.Min(to, 60)), Logs.Read(log, from, to));
                Assert.Equal(Logs.Range(from, Math.Min(Math.Min(to, 60), from + 2)), Logs.Read(log, from, to, max: 3));
            }
    }

    [Fact]
    public void Several_batches_become_one_write_and_one_flush()
    {
        using var log = Logs.Open(_disk, 1 << 20);
        Logs.Append(log, 1);
        var (writes, flushes) = (_disk.Writes, _disk.Flushes);
        log.Append([Logs.Batch(2, 3), Logs.Batch(5, 1), Logs.Batch(6, 2)], flush: true);
        Assert.Equal((writes + 1, flushes + 1), (_disk.Writes, _disk.Flushes));
        Assert.Equal(Logs.Range(1, 7), Logs.Read(log));
    }

    [Fact]
    public void A_batch_larger_than_a_segment_gets_one_of_its_own()
    {
        using var log = Logs.Open(_disk);
        Logs.Append(log, 1);
        Logs.Append(log, 3, bytes: 300_000);
        Logs.Append(log, 1);
        Assert.Equal(3, log.SegmentCount);
        Assert.Equal(Logs.Range(1, 5), Logs.Read(log));
        using var again = Logs.Open(_disk.AfterKill());
        Assert.Equal(Logs.Range(3, 4), Logs.Read(again, 3, 4));
    }

    [Fact]
    public void A_gap_or_an_unfinished_atomic_write_is_refused_and_harms_nothing()
    {
        using var log = Logs.Open(_disk);
        Logs.Append(log, 2);
        Assert.Throws<ArgumentException>(() => log.Append([Logs.Batch(4, 1)], flush: true));
        Assert.Throws<ArgumentException>(() => log.Append([Logs.Batch(2, 1)], flush: true));
        using var unfinished = new RecordBatch(3);
        unfinished.Add([], [1], FrameKind.Continued);
        Assert.Throws<ArgumentException>(() => log.Append([unfinished], flush: true));
        Logs.Append(log, 1);
        Assert.Equal(Logs.Range(1, 3), Logs.Read(log));
    }

    [Fact]
    public void Deleted_records_stay_deleted_and_their_segments_go()
    {
        using var log = Logs.Open(_disk);
        for (var i = 0; i < 60; i++)
            Logs.Append(log, 1, bytes: 400);
        var segments = log.SegmentCount;
        log.DeleteTo(31);
        Assert.True(log.SegmentCount < segments);
        Assert.Equal(Logs.Range(32, 60), Logs.Read(log));
        log.DeleteTo(7);
        Assert.Equal(31, log.DeletedTo);
        using var again = Logs.Open(_disk.AfterKill());
        Assert.Equal(Logs.Range(32, 60), Logs.Read(again));
        Assert.Equal((31, 60), (again.DeletedTo, again.HighestSequenceNr));
    }

    [Fact]
    public void The_highest_sequenceNr_survives_the_deletion_of_everything()
    {
        using (var log = Logs.Open(_disk))
        {
            for (var i = 0; i < 30; i++)
                Logs.Append(log, 1, bytes: 400);
            log.DeleteTo(long.MaxValue);
            Assert.Equal(1, log.SegmentCount);
            Assert.Empty(Logs.Read(log));
        }
        using var again = Logs.Open(_disk);
        Assert.Equal(30, again.HighestSequenceNr);
        Logs.Append(again, 1);
        Assert.Equal([31], Logs.Read(again));
    }

    [Fact]
    public void A_reader_sees_what_existed_when_it_was_made_even_beside_appends_and_deletes()
    {
        using var log = Logs.Open(_disk);
        for (var i = 0; i < 40; i++)
            Logs.Append(log, 1, bytes: 400);
        using var reader = log.Read(1, long.MaxValue);
        Assert.True(reader.TryRead());
        Logs.Append(log, 5);
        log.DeleteTo(20);
        var seen = new List<long>();
        while (reader.TryRead())
            seen.Add(reader.SequenceNr);
        Assert.Equal(40, seen[^1]);
        Assert.Equal(seen, seen.Order().Distinct());
        Assert.Equal(Logs.Range(21, 40), seen.Where(sequenceNr => sequenceNr > 20));
    }

    [Fact]
    public void A_read_from_the_middle_does_not_read_the_log_from_its_start()
    {
        using var log = Logs.Open(_disk, 1 << 20);
        for (var i = 0; i < 90; i++)
            Logs.Append(log, 10, bytes: 1000);
        var before = _disk.BytesRead;
        Assert.Equal(Logs.Range(600, 610), Logs.Read(log, 600, 610));
        // One chunk of 256 KiB holds the index step before the record and the records; from the start it would take three.
        Assert.InRange(_disk.BytesRead - before, 1, 256 << 10);
    }

    [Fact]
    public void The_bytes_of_a_frame_never_change()
    {
        using var batch = new RecordBatch(0x0102030405060708);
        batch.Add("he"u8, "llo"u8);
        Assert.Equal("0E000000" + "437AA1EE" + "0807060504030201" + "01" + "68656C6C6F", Convert.ToHexString(batch.Frames.Span));
        Assert.Equal(FrameStatus.Sound, JournalFrame.Check(batch.Frames.Span));
    }
}
