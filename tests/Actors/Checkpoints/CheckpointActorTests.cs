// Two images of every partition on a disk that is damaged in every way, fails, and loses power: what comes back is the newest that is
// whole and of the log's history, or nothing, and never anything else.
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using HotStandby.Actors.Checkpoints;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Protocol;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using HotStandby.Tests.Actors.Journal;
using HotStandby.Tests.Actors.OpLog;

namespace HotStandby.Tests.Actors.Checkpoints;

public sealed class CheckpointActorTests : TestKit
{
    private static readonly NodeId Node = new("n1");
    private static readonly Partition First = Partition.OfShard(0);
    private static readonly EpochEnd[] History = [new(1, 100), new(3, 200)];

    private readonly MemoryDisk _disk;
    private readonly TestProbe _replica;
    private readonly TestProbe[] _partitions;
    private readonly IActorRef _checkpoints;
    private ulong _life;

    public CheckpointActorTests()
        : this(new MemoryDisk())
    {
    }

    private CheckpointActorTests(MemoryDisk disk)
        : base(BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(
            """
            store { class = "HotStandby.Actors.Checkpoints.FileSnapshotStore, HotStandby.Actors", dir = "/data" }
            akka.test.single-expect-default = 10s
            """).WithFallback(TestSystem.Config)).And(new FileJournalSetup(disk, TimeProvider.System)))
    {
        _disk = disk;
        _replica = CreateTestProbe("replica");
        _partitions = [CreateTestProbe("segments"), CreateTestProbe("shard-0"), CreateTestProbe("shard-1")];
        _checkpoints = _replica.ChildActorOf(
            CheckpointActor.Props(Node, [.. _partitions.Select(probe => probe.Ref)], "store"), new OneForOneStrategy(_ => Directive.Stop));
    }

    [Fact]
    public void A_node_without_checkpoints_begins_empty()
    {
        Assert.Equal(default, RestoreFirst());
        Assert.All(_partitions.Where(probe => probe != _partitions[1]), probe => Assert.Equal(_life, probe.ExpectMsg<ResetPartition>().Life));
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
        Assert.Equal(new RoundEnded(false, 0), _replica.ExpectMsg<RoundEnded>());
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
        _checkpoints.Tell(new ImageReady(asked.Partition, 0, [], VoterRoll.Empty, null), _replica);
        Assert.False(_replica.ExpectMsg<RoundEnded>().IsComplete);
        _checkpoints.Tell(BeginRound.Instance, _replica);
        Assert.Equal(Partition.SegmentTable, _replica.ExpectMsg<RequestImage>().Partition);
    }

    [Fact]
    public void After_a_power_cut_at_any_point_one_of_the_two_is_there()
    {
        SaveTwo();
        AwaitAssert(() => Assert.Equal(2, _disk.Paths.Count()));
        var cut = new List<MemoryDisk>();
        var random = new Random(17);
        _disk.Fault = (_, _) =>
        {
            cut.Add(_disk.AfterPowerCut(random));
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

    // An image at 50 and one at 150, whose bytes are returned.
    private byte[] SaveTwo()
    {
        Save(50);
        Save(150);
        return _disk.Bytes(FileOf(150));
    }

    private void Save(ulong sequence, Partition? of = null)
    {
        var partition = of ?? First;
        _checkpoints.Tell(new SaveImage(partition, sequence, sequence <= 100 ? 1UL : 3UL, ImageOf(partition)), TestActor);
        Assert.Equal(new ImageSaved(partition, sequence, null), ExpectMsg<ImageSaved>());
    }

    // Answers the round's next request.
    private void Give(ulong sequence)
    {
        var partition = _replica.ExpectMsg<RequestImage>().Partition;
        _checkpoints.Tell(new ImageReady(partition, sequence, [new(1, 100), new(3, sequence)], VoterRoll.Empty, ImageOf(partition)), _replica);
    }

    private static ImageWriter ImageOf(Partition partition)
    {
        var image = new ImageWriter();
        if (partition.IsShard)
            new ShardState(partition, 2).WriteImage(image);
        else
            new HotStandby.Core.Segments.SegmentTable().WriteImage(image, 2);
        return image;
    }

    // What the first shard is given: the place of its image, as the actor says and as the shard sees.
    private EpochEnd RestoreFirst(EpochEnd[]? log = null, ulong imagesUpTo = 0)
    {
        _life++;
        _checkpoints.Tell(new RestoreImages(_life, log ?? History, imagesUpTo), _replica);
        var restored = _replica.ExpectMsg<ImagesRestored>();
        Assert.Equal(_life, restored.Life);
        var at = restored.Images[First.Value];
        if (at == default)
        {
            Assert.Equal(_life, _partitions[First.Value].ExpectMsg<ResetPartition>().Life);
        }
        else
        {
            var given = _partitions[First.Value].ExpectMsg<RestorePartition>();
            Assert.Equal((_life, at.LastSequence), (given.Life, given.Sequence));
            Assert.Equal(at.LastSequence, ShardState.FromImage(given.Image.Span, First, 2, given.Sequence).AppliedSequence);
        }

        return at;
    }

    private static string FileOf(ulong sequence, Partition? of = null) => Path.Combine("/data", FileSnapshotStore.DirectoryName, $"checkpoint-n1-{of ?? First}@{sequence:x16}");
}
