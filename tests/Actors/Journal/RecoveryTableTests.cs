// One test a row of the decision table in LogRecovery: what is cut, what is cleaned away, what is damage.
// Damage must also leave every byte as it was found.

using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Actors.Journal;

public sealed class RecoveryTableTests
{
    private static string StatePath => Path.Combine(Logs.Directory, "log.state");

    [Fact]
    public void Row_1_no_segment_and_no_state_is_a_new_log()
    {
        using var log = Logs.Open(new MemoryDisk());
        Assert.Equal(new RecoveryReport(0, 0, 0, null, 0), log.Recovery);
    }

    [Fact]
    public void Row_2_temporary_files_are_removed()
    {
        var disk = ThreeSegments();
        var leftover = Logs.SegmentPath(4) + ".tmp";
        disk.Put(leftover, [1, 2, 3]);
        using var log = Logs.Open(disk);
        Assert.DoesNotContain(leftover, disk.Paths);
        Assert.Equal(Logs.Range(1, 24), Logs.Read(log));
    }

    [Fact]
    public void Row_3_a_torn_tail_is_cut()
    {
        var disk = ThreeSegments();
        var path = Logs.SegmentPath(3);
        disk.Put(path, disk.Bytes(path)[..^5]);
        using var log = Logs.Open(disk);
        Assert.Equal(Logs.Range(1, 23), Logs.Read(log));
        Assert.Equal((path, 400L + JournalFrame.HeaderBytes - 5), (log.Recovery.CutFile, log.Recovery.CutBytes));
        Logs.Append(log, 1);
        using var again = Logs.Open(disk.AfterKill());
        Assert.Equal(Logs.Range(1, 24), Logs.Read(again));
        Assert.Null(again.Recovery.CutFile);
    }

    [Fact]
    public void Row_4_an_unfinished_atomic_write_is_cut_as_a_whole()
    {
        var disk = new MemoryDisk();
        using (var log = Logs.Open(disk))
        {
            Logs.Append(log, 2);
            Logs.Append(log, 4, atomic: true);
        }
        var path = Logs.SegmentPath(1);
        disk.Put(path, disk.Bytes(path)[..^(40 + JournalFrame.HeaderBytes)]); // exactly the last record: nothing is torn
        using var again = Logs.Open(disk);
        Assert.Equal([1, 2], Logs.Read(again));
        Assert.Equal(2, again.HighestSequenceNr);
    }

    [Fact]
    public void Row_5_a_bad_frame_before_a_sound_one_is_damage() =>
        AssertDamaged(DamageKind.BadFrame, disk => Flip(disk, Logs.SegmentPath(3), fromEnd: 500));

    [Fact]
    public void Row_6_a_bad_end_in_a_segment_that_is_not_the_last_is_damage()
    {
        AssertDamaged(DamageKind.BadFrame, disk => Flip(disk, Logs.SegmentPath(2), fromEnd: 10));
        AssertDamaged(DamageKind.BadFrame, disk => disk.Put(Logs.SegmentPath(2), disk.Bytes(Logs.SegmentPath(2))[..^10]));
        // Cut exactly between two records: only the chain can tell.
        AssertDamaged(DamageKind.BrokenChain, disk =>
            disk.Put(Logs.SegmentPath(2), disk.Bytes(Logs.SegmentPath(2))[..^(400 + JournalFrame.HeaderBytes)]));
    }

    [Fact]
    public void Row_7_a_sound_frame_with_another_sequenceNr_is_damage() => AssertDamaged(DamageKind.SequenceGap, disk =>
    {
        using var stranger = Logs.Batch(26, 1);
        disk.Put(Logs.SegmentPath(3), [.. disk.Bytes(Logs.SegmentPath(3)), .. stranger.Frames.ToArray()]);
    });

    [Fact]
    public void Row_8_a_wrong_header_is_damage()
    {
        for (var at = 0; at < 70; at++)
            AssertDamaged(DamageKind.WrongHeader, disk => Flip(disk, Logs.SegmentPath(3), at));
        AssertDamaged(DamageKind.WrongHeader, disk => disk.Put(Logs.SegmentPath(3), disk.Bytes(Logs.SegmentPath(3))[..30]));
        AssertDamaged(DamageKind.WrongHeader, disk => disk.Put(Logs.SegmentPath(4), disk.Bytes(Logs.SegmentPath(3))));
        var other = Logs.Owner with { NodeId = "node2" };
        AssertDamaged(DamageKind.WrongHeader, disk => disk.Put(Logs.SegmentPath(2), ThreeSegments(other).Bytes(Logs.SegmentPath(2))));
        var olderLife = Logs.Owner with { Incarnation = Guid.NewGuid() };
        AssertDamaged(DamageKind.WrongHeader, disk => disk.Put(Logs.SegmentPath(3), ThreeSegments(olderLife).Bytes(Logs.SegmentPath(3))));
        var disk = ThreeSegments();
        Assert.Equal(DamageKind.WrongHeader, Assert.Throws<JournalDamaged>(() =>
            SegmentedLog.Open(disk, Logs.Directory, Logs.Owner, "another-log")).Kind);
    }

