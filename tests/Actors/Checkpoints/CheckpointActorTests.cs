// Two images of every partition on a disk that is damaged in every way, fails, and loses power: what comes back is the newest that is
// whole and of the log's history, or nothing, and never anything else.
using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using HotStandby.Actors.Cells;
using HotStandby.Actors.Checkpoints;
using HotStandby.Actors.Journal;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using HotStandby.Tests.Actors.OpLog;

namespace HotStandby.Tests.Actors.Checkpoints;

public sealed class CheckpointActorTests : ActorTest
{
    private static readonly NodeId Node = new("n1");
    private static readonly Partition First = Partition.OfShard(0);
    private static readonly EpochEnd[] History = [new(1, 100), new(3, 200)];

    private readonly MemoryDisk _disk;
    private readonly TestProbe _replica;
    private readonly TestProbe[] _partitions;
    private readonly IActorRef _checkpoints;
    private ulong _stateNumber;
    private ulong _unreadable; // the partitions say so of an image of this seq

    public CheckpointActorTests()
        : this(new MemoryDisk())
    {
    }

    private CheckpointActorTests(MemoryDisk disk, string more = "")
        : base(ConfigurationFactory.ParseString(
            $$"""
            store { class = "HotStandby.Actors.Checkpoints.FileSnapshotStore, HotStandby.Actors", dir = "/data" }
            {{more}}
            """).WithFallback(TestSystem.Config), new FileJournalSetup(disk, TimeProvider.System))
    {
        _disk = disk;
        _replica = CreateTestProbe("replica");
        _partitions = [CreateTestProbe("segments"), CreateTestProbe("shard-0"), CreateTestProbe("shard-1")];
        for (ushort i = 0; i < _partitions.Length; i++)
        {
            var partition = new Partition(i);
            _partitions[i].SetAutoPilot(new DelegateAutoPilot((asker, message) =>
            {
                if (message is RestorePartition restore)
                    asker.Tell(new PartitionRestored(
                        partition, restore.StateNumber, restore.Sequence == _unreadable ? "the digest differs" : ""));
                else if (message is ResetPartition reset)
                    asker.Tell(new PartitionRestored(partition, reset.StateNumber, ""));
                return AutoPilot.KeepRunning;
            }));
        }

        var routes = TestRoutes.Of([_partitions[1], _partitions[2]], segments: _partitions[0], replica: _replica);
        routes.Snapshots = _replica.ChildActorOf(SnapshotsActor.Props(Node, "store"), new OneForOneStrategy(_ => Directive.Stop));
        routes.Checkpoints = _checkpoints = _replica.ChildActorOf(
            CellActor.Props(outbox => new CheckpointCell(_partitions.Length, outbox), routes, TimeProvider.System),
            new OneForOneStrategy(_ => Directive.Stop));
    }

    [Fact]
    public void A_node_without_checkpoints_begins_empty()
    {
        Assert.Equal(default, RestoreFirst());
        Assert.All(_partitions.Where(probe => probe != _partitions[1]), probe =>
            Assert.Equal(_stateNumber, probe.ExpectMsg<ResetPartition>().StateNumber));
    }

    [Fact]
    public void The_newest_image_is_restored_and_two_are_kept()
    {
        foreach (var sequence in (ulong[])[10, 110, 150])
            Save(sequence);
        Assert.Equal(new EpochEnd(3, 150), RestoreFirst());
        AwaitAssert(() => Assert.Equal([FileOf(110), FileOf(150)], _disk.Paths));
    }

    [Fact]
    public void An_image_that_is_cut_anywhere_gives_way_to_the_older_one()
    {
        var whole = SaveTwo();
        for (var length = 0; length < whole.Length; length++)
        {
            _disk.Put(FileOf(150), whole[..length]);
            Assert.Equal(new EpochEnd(1, 50), RestoreFirst());
        }
    }

    [Fact]
    public void An_image_with_any_bit_flipped_gives_way_to_the_older_one()
    {
        var whole = SaveTwo();
        for (var bit = 0; bit < whole.Length * 8; bit += 7)
        {
            var damaged = (byte[])whole.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            _disk.Put(FileOf(150), damaged);
            Assert.Equal(new EpochEnd(1, 50), RestoreFirst());
        }
    }

    [Fact]
    public void Both_damaged_is_as_none()
    {
        SaveTwo();
        _disk.Put(FileOf(50), []);
        _disk.Put(FileOf(150), [1, 2, 3]);
        Assert.Equal(default, RestoreFirst());
    }

