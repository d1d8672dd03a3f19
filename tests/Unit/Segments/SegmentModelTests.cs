// Random commands on a Primary's segment table: every answer and every state as in a naive model, and on a Standby that
// replays the log the same table, from which a new reign makes the same space.
using CsCheck;
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

public sealed class SegmentModelTests
{
    private enum Command
    {
        Mount, ReMount, Unmount, Graceful, Drain, Drained, Undrain, Erase, Commit, Ping, Wait, LongWait, Place, PlaceMore, Release,
    }

    private static readonly Gen<List<(Command Command, int Client, int Segment)>> Commands =
        Gen.Select(Gen.Enum<Command>(), Gen.Int[1, 2], Gen.Int[1, 6]).List[0, 80];

    [Fact]
    public void Leader_answers_as_the_naive_model_and_a_replayed_log_gives_an_equal_table_and_space() => Commands.Sample(commands =>
    {
        var (primary, model) = (new Reign(), new NaiveSegments());
        foreach (var (command, client, segment) in commands)
        {
            Take(primary, model, command, client, segment);
            MustAgree(primary, model);
        }

        primary.Commit();
        model.Commit();
        MustAgree(primary, model);
        var standby = new SegmentTable();
        for (var i = 0; i < primary.Log.Count; i++)
        {
            if (i == primary.Log.Count / 2)
                standby = ThroughImage(standby); // a checkpoint and the log behind it give what the whole log gives
            foreach (var entry in primary.Log[i])
                standby.Apply(entry);
        }

        Assert.Equal(
            (primary.Table.Digest, primary.Table.AppliedSequence, primary.Table.NextHandle),
            (standby.Digest, standby.AppliedSequence, standby.NextHandle));
        Assert.Equal(model.Segments, standby.All.OrderBy(segment => segment.Handle));
        var next = new Reign(standby, [.. model.Live]);
        Assert.Equal(
            (primary.Leader.Space.CapacityBytes, primary.Leader.Space.UsedBytes),
            (next.Leader.Space.CapacityBytes, next.Leader.Space.UsedBytes));
        Assert.Equal(OpenNames(primary), OpenNames(next));
        foreach (var segment in model.Segments)
        {
            Assert.Equal(
                primary.Leader.Space.Allocator(segment.Handle)?.LargestFreeBytes,
                next.Leader.Space.Allocator(segment.Handle)?.LargestFreeBytes);
        }
    });

    private static SegmentTable ThroughImage(SegmentTable table)
    {
        using var image = new HotStandby.Core.Checkpoints.ImageWriter();
        table.WriteImage(image, shards: 4);
        return SegmentTable.FromImage(image.Written.Span, shards: 4, table.AppliedSequence);
    }

    private static void Take(Reign primary, NaiveSegments model, Command command, int client, int segment)
    {
        var offered = Offered(segment);
        switch (command)
        {
            case Command.Mount:
                Assert.Equal(model.Mount(Id(client), offered), primary.Mount(client, offered));
                break;
            case Command.ReMount:
                Segment[] all = [offered, Offered((segment % 6) + 1)];
                Assert.Equal(model.ReMount(Id(client), all), primary.ReMount(client, all));
                break;
            case Command.Unmount:
                Assert.Equal(model.Unmount(Id(segment)), primary.Unmount(segment));
                break;
            case Command.Graceful:
                Assert.Equal(
                    model.GracefulUnmount(Id(client), Id(segment), 2 * segment), primary.GracefulUnmount(client, segment, 2 * segment));
                break;
            case Command.Drain or Command.Drained or Command.Undrain:
                var status = command == Command.Drain ? SegmentStatus.Draining
                    : command == Command.Drained ? SegmentStatus.Drained : SegmentStatus.Ok;
                Assert.Equal(model.SetStatus((uint)segment, status), primary.SetStatus((uint)segment, status));
                break;
            case Command.Erase:
                // Only what is committed as unmounting, and once: as the actor does it.
                if (model.Committed.Find(other => other.Status == SegmentStatus.Unmounting && model.Segments.Contains(other)) is { } gone)
                {
                    model.Erase(gone.Handle);
                    primary.Erase(gone.Handle);
                }

                break;
            case Command.Commit:
                model.Commit();
                primary.Commit();
                break;
            case Command.Ping:
                Assert.Equal(model.Ping(Id(client)), primary.Ping(client));
                break;
            case Command.Wait or Command.LongWait:
                for (var second = command == Command.Wait ? 1 : 6; second > 0; second--)
                    PassASecond(primary, model);
                break;
            default:
                UseSpace(primary, model, command, segment);
                break;
        }
    }