    [Fact]
    public void Row_9_a_segment_that_does_not_continue_the_one_before_is_damage() => AssertDamaged(DamageKind.BrokenChain, disk =>
    {
        var other = new MemoryDisk();
        using (var log = Logs.Open(other))
            for (var i = 0; i < 24; i++)
                Logs.Append(log, 1, bytes: i == 8 ? 401 : 400); // same shape, another content in segment 1
        disk.Put(Logs.SegmentPath(1), other.Bytes(Logs.SegmentPath(1)));
    });

    [Fact]
    public void Row_10_a_missing_middle_segment_is_damage()
    {
        AssertDamaged(DamageKind.MissingSegment, disk => disk.Remove(Logs.SegmentPath(2)));
        AssertDamaged(DamageKind.MissingSegment, disk =>
        {
            disk.Put(Logs.SegmentPath(2) + ".renamed", disk.Bytes(Logs.SegmentPath(2)));
            disk.Remove(Logs.SegmentPath(2));
        });
    }

    [Fact]
    public void Row_11_what_lies_below_a_deleted_gap_is_removed()
    {
        var disk = ThreeSegments();
        var first = disk.Bytes(Logs.SegmentPath(1));
        using (var log = Logs.Open(disk))
            log.DeleteTo(20);
        Assert.DoesNotContain(Logs.SegmentPath(2), disk.Paths);
        disk.Put(Logs.SegmentPath(1), first); // its unlinking was lost, that of the second was not
        using var again = Logs.Open(disk);
        Assert.DoesNotContain(Logs.SegmentPath(1), disk.Paths);
        Assert.Equal(Logs.Range(21, 24), Logs.Read(again));
    }

    [Fact]
    public void Row_12_a_missing_first_segment_is_damage_unless_deleted() =>
        AssertDamaged(DamageKind.MissingSegment, disk => disk.Remove(Logs.SegmentPath(1)));

    [Fact]
    public void Row_13_a_missing_last_segment_is_damage()
    {
        AssertDamaged(DamageKind.MissingSegment, disk => disk.Remove(Logs.SegmentPath(3)));
        AssertDamaged(DamageKind.MissingSegment, disk =>
        {
            for (var i = 1; i <= 3; i++)
                disk.Remove(Logs.SegmentPath(i));
        });
    }

    [Fact]
    public void Row_14_a_roll_interrupted_before_its_state_is_completed()
    {
        var disk = ThreeSegments();
        disk.Put(StatePath, StateNaming(newest: 2));
        using (var log = Logs.Open(disk))
            Assert.Equal(Logs.Range(1, 24), Logs.Read(log));
        disk.Remove(Logs.SegmentPath(3));
        Assert.Equal(DamageKind.MissingSegment, Assert.Throws<JournalDamaged>(() => Logs.Open(disk)).Kind);
    }

    [Fact]
    public void Row_15_a_state_older_than_one_roll_is_damage() =>
        AssertDamaged(DamageKind.BadState, disk => disk.Put(StatePath, StateNaming(newest: 1)));

    [Fact]
    public void Row_16_a_missing_or_unreadable_state_is_damage()
    {
        AssertDamaged(DamageKind.BadState, disk => disk.Remove(StatePath));
        AssertDamaged(DamageKind.BadState, disk => disk.Put(StatePath, []));
        var length = ThreeSegments().Bytes(StatePath).Length;
        for (var at = 0; at < length; at++)
            AssertDamaged(DamageKind.BadState, disk => Flip(disk, StatePath, at));
    }

    [Fact]
    public void Row_17_a_floor_above_the_last_record_is_damage()
    {
        var disk = ThreeSegments();
        using (var log = Logs.Open(disk))
            log.DeleteTo(24);
        disk.Put(Logs.SegmentPath(3), disk.Bytes(Logs.SegmentPath(3))[..^5]);
        Assert.Equal(DamageKind.MissingSegment, Assert.Throws<JournalDamaged>(() => Logs.Open(disk)).Kind);
    }

    // 24 records of 400 bytes, nine a segment.
    private static MemoryDisk ThreeSegments(NodeIdentity? owner = null)
    {
        var disk = new MemoryDisk();
        using var log = Logs.Open(disk, owner: owner);
        for (var i = 0; i < 24; i++)
            Logs.Append(log, 1, bytes: 400);
        Assert.Equal(3, log.SegmentCount);
        return disk;
    }

    private static byte[] StateNaming(long newest)
    {
        var disk = new MemoryDisk();
        using var log = Logs.Open(disk);
        while (log.SegmentCount < newest || log.AppendedSequenceNr == 0)
            Logs.Append(log, 1, bytes: 400);
        return disk.Bytes(StatePath);
    }

    private static void Flip(MemoryDisk disk, string path, int at = -1, int fromEnd = 0)
    {
        var bytes = disk.Bytes(path);
        bytes[at >= 0 ? at : bytes.Length - fromEnd] ^= 0x10;
        disk.Put(path, bytes);
    }

    private static void AssertDamaged(DamageKind expected, Action<MemoryDisk> harm)
    {
        var disk = ThreeSegments();
        harm(disk);
        var before = disk.Paths.ToDictionary(path => path, disk.Bytes);
        var damaged = Assert.Throws<JournalDamaged>(() => Logs.Open(disk));
        Assert.Equal(expected, damaged.Kind);
        Assert.StartsWith(Logs.Directory, damaged.File, StringComparison.Ordinal);
        Assert.Equal(before.Keys, disk.Paths);
        Assert.All(before, file => Assert.Equal(file.Value, disk.Bytes(file.Key)));
    }
}