    [Fact]
    public void An_image_of_another_partition_or_seq_is_not_taken_for_this_one()
    {
        var whole = SaveTwo();
        _disk.Remove(FileOf(150));
        _disk.Put(FileOf(160), whole); // renamed
        Assert.Equal(new EpochEnd(1, 50), RestoreFirst());
        Save(170, Partition.OfShard(1));
        _disk.Put(FileOf(170), _disk.Bytes(FileOf(170, Partition.OfShard(1)))); // swapped
        Assert.Equal(new EpochEnd(1, 50), RestoreFirst());
    }

    [Fact]
    public void An_image_of_another_history_than_the_logs_is_passed_over()
    {
        SaveTwo();
        Assert.Equal(new EpochEnd(1, 50), RestoreFirst([new(1, 100), new(2, 200)])); // 150 was of epoch 3
        Assert.Equal(new EpochEnd(1, 50), RestoreFirst([new(1, 100), new(3, 149)])); // ahead of the log
        Assert.Equal(new EpochEnd(3, 150), RestoreFirst([new(1, 100), new(3, 149)], imagesUpTo: 150)); // unless a full sync brought it
        Assert.Equal(default, RestoreFirst([]));
    }

    [Fact]
    public void A_disk_that_fails_costs_the_round_and_nothing_that_was_there()
    {
        SaveTwo();
        _disk.Fault = (_, path) => path.Contains("shard-0", StringComparison.Ordinal) ? new IOException("No space left on device") : null;
        _checkpoints.Tell(BeginRound.Instance, _replica);
        Give(180);
        Give(180);
        Assert.True(_replica.ExpectMsg<RoundEnded>() is { IsComplete: false, OlderSequence: 0 });
        _disk.Fault = null;
        Assert.Equal(new EpochEnd(3, 150), RestoreFirst());
        foreach (var sequence in (ulong[])[190, 200])
        {
            _checkpoints.Tell(BeginRound.Instance, _replica);
            for (var i = 0; i < _partitions.Length; i++)
                Give(sequence);
            Assert.True(_replica.ExpectMsg<RoundEnded>() is { IsComplete: true } ended && (sequence < 200 || ended.OlderSequence == 190));
        }
    }

    [Fact]
    public void A_round_that_gets_no_image_ends_and_the_next_one_begins_anew()
    {
        _checkpoints.Tell(BeginRound.Instance, _replica);
        var asked = _replica.ExpectMsg<RequestImage>();
        _checkpoints.Tell(new ImageReady(asked.Partition, NodeId.None, 0, [], VoterRoll.Empty, null), _replica);
        Assert.False(_replica.ExpectMsg<RoundEnded>().IsComplete);
        _checkpoints.Tell(BeginRound.Instance, _replica);
        Assert.Equal(Partition.SegmentTable, _replica.ExpectMsg<RequestImage>().Partition);
    }

    [Fact]
    public void After_a_power_cut_at_any_point_one_of_the_two_is_there()
    {
        SaveTwo();
        AwaitAssert(() => Assert.Equal(2, _disk.Paths.Count()));
        var cut = new ConcurrentQueue<MemoryDisk>(); // the older image is deleted meanwhile
        var random = new Random(17);
        _disk.Fault = (_, _) =>
        {
            cut.Enqueue(_disk.AfterPowerCut(random));
            return null;
        };
        Save(180);
        _disk.Fault = null;
        Assert.True(cut.Count >= 3, "the save was to be cut at its write, its flush and its rename");
        foreach (var disk in cut)
        {
            using var after = new CheckpointActorTests(disk);
            Assert.Contains(after.RestoreFirst(), (EpochEnd[])[new(3, 150), new(3, 180)]);
        }
    }

    [Fact]
    public void An_image_of_a_sync_replaces_one_of_the_same_seq()
    {
        SaveTwo();
        var brought = Save(150, nextReplica: 7, isForSync: true);
        var images = KeepOnly(brought);
        Assert.Equal([FileOf(150)], FilesOfFirst);
        Assert.Equal(brought, RestoreFirst(History, 0, images));
        Assert.Equal(brought, RestoreFirst(History, 0, null));
    }

    [Fact]
    public void A_state_that_was_repaired_in_place_is_saved_again_under_its_seq_and_the_older_image_stays()
    {
        SaveTwo();
        var repaired = Save(150, nextReplica: 7);
        Assert.Equal([FileOf(50), FileOf(150)], FilesOfFirst);
        Assert.Equal(repaired, RestoreFirst(History, 0, null));
    }

