// The payloads of the entries about tasks and jobs: what is written is read back, and no piece of it is read as anything.
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Tasks;

public sealed class TaskPayloadTests
{
    private static readonly Uuid Id = new(1, 2);
    private static readonly Uuid Other = new(3, 4);

    private delegate bool Reads(ReadOnlySpan<byte> bytes);

    private static (byte[] Bytes, Reads Reads) Sample(OpType type) => type switch
    {
        OpType.TaskCreated => (
            new TaskCreatedPayload(Id, TaskType.ReplicaMove, Other, 5, new(6, 7), 8, ObjectKey.From("t"u8, "kéy"u8), "from",
                ["to", "", "tö"]).Encode(),
            bytes => TaskCreatedPayload.TryRead(bytes, out _)),
        OpType.TaskFetched => (
            new TaskFetchedPayload(Id, ReplicationTaskStatus.Processing, -1).Encode(), bytes => TaskFetchedPayload.TryRead(bytes, out _)),
        OpType.TaskEnded => (
            new TaskEndedPayload(Id, ReplicationTaskStatus.Failed, 9, "no röom").Encode(), bytes => TaskEndedPayload.TryRead(bytes, out _)),
        OpType.JobCreated => (
            new JobCreatedPayload(Id, 5, 4, [1, 0xFFFF_FFFF], ["a", "b"], ["c"]).Encode(), bytes =>
                JobCreatedPayload.TryRead(bytes, out _)),
        OpType.JobChanged => (
            new JobChangedPayload(Id, JobStatus.Failed, 9, "why").Encode(), bytes => JobChangedPayload.TryRead(bytes, out _)),
        OpType.TaskForgotten or OpType.JobForgotten => (new IdPayload(Id).Encode(), bytes => IdPayload.TryRead(bytes, out _)),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not an entry of the task table"),
    };

    public static TheoryData<OpType> Types => [.. Enum.GetValues<OpType>().Where(TaskTable.Applies)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Payload_is_read_whole_and_from_no_cut_prefix_and_not_with_a_byte_more(OpType type)
    {
        var (bytes, reads) = Sample(type);
        Assert.True(reads(bytes));
        for (var length = 0; length < bytes.Length; length++)
            Assert.False(reads(bytes.AsSpan(0, length)), $"read from {length} of {bytes.Length} bytes");
        Assert.False(reads([.. bytes, 0]));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Table_refuses_an_entry_with_any_cut_prefix_of_its_payload_and_stays_as_it_was(OpType type)
    {
        var (bytes, _) = Sample(type);
        var table = new TaskTable();
        if (type is OpType.TaskForgotten or OpType.TaskEnded or OpType.TaskFetched)
            TaskEntries.Apply(table, OpType.TaskCreated,
                new TaskCreatedPayload(Id, TaskType.ReplicaCopy, Other, 5, default, 8, ObjectKey.From("k"), "a", ["b"]).Encode());
        if (type is OpType.TaskForgotten)
            TaskEntries.Apply(table, OpType.TaskEnded, new TaskEndedPayload(Id, ReplicationTaskStatus.Success, 9, "").Encode());
        if (type is OpType.JobChanged or OpType.JobForgotten)
            TaskEntries.Apply(table, OpType.JobCreated, new JobCreatedPayload(Id, 5, 4, [1], ["a"], []).Encode());
        if (type is OpType.JobForgotten)
            TaskEntries.Apply(table, OpType.JobChanged, new JobChangedPayload(Id, JobStatus.Canceled, 9, "").Encode());
        var before = table.Digest;
        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = bytes[..length];
            Assert.Equal(7, Assert.Throws<InvariantViolation>(() => TaskEntries.Apply(table, type, cut)).Number);
            Assert.Equal(before, table.Digest);
        }

        TaskEntries.Apply(table, type, bytes);
        Assert.NotEqual(before, table.Digest);
    }

    [Fact]
    public void Texts_and_lists_come_back_as_they_were()
    {
        Assert.True(TaskCreatedPayload.TryRead(Sample(OpType.TaskCreated).Bytes, out var task));
        Assert.Equal((Id, TaskType.ReplicaMove, Other, 5, new Uuid(6, 7), 8UL, "from"),
            (task.Id, task.Type, task.Client, task.CreatedMilliseconds, task.JobId, task.SizeBytes, task.Source));
        Assert.Equal(ObjectKey.From("t"u8, "kéy"u8), task.Key);
        Assert.Equal(["to", "", "tö"], task.Targets);
        Assert.True(JobCreatedPayload.TryRead(Sample(OpType.JobCreated).Bytes, out var job));
        Assert.Equal((Id, 5, 4U), (job.Id, job.CreatedMilliseconds, job.MaximumConcurrency));
        Assert.Equal([1, 0xFFFF_FFFF], job.Handles);
        Assert.Equal(["a", "b"], job.Segments);
        Assert.Equal(["c"], job.Targets);
    }
}
