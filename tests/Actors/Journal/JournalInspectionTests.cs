// Inspection of the journal that a real node has left, sound and damaged; and the checks of the log itself, on records that no node writes.
using HotStandby.Actors.Journal;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;
using HotStandby.Tests.Actors.OpLog;

namespace HotStandby.Tests.Actors.Journal;

public sealed class JournalInspectionTests : IAsyncDisposable
{
    private const string SmallSegments = "hotstandby.journal { segment-bytes = 64KiB, fsync = every-batch }";
    private const int Puts = 300;

    private readonly TemporaryDirectory _directory = new();
    private readonly Nodes _nodes = new();

    private string Data => Path.Combine(_directory.Path, "node");

    public async ValueTask DisposeAsync()
    {
        await _nodes.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task What_a_node_has_written_is_read_as_it_was_and_is_left_as_it_is()
    {
        var (log, last) = await WriteAsync();
        var before = BytesOf(Data);
        Assert.Equal("alone", log.Owner.NodeId);
        Assert.True(log.Segments.Count > 2, $"{log.Segments.Count} segments");
        var records = JournalInspection.Read(log).ToArray();
        Assert.Equal(log.Report.Records, records.Length);
        Assert.Equal(Enumerable.Range(1, records.Length).Select(number => (long)number), records.Select(record => record.Number));
        Assert.Contains(records, record => record.Event is EpochPromised);
        Assert.Contains(records, record => record.Event is VotingGranted);
        Assert.Equal(last, JournalInspection.Follow(records).LastSequence);

        foreach (var segment in log.Segments)
        {
            var alone = JournalInspection.OpenSegment(segment.File);
            Assert.Equal(segment, Assert.Single(alone.Segments));
            Assert.Equal(segment.LastNumber - segment.FirstNumber + 1, JournalInspection.Read(alone).Count());
        }

        Assert.Equal(before, BytesOf(Data));
    }

    [Fact]
    public async Task Damage_is_named_with_its_place()
    {
        var (log, _) = await WriteAsync();
        var copy = _directory.Copy(Data, "flipped");
        var (first, second) = (In(copy, log.Segments[0].File), In(copy, log.Segments[1].File));
        Flip(first, log.Segments[0].Bytes / 2);
        var flipped = Assert.Throws<JournalDamaged>(() => JournalInspection.OpenDirectory(copy));
        Assert.Equal((DamageKind.BadFrame, first), (flipped.Kind, flipped.File));
        Assert.Equal(DamageKind.BadFrame, Assert.Throws<JournalDamaged>(() => JournalInspection.OpenSegment(first)).Kind);
        File.Delete(first);
        Assert.Equal(DamageKind.MissingSegment, Assert.Throws<JournalDamaged>(() => JournalInspection.OpenDirectory(copy)).Kind);
        Flip(second, 5);
        Assert.Equal(DamageKind.WrongHeader, Assert.Throws<JournalDamaged>(() => JournalInspection.OpenSegment(second)).Kind);
    }

    [Fact]
    public async Task A_torn_tail_is_no_damage_and_stays_where_it_is()
    {
        var (log, last) = await WriteAsync();
        var copy = _directory.Copy(Data, "torn");
        var newest = In(copy, log.Segments[^1].File);
        using (var file = File.OpenWrite(newest))
            file.SetLength(log.Segments[^1].Bytes - 3);
        var torn = Assert.Single(JournalInspection.OpenDirectory(copy));
        Assert.Equal(log.Report.Records - 1, torn.Report.Records);
        Assert.InRange(JournalInspection.Follow(JournalInspection.Read(torn)).LastSequence, 1UL, last - 1);
        Assert.Equal(log.Segments[^1].Bytes - 3, new FileInfo(newest).Length);
    }

    [Fact]
    public async Task A_directory_in_use_and_one_that_is_no_data_directory_are_refused()
    {
        await Nodes.WaitForPrimaryAsync(await _nodes.StartAloneAsync(Data));
        Assert.Equal(RefusalKind.InUse, Assert.Throws<DataDirectoryRefused>(() => JournalInspection.OpenDirectory(Data)).Kind);
        var empty = Directory.CreateDirectory(Path.Combine(_directory.Path, "empty")).FullName;
        Assert.Equal(RefusalKind.IdentityMissing, Assert.Throws<DataDirectoryRefused>(() => JournalInspection.OpenDirectory(empty)).Kind);
    }

    [Fact]
    public void Records_that_do_not_follow_from_each_other_are_damage()
    {
        var first = new BatchAppended(Batches.Of(epoch: 1, first: 1, count: 3));
        var next = new BatchAppended(Batches.Of(epoch: 2, first: 4, count: 2));
        Assert.Equal(5UL, Follow(first, new EpochPromised(2, new NodeId("a")), next).LastSequence);
        Assert.Equal(2UL, Follow(first, new SuffixCut(2)).LastSequence);
        Assert.Equal(2UL, Follow(first, next, new LogTruncated([new EpochEnd(1, 2)], null)).BaseSequence);
        Assert.Equal(9UL, Follow(first, new LogReset([new EpochEnd(1, 7), new EpochEnd(3, 9)], null, 9)).LastSequence);

        MustBeDamage(1, first, new BatchAppended(Batches.Of(epoch: 1, first: 5, count: 1)));
        MustBeDamage(1, next, first);
        MustBeDamage(2, first, new EpochPromised(3, new NodeId("a")), new EpochPromised(2, new NodeId("b")));
        MustBeDamage(2, first, new LogTruncated([new EpochEnd(1, 2)], null), new SuffixCut(1));
    }

    private static HotStandby.Core.Replication.LogIndex Follow(params IJournalEvent[] events) => JournalInspection.Follow(Records(events));

    private static void MustBeDamage(int culprit, params IJournalEvent[] events)
    {
        var damage = Assert.Throws<JournalDamaged>(() => Follow(events));
        Assert.Equal((DamageKind.BadEvent, "segment", (long)culprit * 100), (damage.Kind, damage.File, damage.OffsetBytes));
    }

    private static IEnumerable<InspectedRecord> Records(IJournalEvent[] events) =>
        events.Select((happened, index) => new InspectedRecord("segment", index * 100, index + 1, 100, happened));

    // A node's life, and its journal afterwards.
    private async Task<(InspectedLog Log, ulong LastSequence)> WriteAsync()
    {
        var node = await Nodes.WaitForPrimaryAsync(await _nodes.StartAloneAsync(Data, SmallSegments));
        var client = new NodeClient(new Uuid(1, 2));
        Assert.Equal(ErrorCode.Ok, await client.MountAsync(node));
        for (var put = 0; put < Puts; put++)
            await client.PutAsync(node, $"{new string('k', 500)}-{put}");
        var last = (await node.ReportAsync(CancellationToken.None)).Replica.AppendedSequence;
        await node.StopAsync();
        _nodes.NoneMustHaveFailed();
        return (Assert.Single(JournalInspection.OpenDirectory(Data)), last);
    }

    private string In(string copy, string file) => Path.Combine(copy, Path.GetRelativePath(Data, file));

    private static void Flip(string path, long at)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static string[] BytesOf(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => $"{file} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}")];
}