    [Fact]
    public void What_a_sync_has_brought_is_restored_and_not_what_was_newer_before()
    {
        SaveTwo();
        var brought = Save(80, nextReplica: 7, isForSync: true);
        Assert.Equal([FileOf(50), FileOf(80), FileOf(150)], FilesOfFirst); // until all of it is here
        var images = KeepOnly(brought);
        Assert.Equal([FileOf(80)], FilesOfFirst);
        Assert.Equal(brought, RestoreFirst(History, 0, images));
        foreach (var cut in Enumerable.Range(0, 20))
        {
            using var after = new CheckpointActorTests(_disk.AfterPowerCut(new Random(cut)));
            Assert.Equal(brought, after.RestoreFirst(History, 0, null));
        }
    }

    [Fact]
    public void What_is_not_what_the_sync_has_brought_is_not_restored_in_its_place()
    {
        var images = KeepOnly(Save(80, nextReplica: 7, isForSync: true));
        Save(80, nextReplica: 8, isForSync: true);
        Assert.Equal(default, RestoreFirst(History, 0, images));
        _disk.Remove(FileOf(80));
        Save(70, nextReplica: 7, isForSync: true);
        Assert.Equal(default, RestoreFirst(History, 0, images));
    }

    [Fact]
    public void An_image_that_comes_late_costs_the_round_and_deletes_nothing()
    {
        SaveTwo();
        Assert.Contains("comes after that at 150", TrySave(120).Failure, StringComparison.Ordinal);
        Assert.Equal([FileOf(50), FileOf(150)], FilesOfFirst);
        Save(160);
        AwaitAssert(() => Assert.Equal([FileOf(150), FileOf(160)], FilesOfFirst));
    }

    [Fact]
    public void A_save_that_fails_leaves_the_image_of_the_same_seq_and_nothing_else()
    {
        var whole = SaveTwo();
        foreach (var call in (DiskCall[])[DiskCall.Create, DiskCall.Write, DiskCall.Flush, DiskCall.Rename])
        {
            _disk.Fault = (asked, path) => asked == call && path.Contains('@') ? new IOException("No space left on device") : null;
            Assert.Contains("No space left", TrySave(150, nextReplica: 7, isForSync: true).Failure, StringComparison.Ordinal);
            _disk.Fault = null;
            Assert.Equal(new EpochEnd(3, 150), RestoreFirst());
            Assert.Equal([FileOf(50), FileOf(150)], FilesOfFirst);
            Assert.Equal(whole, _disk.Bytes(FileOf(150)));
        }
    }

    [Fact]
    public void A_save_that_the_circuit_breaker_gave_up_on_keeps_its_bytes_and_does_not_end_late()
    {
        SaveTwo();
        using var impatient = new CheckpointActorTests(_disk.AfterKill(), "store.circuit-breaker.call-timeout = 200ms");
        Assert.Equal(new EpochEnd(3, 150), impatient.RestoreFirst());
        impatient.GiveUpOnASave();
    }

    private void GiveUpOnASave()
    {
        using var slow = new ManualResetEventSlim();
        _disk.Fault = (call, path) =>
        {
            if (call == DiskCall.Write && path.Contains('@'))
                slow.Wait();
            return null;
        };
        var image = ImageOf(First, nextReplica: 7);
        var stamp = new ImageStamp(160, 3, PartitionImage.HashOf(image.Written.Span));
        _checkpoints.Tell(new SaveImage(First, stamp, image, Sync: 0), TestActor);
        Assert.NotNull(ExpectMsg<ImageSaved>().Failure);
        Assert.Equal(stamp.Hash, PartitionImage.HashOf(image.Written.Span)); // still this image's: the store may be reading it
        _disk.Fault = null;
        slow.Set();
        // Behind the one that was given up. On a busy machine some of these may be given up, too.
        ulong next = 170;
        Until(() => TrySave(next++).Failure is null);
        AwaitAssert(() => Assert.Equal([FileOf(150), FileOf(next - 1)], FilesOfFirst));
    }

    [Fact]
    public void An_image_that_its_partition_does_not_understand_gives_way_to_the_older_one()
    {
        SaveTwo();
        _unreadable = 150;
        Assert.Equal(new EpochEnd(1, 50), RestoreFirst());
    }

    [Fact]
    public void Files_that_are_no_checkpoints_and_those_that_cannot_be_read_are_skipped()
    {
        var whole = SaveTwo();
        foreach (var name in (string[])["96", "00000000000000A0", "-000000000000001", "fffffffffffffffe", "00000000000000a0.tmp", ""])
            _disk.Put(FileOf(0)[..^16] + name, whole);
        Assert.Equal(new EpochEnd(3, 150), RestoreFirst());
        Save(180);
        // left by a process that ended
        AwaitAssert(() => Assert.DoesNotContain(FilesOfFirst, path => path.EndsWith(".tmp", StringComparison.Ordinal)));
    }

