// Tasks and drain jobs as part of the segment table's image. Finished tasks come last, in the order in which they ended: they are
// forgotten in that order.
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Segments;

public sealed partial class TaskTable
{
    // Of a task: two texts behind their lengths, order, retries. Of a job: two texts behind their lengths, four counts.
    private const int LeastBytes = 20;

    internal void WriteTo(ImageWriter to)
    {
        to.UInt64(_nextOrder);
        to.UInt32((uint)_tasks.Count);
        foreach (var task in _tasks.Values.Where(task => !HasEnded(task.Task.Status)))
            Write(to, task);
        foreach (var id in _finished.Values)
            Write(to, _tasks[id]);
        to.UInt32((uint)_jobs.Count);
        foreach (var job in _jobs.Values)
            Write(to, job);
    }

    internal void ReadFrom(ref ImageReader from)
    {
        _nextOrder = from.UInt64();
        for (var tasks = from.Count(LeastBytes); tasks > 0; tasks--)
            Restore(ReadTask(ref from));
        for (var jobs = from.Count(LeastBytes); jobs > 0; jobs--)
            Set(ReadJob(ref from));
    }

    private void Restore(StoredTask task)
    {
        if (_tasks.ContainsKey(task.Task.Id)
            || (_pending.TryGetValue(task.Task.Client, out var waiting) && waiting.ContainsKey(task.Order)))
            throw new ImageDamagedException("one task twice, or two in one place");
        Set(task);
    }

    private static void Write(ImageWriter to, StoredTask task)
    {
        to.Bytes(CreatedOf(task));
        to.Bytes(EndedOf(task));
        to.UInt64(task.Order);
        to.UInt32((uint)task.Retries);
    }

    private static StoredTask ReadTask(ref ImageReader from)
    {
        if (!TaskCreatedPayload.TryRead(from.Bytes(), out var created) || !TaskEndedPayload.TryRead(from.Bytes(), out var ended))
            throw new ImageDamagedException("a task that cannot be read");
        return new StoredTask(
            new ReplicationTask(
                created.Id, created.Type, created.Key, created.Source, created.Targets, created.Client, ended.Status,
                created.CreatedMilliseconds, ended.UpdatedMilliseconds, ended.Message, created.JobId),
            from.UInt64(), created.SizeBytes, (int)from.UInt32());
    }

    private static void Write(ImageWriter to, StoredJob job)
    {
        to.Bytes(CreatedOf(job));
        to.Bytes(ChangedOf(job));
        to.UInt64((ulong)job.Succeeded);
        to.UInt64((ulong)job.Failed);
        to.UInt64((ulong)job.Active);
        to.UInt64((ulong)job.MigratedBytes);
    }

    private static StoredJob ReadJob(ref ImageReader from)
    {
        if (!JobCreatedPayload.TryRead(from.Bytes(), out var created) || !JobChangedPayload.TryRead(from.Bytes(), out var changed))
            throw new ImageDamagedException("a drain job that cannot be read");
        return new StoredJob(
            created.Id, changed.Status, created.CreatedMilliseconds, changed.UpdatedMilliseconds, created.Handles, created.Segments,
            created.Targets,
            (int)created.MaximumConcurrency, (long)from.UInt64(), (long)from.UInt64(), (long)from.UInt64(), (long)from.UInt64(),
            changed.Message);
    }
}
