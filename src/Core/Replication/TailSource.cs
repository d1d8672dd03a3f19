// Gives a candidate that this voter has sealed for what its log lacks. Used by Replica alone; changes nothing.
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>A voter's tail, from the window or, by way of <see cref="ReadTail"/>, from the journal.</summary>
internal sealed class TailSource(ReplicaState state)
{
    // Served from the window; the actor serves what is older from the journal by the same message.
    public void OnFetch(FetchTail fetch)
    {
        if (fetch.Epoch != state.PromisedEpoch || fetch.From != state.PromisedTo)
            return;
        var common = state.Log.CommonPoint(fetch.Log);
        var previousEpoch = state.Log.EpochOf(common) ?? 0;
        if (common < state.Log.BaseSequence)
            state.Send(fetch.From, state.EntriesGone(fetch.Epoch, 0));
        else if (common == state.Log.LastSequence)
            state.Send(fetch.From, new TailBatch(state.Origin, fetch.Epoch, previousEpoch, common, null, common));
        else if (state.Window.From(common + 1) is { } batch)
            state.Send(fetch.From, new TailBatch(state.Origin, fetch.Epoch, previousEpoch, common, batch, state.Log.LastSequence));
        else
            state.Effects.Add(new ReadTail(fetch.From, fetch.Epoch, previousEpoch, common));
    }

    public void OnRead(ReadTail request, OpLogBatch batch)
    {
        if (request.Epoch == state.PromisedEpoch && request.Candidate == state.PromisedTo)
            state.Send(request.Candidate, new TailBatch(
                state.Origin, request.Epoch, request.PreviousEpoch, request.PreviousSequence, batch, state.Log.LastSequence));
    }
}
