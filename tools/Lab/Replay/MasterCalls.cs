// A batch call carried through to an outcome for every key: what met no service is asked again, alone, until it is answered
// or the patience of the options is at its end. Remembers for which keys an earlier try may have taken effect unseen.
using HotStandby.Messages;

namespace HotStandby.Lab.Replay;

/// <summary>The final outcome of one key.</summary>
/// <param name="Error">What the master answered at last.</param>
/// <param name="Uncertain">True when an earlier try had an unknown outcome: it may have taken effect.</param>
internal readonly record struct KeyOutcome(ErrorCode Error, bool Uncertain);

/// <summary>No node served for longer than <see cref="ReplayOptions.GiveUpAfter"/>.</summary>
internal sealed class NoServiceException(ErrorCode last) : Exception($"No node serves; the last answer was {last}.");

/// <summary>Calls that are repeated while no node serves.</summary>
internal sealed class MasterCalls(IMasterClient client, ReplayOptions options, ReplayStatistics statistics, TimeProvider time)
{
    /// <summary>The outcome of every key, in the order of the keys.</summary>
    /// <exception cref="NoServiceException">Patience is at its end.</exception>
    public async Task<KeyOutcome[]> CallAsync(CallKind kind, string[] keys, CancellationToken cancellation)
    {
        var outcomes = new KeyOutcome[keys.Length];
        var open = Enumerable.Range(0, keys.Length).ToList();
        var waitingSince = time.GetTimestamp();
        for (var delay = options.RetryDelay; ; delay = delay * 2 < options.MaximumRetryDelay ? delay * 2 : options.MaximumRetryDelay)
        {
            var asked = open.Count == keys.Length ? keys : [.. open.Select(index => keys[index])];
            var startedAt = time.GetTimestamp();
            var answer = await SendAsync(kind, asked, cancellation).ConfigureAwait(false);
            var last = Settle(answer, open, outcomes);
            if (asked.Length > open.Count)
            {
                statistics.Answered(kind, asked.Length - open.Count, startedAt);
                waitingSince = time.GetTimestamp();
            }
            else
            {
                statistics.Unanswered(kind, startedAt);
            }
            if (open.Count == 0)
                return outcomes;
            if (time.GetElapsedTime(waitingSince) >= options.GiveUpAfter)
                throw new NoServiceException(last);
            statistics.Retry();
            await Task.Delay(delay, time, cancellation).ConfigureAwait(false);
        }
    }

    // Takes what has a final outcome out of the open places; returns the last reason for leaving one open.
    private ErrorCode Settle(BatchAnswer answer, List<int> open, KeyOutcome[] outcomes)
    {
        if (answer.Call == ErrorCode.Ok && answer.Items.Length != open.Count)
            throw new InvalidOperationException($"The master answered {answer.Items.Length} results to {open.Count} keys.");
        if (answer.Call != ErrorCode.Ok)
            statistics.Error(answer.Call);
        var (kept, last) = (0, answer.Call);
        for (var i = 0; i < open.Count; i++)
        {
            var error = answer.Call == ErrorCode.Ok ? answer.Items[i] : answer.Call;
            ref var outcome = ref outcomes[open[i]];
            outcome = new KeyOutcome(error, outcome.Uncertain || MayHaveTakenEffect(error));
            if (!MeansNoService(error))
                continue;
            if (answer.Call == ErrorCode.Ok)
                statistics.Error(error);
            last = error;
            open[kept++] = open[i];
        }
        open.RemoveRange(kept, open.Count - kept);
        return last;
    }

    private static bool MeansNoService(ErrorCode error) => MayHaveTakenEffect(error) || error == ErrorCode.UnavailableInCurrentMode;

    // A Primary that loses its lease between accepting a call and answering it says UnavailableInCurrentStatus, too.
    private static bool MayHaveTakenEffect(ErrorCode error) =>
        error is ErrorCode.RpcFail or ErrorCode.RpcTimeout or ErrorCode.UnavailableInCurrentStatus;

    private Task<BatchAnswer> SendAsync(CallKind kind, string[] keys, CancellationToken cancellation) => kind switch
    {
        CallKind.Exist => client.BatchExistAsync(keys, cancellation),
        CallKind.GetReplicaList => client.BatchGetReplicaListAsync(keys, cancellation),
        CallKind.PutStart => client.BatchPutStartAsync(keys, options.BlockBytes, cancellation),
        CallKind.PutEnd => client.BatchPutEndAsync(keys, cancellation),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
