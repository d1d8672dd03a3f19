using HotStandby.Messages.Calls;

namespace HotStandby.Tests.Doubles;

/// <summary>Ends a task when the answer of a call leaves; cancels it when the outcome stays unknown.</summary>
internal sealed class CallSink : IReplySink
{
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Answered => _answered.Task;

    public void Answer(MasterCall call) => _answered.SetResult();

    public void Abandon(MasterCall call) => _answered.SetCanceled();
}