    private static void PassASecond(Reign primary, NaiveSegments model)
    {
        model.Now += IntervalTicks;
        model.ExpireClients();
        model.UnmountDue();
        primary.Wait(seconds: 1);
        primary.UnmountDue();
    }

    private static void UseSpace(Reign primary, NaiveSegments model, Command command, int segment)
    {
        if (command == Command.Release)
        {
            if (model.Live.Count == 0)
                return;
            var released = model.Live[segment % model.Live.Count];
            model.Live.Remove(released);
            primary.Leader.Space.Release(released);
            return;
        }

        var (name, length) = (Offered(segment).Name, (ulong)(command == Command.Place ? 170 : 430));
        var expected = !model.Segments.Exists(other => other.Segment.Name == name) ? ErrorCode.SegmentNotFound
            : model.Open.Any(other => other.Segment.Name == name) ? ErrorCode.Ok : ErrorCode.UnavailableInCurrentStatus;
        Assert.Equal(expected, primary.Leader.PlaceOn(name, length, out var extent));
        Assert.Equal(model.HasRoom(name, length), extent.LengthBytes == length);
        if (extent.LengthBytes == 0)
            return;
        Assert.Contains(model.Open, other => other.Handle == extent.SegmentHandle && other.Segment.Name == name);
        Assert.DoesNotContain(
            model.Live, other => other.SegmentHandle == extent.SegmentHandle && other.Offset < extent.End && extent.Offset < other.End);
        model.Live.Add(extent);
    }

    private static void MustAgree(Reign primary, NaiveSegments model)
    {
        Assert.Equal(model.Segments, primary.Table.All.OrderBy(segment => segment.Handle));
        Assert.Equal(model.Committed, primary.Leader.Directory.All);
        Assert.Equal(model.Open.Select(segment => segment.Segment.Name).Distinct().Order(), OpenNames(primary));
        var counted = model.Segments.Where(segment => segment.Status != SegmentStatus.Unmounting)
            .Where(segment => model.Committed.Exists(other => other.Handle == segment.Handle)).ToArray();
        Assert.Equal(
            ((ulong)counted.Sum(segment => (long)segment.Segment.SizeBytes),
                (ulong)model.Live.Where(extent => counted.Any(segment => segment.Handle == extent.SegmentHandle))
                    .Sum(extent => (long)extent.LengthBytes)),
            (primary.Leader.Space.CapacityBytes, primary.Leader.Space.UsedBytes));
        foreach (var group in primary.Leader.Space.Groups)
        {
            var handles = model.Open.Where(segment => segment.Segment.Name == group.Name).Select(segment => segment.Handle).ToArray();
            Assert.Equal(
                (ulong)model.Live.Where(extent => handles.Contains(extent.SegmentHandle)).Sum(extent => (long)extent.LengthBytes),
                group.UsedBytes);
        }

        for (var client = 1; client <= 2; client++)
            Assert.Equal(model.Segments.Where(segment => segment.Client == Id(client)).Select(segment => segment.Handle),
                primary.Table.OfClient(Id(client)));
    }

    private static IEnumerable<string> OpenNames(Reign reign) => reign.Leader.Space.Groups.Select(group => group.Name).Order();

    // Three names for six segments, and one endpoint where ranges collide.
    private static Segment Offered(int segment) => Segment(
        segment, $"name-{segment % 3}", (ulong)(1000 * (1 + (segment / 2))), 1000, segment < 4 ? "shared:1" : null);
}
