// One call of an operator on its way through the node: a reply sink that a request can wait for. Used by every endpoint that
// asks or changes data; the node never waits for it.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using Microsoft.AspNetCore.Http;

namespace HotStandby.Host.Http;

/// <summary>Where the answer of one call arrives.</summary>
internal sealed class AwaitedCall : IReplySink
{
    private readonly TaskCompletionSource<bool> _known = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public void Answer(MasterCall call) => _known.TrySetResult(true);

    /// <inheritdoc/>
    public void Abandon(MasterCall call) => _known.TrySetResult(false);

    /// <summary>Submits the call and waits for its answer.</summary>
    /// <returns>Null when the call was answered and its results may be told; else the refusal to send instead.</returns>
    public async Task<IResult?> RunAsync(IMasterGateway gateway, MasterCall call, TimeSpan timeout, CancellationToken stop)
    {
        if (!gateway.MayServe)
            return ErrorAnswer.NotServing();
        gateway.Submit(call);
        bool known;
        try
        {
            known = await _known.Task.WaitAsync(timeout, stop);
        }
        catch (TimeoutException)
        {
            return ErrorAnswer.TimedOut(timeout);
        }

        if (known && IsRefused(call))
            return ErrorAnswer.NotServing();
        // A reply that finds no lease may tell what another Primary has changed since.
        return known && gateway.MayServe ? null : ErrorAnswer.OutcomeUnknown();
    }

    // The node stopped taking calls between the question above and Submit: nothing was done.
    private static bool IsRefused(MasterCall call) => call switch
    {
        KeyedCall keyed => Array.TrueForAll(keyed.Results, result => result.Error == ErrorCode.UnavailableInCurrentMode),
        ScanCall scan => scan.Error == ErrorCode.UnavailableInCurrentMode,
        SegmentCall segment => segment.Error == ErrorCode.UnavailableInCurrentMode,
        _ => false,
    };
}
