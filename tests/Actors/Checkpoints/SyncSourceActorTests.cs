// The giving end of a full sync: each node is given the images that were taken for it, few at a time, and none of a state that is wrong.
using Akka.Actor;
using Akka.TestKit;
using HotStandby.Actors.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using HotStandby.Tests.Actors.OpLog;
using HotStandby.Tests.Actors.Segments;

namespace HotStandby.Tests.Actors.Checkpoints;

public sealed class SyncSourceActorTests : ActorTest
{
    private const int Piece = ImageAssembly.PieceBytes;
    private static readonly NodeId Second = new("n2");
    private static readonly NodeId Third = new("n3");
    private static readonly Partition Shard = Partition.OfShard(0);

    private readonly ManualClock _clock = new();
    private readonly TestProbe _replica;
    private IActorRef _source;

    public SyncSourceActorTests()
        : base(TestSystem.Config)
    {
        _replica = CreateTestProbe("replica");
        _source = Start();
    }

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
        _source = Start();
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
            _clock.Advance(TimeSpan.FromMilliseconds(1));
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
        AwaitAssert(() => Assert.False(IsHeld(unasked)));
        _replica.ExpectNoMsg(TimeSpan.Zero);
    }

    private IActorRef Start()
    {
        var firstImage = (ulong)Random.Shared.NextInt64(1, long.MaxValue);
        return _replica.ChildActorOf(
            CellActor.Props(
                outbox => new SyncSourceCell(new NodeId("n1"), firstImage, outbox), TestRoutes.Of([ActorRefs.Nobody], replica: _replica), _clock),
            new OneForOneStrategy(_ => Directive.Stop));
    }

    private void Fetch(NodeId node, Partition partition, ulong imageId = 0, uint offset = 0) => _source.Tell(new FetchImage(new Origin(node, Life.None, 0, false), 0, partition, imageId, offset));

    private NodeId Asked(Partition partition)
    {
        var request = _replica.ExpectMsg<RequestImage>();
        Assert.Equal(partition, request.Partition);
        return request.For;
    }

    private (NodeId To, ImageChunk Of) Told() => Told(chunk => chunk);

    private (NodeId To, T Of) Told<T>(Func<ImageChunk, T> select)
    {
        var send = _replica.ExpectMsg<SendToNode>();
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
