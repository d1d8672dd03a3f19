using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Messages.Identity;
using HotStandby.Tests.Actors.OpLog;

namespace HotStandby.Tests.Actors.Replication;

public sealed class CheckpointRoundTests : ReplicaHarness
{
    private const int Mebibyte = 1 << 20;

    [Fact]
    public void A_round_waits_for_half_as_many_bytes_of_log_as_the_images_of_the_last_one()
    {
        Start();
        var reign = Reign();
        Write(reign, 2 * Mebibyte); // more than the setting says
        GiveImages(reign, 2 * Mebibyte);
        Write(reign, 1); // an image that is there already is not kept twice
        Until(() => Ask() is null); // the first round has ended: this is the second
        GiveImages(reign, 2 * Mebibyte);
        Until(() => Report().State.CheckpointSequence > 0);

        Write(reign, 2 * Mebibyte); // the images had six
        Replica.Tell(ReplicaTick.Instance, TestActor);
        Assert.Null(Ask()); // no round had begun
    }

    private void Write(ulong reign, int bytes)
    {
        var drafts = Batches.Draft(1, new byte[bytes]);
        Replica.Tell(new Propose(new Partition(1), reign, drafts, Call: null, Items: 0, ReplyAfter.Commit), Partitions[1]);
        Partitions[1].ExpectMsg<EntriesCommitted>();
    }

    private string? Ask()
    {
        Replica.Tell(new RunNodeCommand(NodeCommand.Checkpoint), TestActor);
        return ExpectMsg<NodeCommandAnswer>().Refusal;
    }

    private void GiveImages(ulong reign, int bytes)
    {
        for (ushort i = 0; i < Partitions.Length; i++)
        {
            var asked = Partitions[i].ExpectMsg<TakeImage>();
            var image = new ImageWriter(bytes);
            image.Raw(new byte[bytes]);
            Replica.Tell(new ImageTaken(new Partition(i), reign, asked, image), Partitions[i]);
        }
    }
}