    // An image at 50 and one at 150, whose bytes are returned.
    private byte[] SaveTwo()
    {
        Save(50);
        Save(150);
        return _disk.Bytes(FileOf(150));
    }

    private ImageStamp Save(ulong sequence, Partition? of = null, ulong nextReplica = 1, bool isForSync = false)
    {
        var (stamp, failure) = TrySave(sequence, of, nextReplica, isForSync);
        Assert.Null(failure);
        return stamp;
    }

    private (ImageStamp Stamp, string? Failure) TrySave(ulong sequence, Partition? of = null, ulong nextReplica = 1, bool isForSync = false)
    {
        var (partition, sync) = (of ?? First, isForSync ? 5UL : 0UL);
        var image = ImageOf(partition, nextReplica);
        var stamp = new ImageStamp(sequence, sequence <= 100 ? 1UL : 3UL, PartitionImage.HashOf(image.Written.Span));
        _checkpoints.Tell(new SaveImage(partition, stamp, image, sync), TestActor);
        var saved = ExpectMsg<ImageSaved>();
        Assert.Equal((partition, sync), (saved.Partition, saved.Sync));
        return (stamp, saved.Failure);
    }

    // Answers the round's next request.
    private void Give(ulong sequence)
    {
        var partition = _replica.ExpectMsg<RequestImage>().Partition;
        _checkpoints.Tell(new ImageReady(partition, NodeId.None, sequence, [new(1, 100), new(3, sequence)], VoterRoll.Empty,
            ImageOf(partition)), _replica);
    }

    // Two images of one seq differ when the next replica's number does.
    private static ImageWriter ImageOf(Partition partition, ulong nextReplica = 1)
    {
        var image = new ImageWriter();
        if (partition.IsShard)
        {
            PartitionImage.Begin(image, new ImageHead(partition, 2, new ShardState(partition, 2).Digest));
            image.UInt64(nextReplica);
            image.Raw(new byte[20]); // no parked put, no object, no transfer
            PartitionImage.End(image);
        }
        else
            new HotStandby.Core.Segments.SegmentTable().WriteImage(image, 2);
        return image;
    }

    // What the first shard is given: the place of its image, as the actor says and as the shard sees.
    private EpochEnd RestoreFirst(EpochEnd[]? log = null, ulong imagesUpTo = 0)
    {
        var image = RestoreFirst(log ?? History, imagesUpTo, null);
        return new EpochEnd(image.Epoch, image.Sequence);
    }

    private ImageStamp RestoreFirst(EpochEnd[] log, ulong imagesUpTo, ImageStamp[]? only)
    {
        _stateNumber++;
        _checkpoints.Tell(new RestoreImages(_stateNumber, log, imagesUpTo, only), _replica);
        var restored = _replica.ExpectMsg<ImagesRestored>();
        Assert.Equal(_stateNumber, restored.StateNumber);
        var at = restored.Images[First.Value];
        var message = _partitions[First.Value].FishForMessage(
            message => message is not RestorePartition { Sequence: var sequence } || sequence != _unreadable);
        if (at.IsNone)
        {
            Assert.Equal(_stateNumber, Assert.IsType<ResetPartition>(message).StateNumber);
        }
        else
        {
            var given = Assert.IsType<RestorePartition>(message);
            Assert.Equal((_stateNumber, at.Sequence), (given.StateNumber, given.Sequence));
            Assert.Equal(at.Hash, PartitionImage.HashOf(given.Image.Span));
            Assert.Equal(at.Sequence, ShardState.FromImage(given.Image.Span, First, 2, given.Sequence).AppliedSequence);
        }

        return at;
    }

    // A full sync is complete that has brought this image of the first shard, and one of each other partition.
    private ImageStamp[] KeepOnly(ImageStamp first)
    {
        ImageStamp[] images = [Save(90, Partition.SegmentTable, isForSync: true), first, Save(90, Partition.OfShard(1), isForSync: true)];
        _checkpoints.Tell(new KeepOnly(++_stateNumber, images), _replica);
        Assert.Equal(_stateNumber, _replica.ExpectMsg<OnlyKept>().StateNumber);
        return images;
    }

    private IEnumerable<string> FilesOfFirst => _disk.Paths.Where(path => path.Contains($"-{First}@", StringComparison.Ordinal));

    private static string FileOf(ulong sequence, Partition? of = null) =>
        Path.Combine("/data", FileSnapshotStore.DirectoryName, $"checkpoint-n1-{of ?? First}@{sequence:x16}");
}
