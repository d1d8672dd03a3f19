// From what the node knows of tasks and segments to values that travel. Rare answers: they may allocate.
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>Conversions of results.</summary>
internal static class ToWire
{
    // How often a client tries a task again when there is no room for the replica.
    private const uint MaximumRetries = 10;

    /// <summary>Texts, as UTF-8.</summary>
    public static WireList<ByteString> Texts(IReadOnlyList<string> texts) => new([.. texts.Select(ByteString.FromText)]);

    /// <summary>A task for the client that shall do it.</summary>
    public static TaskAssignment Assignment(ReplicationTask task) => new(
        task.Id, (int)task.Type, TaskPayload.Of(task), task.CreatedMilliseconds, MaximumRetries);

    /// <summary>A task for whoever asks about it.</summary>
    public static TaskReport Report(ReplicationTask task) => new(
        task.Id, task.Type, task.Status, task.CreatedMilliseconds, task.UpdatedMilliseconds, task.Client, task.Message);
}
