// One request of the trace: which of its blocks are there, read those, write the rest. Blocks that somebody else is writing
// are left to them. The heart of the replay; knows nothing of time and order, which are ReplayEngine's.
using System.Globalization;
using HotStandby.Lab.Trace;
using HotStandby.Messages;

namespace HotStandby.Lab.Replay;

/// <summary>Replays single requests; shared by all that are in progress.</summary>
internal sealed class RequestReplay(MasterCalls calls, ReplayOptions options, ReplayStatistics statistics, AcknowledgedWrites acknowledged)
{
    // A start that is lost before its end, because the client was taken for dead in between, is made anew so often.
    private const int WriteRounds = 3;

    /// <summary>Carries a request through to its end.</summary>
    /// <exception cref="NoServiceException">No node serves.</exception>
    public async Task ReplayAsync(TraceRequest request, CancellationToken cancellation)
    {
        var keys = request.HashIds.Distinct().Select(KeyOf).ToArray();
        var (present, missing) = await SplitAsync(CallKind.Exist, keys, cancellation).ConfigureAwait(false);
        var (read, gone) = await SplitAsync(CallKind.GetReplicaList, present, cancellation).ConfigureAwait(false);
        missing = [.. missing, .. gone];
        statistics.Hits(read.Length);
        statistics.Misses(missing.Length);
        var notStored = new HashSet<string>(StringComparer.Ordinal);
        foreach (var batch in missing.Chunk(options.Batch))
            await WriteAsync(batch, notStored, cancellation).ConfigureAwait(false);
        if (keys.Length < request.HashIds.Length)
            CountRepeated(request, notStored);
    }

    private string KeyOf(ulong id) => options.KeyPrefix + id.ToString(CultureInfo.InvariantCulture);

    // Blocks of one request count in their order, as in a plain set: one that comes again finds what its first coming read or
    // wrote. The master is not asked again.
    private void CountRepeated(TraceRequest request, HashSet<string> notStored)
    {
        var seen = new HashSet<ulong>();
        foreach (var id in request.HashIds)
        {
            if (seen.Add(id))
                continue;
            if (!notStored.Contains(KeyOf(id)))
            {
                statistics.Hits(1);
                continue;
            }
            statistics.Misses(1);
            statistics.Settle(MissOutcome.NotStored);
        }
    }

    private async Task<(string[] Ok, string[] NotOk)> SplitAsync(CallKind kind, string[] keys, CancellationToken cancellation)
    {
        List<string> ok = [], notOk = [];
        foreach (var batch in keys.Chunk(options.Batch))
        {
            var outcomes = await calls.CallAsync(kind, batch, cancellation).ConfigureAwait(false);
            for (var i = 0; i < batch.Length; i++)
            {
                var error = outcomes[i].Error;
                (error == ErrorCode.Ok ? ok : notOk).Add(batch[i]);
                if (error is not (ErrorCode.Ok or ErrorCode.ObjectNotFound or ErrorCode.ReplicaIsNotReady))
                    statistics.Error(error);
            }
        }
        return ([.. ok], [.. notOk]);
    }

    private async Task WriteAsync(string[] keys, HashSet<string> notStored, CancellationToken cancellation)
    {
        for (var round = 1; keys.Length > 0; round++)
            keys = await WriteOnceAsync(keys, notStored, isLastRound: round == WriteRounds, cancellation).ConfigureAwait(false);
    }

    // Settles every key but those whose start was lost before its end; returns these.
    private async Task<string[]> WriteOnceAsync(string[] keys, HashSet<string> notStored, bool isLastRound, CancellationToken cancellation)
    {
        var starts = await calls.CallAsync(CallKind.PutStart, keys, cancellation).ConfigureAwait(false);
        List<string> started = [], again = [];
        for (var i = 0; i < keys.Length; i++)
        {
            // A repeated start that finds the key taken has most likely found its own first try; ending it tells. The master sees
            // one client, so it may be a fellow request's write as well: there is no payload to wait for, and whose it was is
            // decided by whose end is acknowledged first.
            if (starts[i] is { Error: ErrorCode.Ok } or { Error: ErrorCode.ObjectAlreadyExists, Uncertain: true })
                started.Add(keys[i]);
            else
                Settle(keys[i], starts[i].Error, notStored);
        }
        if (started.Count == 0)
            return [];
        var ends = await calls.CallAsync(CallKind.PutEnd, [.. started], cancellation).ConfigureAwait(false);
        for (var i = 0; i < started.Count; i++)
        {
            var error = ends[i].Error;
            if (error == ErrorCode.ObjectNotFound && !isLastRound)
            {
                statistics.Error(error);
                statistics.Retry();
                again.Add(started[i]);
            }
            else
            {
                Settle(
                    started[i], error == ErrorCode.Ok && !acknowledged.Add(started[i]) ? ErrorCode.ObjectAlreadyExists : error, notStored);
            }
        }
        return [.. again];
    }

    private void Settle(string key, ErrorCode error, HashSet<string> notStored)
    {
        var outcome = error switch
        {
            ErrorCode.Ok => MissOutcome.Stored,
            ErrorCode.ObjectAlreadyExists or ErrorCode.IllegalClient => MissOutcome.WrittenByAnother,
            _ => MissOutcome.NotStored,
        };
        if (outcome == MissOutcome.NotStored)
        {
            statistics.Error(error);
            notStored.Add(key);
        }
        statistics.Settle(outcome);
    }
}
