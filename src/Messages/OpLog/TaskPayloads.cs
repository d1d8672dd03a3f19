// Payloads of the entries about replication tasks and drain jobs. Rare: written and read with a cursor.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Messages.OpLog;

/// <summary>
/// TASK_CREATED: id 16, type 1, client 16, created 8 (wall-clock ms), job 16, object's size 8, then key, source and targets as texts.
/// </summary>
public sealed record TaskCreatedPayload(
    Uuid Id, TaskType Type, Uuid Client, long CreatedMilliseconds, Uuid JobId, ulong SizeBytes, ObjectKey Key, string Source,
    IReadOnlyList<string> Targets)
{
    /// <summary>The encoded form.</summary>
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.Id(Id);
        writer.Byte((byte)Type);
        writer.Id(Client);
        writer.Int64(CreatedMilliseconds);
        writer.Id(JobId);
        writer.UInt64(SizeBytes);
        writer.Bytes(Key.Bytes);
        writer.Text(Source);
        writer.Texts(Targets);
        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out TaskCreatedPayload payload)
    {
        var reader = new PayloadReader(bytes);
        payload = new(
            reader.Id(), (TaskType)reader.Byte(), reader.Id(), reader.Int64(), reader.Id(), reader.UInt64(),
            ObjectKey.FromScoped(reader.Bytes().ToArray()), reader.Text(), reader.Texts());
        return reader.IsWhole;
    }
}

/// <summary>TASK_FETCHED: id 16, status 1 (processing, or pending for another try), updated 8 (wall-clock ms).</summary>
public sealed record TaskFetchedPayload(Uuid Id, ReplicationTaskStatus Status, long UpdatedMilliseconds)
{
    /// <summary>The encoded form.</summary>
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.Id(Id);
        writer.Byte((byte)Status);
        writer.Int64(UpdatedMilliseconds);
        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out TaskFetchedPayload payload)
    {
        var reader = new PayloadReader(bytes);
        payload = new(reader.Id(), (ReplicationTaskStatus)reader.Byte(), reader.Int64());
        return reader.IsWhole;
    }
}

/// <summary>TASK_ENDED: id 16, status 1 (success or failed), updated 8 (wall-clock ms), message as text.</summary>
public sealed record TaskEndedPayload(Uuid Id, ReplicationTaskStatus Status, long UpdatedMilliseconds, string Message)
{
    /// <summary>The encoded form.</summary>
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.Id(Id);
        writer.Byte((byte)Status);
        writer.Int64(UpdatedMilliseconds);
        writer.Text(Message);
        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out TaskEndedPayload payload)
    {
        var reader = new PayloadReader(bytes);
        payload = new(reader.Id(), (ReplicationTaskStatus)reader.Byte(), reader.Int64(), reader.Text());
        return reader.IsWhole;
    }
}

/// <summary>
/// JOB_CREATED: id 16, created 8 (wall-clock ms), most moves at a time 4, handles of the segments (u16 count, 4 each), their names and
/// the names of the allowed targets as texts.
/// </summary>
public sealed record JobCreatedPayload(
    Uuid Id, long CreatedMilliseconds, uint MaximumConcurrency, IReadOnlyList<uint> Handles, IReadOnlyList<string> Segments,
    IReadOnlyList<string> Targets)
{
    /// <summary>The encoded form.</summary>
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.Id(Id);
        writer.Int64(CreatedMilliseconds);
        writer.UInt32(MaximumConcurrency);
        writer.Count(Handles.Count);
        foreach (var handle in Handles)
            writer.UInt32(handle);
        writer.Texts(Segments);
        writer.Texts(Targets);
        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out JobCreatedPayload payload)
    {
        var reader = new PayloadReader(bytes);
        var (id, created, concurrency) = (reader.Id(), reader.Int64(), reader.UInt32());
        var handles = new uint[reader.Count(sizeof(uint))];
        for (var i = 0; i < handles.Length; i++)
            handles[i] = reader.UInt32();
        payload = new(id, created, concurrency, handles, reader.Texts(), reader.Texts());
        return reader.IsWhole;
    }
}

/// <summary>JOB_CHANGED: id 16, status 1, updated 8 (wall-clock ms), message as text.</summary>
public sealed record JobChangedPayload(Uuid Id, JobStatus Status, long UpdatedMilliseconds, string Message)
{
    /// <summary>The encoded form.</summary>
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.Id(Id);
        writer.Byte((byte)Status);
        writer.Int64(UpdatedMilliseconds);
        writer.Text(Message);
        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out JobChangedPayload payload)
    {
        var reader = new PayloadReader(bytes);
        payload = new(reader.Id(), (JobStatus)reader.Byte(), reader.Int64(), reader.Text());
        return reader.IsWhole;
    }
}

/// <summary>TASK_FORGOTTEN and JOB_FORGOTTEN: id 16.</summary>
public readonly record struct IdPayload(Uuid Id)
{
    /// <summary>The encoded form.</summary>
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.Id(Id);
        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out IdPayload payload)
    {
        var reader = new PayloadReader(bytes);
        payload = new(reader.Id());
        return reader.IsWhole;
    }
}
