// The giving end of full syncs: each node is given the images that were taken for it, few at a time, and none of a state that is wrong.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Checkpoints;

public sealed class SyncSourceCellTests
{
    private const int Piece = ImageAssembly.PieceBytes;
    private static readonly NodeId Second = new("n2");
    private static readonly NodeId Third = new("n3");
    private static readonly Partition Shard = Partition.OfShard(0);

    private DrivenCell _source = Start(firstImage: 70);

    [Fact]
    public void Answers_in_another_order_than_the_questions_reach_their_nodes()
    {
        Fetch(Second, Shard);
        Fetch(Third, Shard);
        Assert.Equal([Second, Third], [Asked(Shard), Asked(Shard)]);
        _source.Tell(new ImageReady(Shard, Third, 0, [], VoterRoll.Empty, null));
        Assert.Equal((Third, 0UL), Told(chunk => chunk.ImageId));
        _source.Tell(new ImageReady(Shard, Second, 80, [new(3, 80)], VoterRoll.Empty, ImageOf(10)));
        Assert.Equal((Second, 80UL), Told(chunk => chunk.Sequence));
    }

    [Fact]
    public void A_piece_of_an_image_that_is_gone_is_answered_with_a_new_image()
    {
        var first = Give(Second, Shard, 80);
        Fetch(Second, Shard, first.ImageId, Piece);
        Assert.Equal((Second, (first.ImageId, (uint)Piece)), Told(chunk => (chunk.ImageId, chunk.Offset)));
        var again = Give(Second, Shard, 90); // the node was restarted
        Assert.NotEqual(first.ImageId, again.ImageId);
        Fetch(Second, Shard, first.ImageId, Piece); // its earlier life's question comes late
        Assert.Equal((Second, (again.ImageId, 0U)), Told(chunk => (chunk.ImageId, chunk.Offset)));
        Fetch(Second, Shard, again.ImageId, uint.MaxValue - 5); // beyond the end
        Assert.Equal((Second, (again.ImageId, 0U)), Told(chunk => (chunk.ImageId, chunk.Offset)));
    }

    [Fact]
    public void An_image_of_an_earlier_life_of_the_source_is_never_taken_for_one_of_this()
    {
        var first = Give(Second, Shard, 80);
        _source = Start(firstImage: 7_000_000_000); // drawn at random
        Fetch(Second, Shard, first.ImageId, Piece);
        Assert.Equal(Second, Asked(Shard));
        _source.Tell(new ImageReady(Shard, Second, 80, [new(3, 80)], VoterRoll.Empty, ImageOf(Piece)));
        var (_, chunk) = Told();
        Assert.Equal(0U, chunk.Offset);
        Assert.NotEqual(first.ImageId, chunk.ImageId);
    }

    [Fact]
    public void A_node_that_asks_for_everything_at_once_has_few_images_held_for_it()
    {
        var images = new List<ImageWriter>();
        for (ushort i = 0; i < 100; i++)
        {
            _source.Pass(TimeSpan.FromMilliseconds(1));
            var image = ImageOf(10);
            images.Add(image);
            Give(Second, new Partition(i), 80, image);
        }

        Assert.Equal(8, images.Count(IsHeld));
        Assert.True(IsHeld(images[^1]));
        Give(Third, Shard, 80, ImageOf(10)); // another node's do not count
        Assert.Equal(8, images.Count(IsHeld));
    }

    [Fact]
    public void Images_of_a_wrong_state_and_those_that_nobody_asked_for_are_not_given()
    {
        var image = ImageOf(Piece);
        var first = Give(Second, Shard, 80, image);
        _source.Tell(ForgetImages.Instance);
        Fetch(Second, Shard, first.ImageId, Piece);
        Assert.Equal(Second, Asked(Shard));
        Assert.False(IsHeld(image));
        _source.Tell(new ImageReady(Shard, Second, 0, [], VoterRoll.Empty, null));
        Assert.Equal((Second, 0UL), Told(chunk => chunk.ImageId));
        var unasked = ImageOf(10);
        _source.Tell(new ImageReady(Shard, Third, 90, [new(3, 90)], VoterRoll.Empty, unasked));
        Assert.False(IsHeld(unasked));
        _source.ExpectNothing(CellAddress.Replica);
    }

    [Fact]
    public void Images_that_no_node_asks_for_any_more_are_given_back_and_the_timer_ends_with_the_last()
    {
        var (first, second) = (ImageOf(10), ImageOf(10));
        Assert.Null(_source.Timer);
        Give(Second, Shard, 80, first);
        Assert.NotNull(_source.Timer);
        _source.Pass(TimeSpan.FromSeconds(10));
        Give(Third, Shard, 80, second);
        _source.Pass(TimeSpan.FromSeconds(5));
        Assert.True(IsHeld(first));
        _source.Pass(TimeSpan.FromTicks(1));
        Assert.False(IsHeld(first));
        Assert.True(IsHeld(second));
        Assert.NotNull(_source.Timer);
        _source.Pass(TimeSpan.FromSeconds(10));
        Assert.False(IsHeld(second));
        Assert.Null(_source.Timer);
        Give(Second, Shard, 90);
        Assert.NotNull(_source.Timer);
        _source.Tell(ForgetImages.Instance);
        Assert.Null(_source.Timer);
    }

    private static DrivenCell Start(ulong firstImage) => new(outbox => new SyncSourceCell(new NodeId("n1"), firstImage, outbox));

    private void Fetch(NodeId node, Partition partition, ulong imageId = 0, uint offset = 0) =>
        _source.Tell(new FetchImage(new Origin(node, Life.None, 0, false), 0, partition, imageId, offset));

    private NodeId Asked(Partition partition)
    {
        var request = _source.Expect<RequestImage>(CellAddress.Replica);
        Assert.Equal(partition, request.Partition);
        return request.For;
    }

    private (NodeId To, ImageChunk Of) Told() => Told(chunk => chunk);

    private (NodeId To, T Of) Told<T>(Func<ImageChunk, T> select)
    {
        var send = _source.Expect<SendToNode>(CellAddress.Replica);
        return (send.To, select(Assert.IsType<ImageChunk>(send.Message)));
    }

    private ImageChunk Give(NodeId node, Partition partition, ulong sequence, ImageWriter? image = null)
    {
        Fetch(node, partition);
        Assert.Equal(node, Asked(partition));
        _source.Tell(new ImageReady(partition, node, sequence, [new(3, sequence)], VoterRoll.Empty, image ?? ImageOf(Piece)));
        var (to, chunk) = Told();
        Assert.Equal((node, sequence, 0U), (to, chunk.Sequence, chunk.Offset));
        return chunk;
    }

    private static ImageWriter ImageOf(int contentBytes)
    {
        var image = new ImageWriter();
        PartitionImage.Begin(image, new ImageHead(Shard, 1, default));
        image.Raw(new byte[contentBytes]);
        PartitionImage.End(image);
        return image;
    }

    private static bool IsHeld(ImageWriter image)
    {
        try
        {
            return !image.Written.IsEmpty;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }
}
