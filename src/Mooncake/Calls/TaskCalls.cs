// The calls on replication tasks: whoever wants a replica creates one, the client that owns the source fetches and completes it.
// Each request is its function's parameters in wire order; byte strings point into the message they were read from.
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>Wants further replicas.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
/// <param name="Targets">Names of the segments to copy to.</param>
public readonly record struct CreateCopyTaskRequest(ByteString Key, ByteString Tenant, WireList<ByteString> Targets)
    : IRpcRequest<CreateCopyTaskRequest, Expected<WireUuid>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.CreateCopyTask;

    /// <inheritdoc/>
    public static int MinimumBytes => 3;

    /// <inheritdoc/>
    public static CreateCopyTaskRequest Read(ref StructPackReader reader) => new(
        reader.Read<ByteString>(), reader.Read<ByteString>(), reader.Read<WireList<ByteString>>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBytes(Key.Span);
        sink.WriteBytes(Tenant.Span);
        Targets.Write(ref sink);
    }
}

/// <summary>Wants a replica on another segment.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
/// <param name="Source">Name of the segment to move from.</param>
/// <param name="Target">Name of the segment to move to.</param>
public readonly record struct CreateMoveTaskRequest(ByteString Key, ByteString Tenant, ByteString Source, ByteString Target)
    : IRpcRequest<CreateMoveTaskRequest, Expected<WireUuid>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.CreateMoveTask;

    /// <inheritdoc/>
    public static int MinimumBytes => 4;

    /// <inheritdoc/>
    public static CreateMoveTaskRequest Read(ref StructPackReader reader) => new(
        reader.Read<ByteString>(), reader.Read<ByteString>(), reader.Read<ByteString>(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBytes(Key.Span);
        sink.WriteBytes(Tenant.Span);
        sink.WriteBytes(Source.Span);
        sink.WriteBytes(Target.Span);
    }
}

/// <summary>A client has ended a task (MarkTaskToComplete).</summary>
/// <param name="Client">The caller.</param>
/// <param name="TaskId">Which.</param>
/// <param name="Status">How it ended. Any number can arrive.</param>
/// <param name="Message">The client's words.</param>
public readonly record struct CompleteTaskRequest(Uuid Client, Uuid TaskId, ReplicationTaskStatus Status, ByteString Message)
    : IRpcRequest<CompleteTaskRequest, Expected<Nothing>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.MarkTaskToComplete;

    /// <inheritdoc/>
    public static int MinimumBytes => 37;

    /// <inheritdoc/>
    public static CompleteTaskRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.ReadUuid(), (ReplicationTaskStatus)reader.ReadInt32(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        sink.WriteUuid(TaskId);
        sink.WriteInt32((int)Status);
        sink.WriteBytes(Message.Span);
    }
}

/// <summary>The answer to QueryTask.</summary>
/// <param name="Id">The task.</param>
/// <param name="Type">Copy or move.</param>
/// <param name="Status">How far it is.</param>
/// <param name="CreatedAtUnixMilliseconds">When it was created.</param>
/// <param name="UpdatedAtUnixMilliseconds">When its status changed last.</param>
/// <param name="AssignedClient">Who does it.</param>
/// <param name="Message">The client's words at its end.</param>
public readonly record struct TaskReport(
    Uuid Id, TaskType Type, ReplicationTaskStatus Status, long CreatedAtUnixMilliseconds, long UpdatedAtUnixMilliseconds,
    Uuid AssignedClient, ByteString Message)
    : IWireValue<TaskReport>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 57;

    /// <inheritdoc/>
    public static TaskReport Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), (TaskType)reader.ReadInt32(), (ReplicationTaskStatus)reader.ReadInt32(), reader.ReadInt64(),
        reader.ReadInt64(), reader.ReadUuid(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Id);
        sink.WriteInt32((int)Type);
        sink.WriteInt32((int)Status);
        sink.WriteInt64(CreatedAtUnixMilliseconds);
        sink.WriteInt64(UpdatedAtUnixMilliseconds);
        sink.WriteUuid(AssignedClient);
        sink.WriteBytes(Message.Span);
    }
}
