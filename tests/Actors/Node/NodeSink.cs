using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Actors.Node;

/// <summary>What came of a call: answered, or given up because its outcome is unknown.</summary>
internal sealed class NodeSink : IReplySink
{
    private readonly TaskCompletionSource<bool> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True when answered, false when abandoned.</summary>
    public Task<bool> Ended => _ended.Task;

    public void Answer(MasterCall call) => _ended.SetResult(true);

    public void Abandon(MasterCall call) => _ended.SetResult(false);
}

