// Whether another node serves, as far as this node has heard: what it may publish for clients that look for the Primary. Nothing of the
// protocol decides on it. Fed by StandbyRole, read through Replica.ServiceAt.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>A node that serves.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Epoch">In which epoch.</param>
/// <param name="UntilTicks">The end of what this node knows of it, unless it hears more (monotonic ticks).</param>
public readonly record struct Service(NodeId Node, ulong Epoch, long UntilTicks);

/// <summary>The last word of the Primary about its service.</summary>
internal sealed class HeardService
{
    private ulong _epoch;
    private long _saidAtTicks = long.MinValue; // by the clock of that Primary
    private Service? _service;

    /// <summary>A Primary says whether it serves. Within an epoch an older word than the last one changes nothing.</summary>
    /// <param name="append">What it says; its promise has been checked.</param>
    /// <param name="untilTicks">For how long its word holds.</param>
    public void OnAppend(AppendBatch append, long untilTicks)
    {
        if (append.Epoch < _epoch || (append.Epoch == _epoch && append.SentAtTicks < _saidAtTicks))
            return;
        (_epoch, _saidAtTicks) = (append.Epoch, append.SentAtTicks);
        _service = append.Serves ? new Service(append.From, append.Epoch, untilTicks) : null;
    }

    /// <summary>A Primary has given up its lease: nothing that it said before holds any more, however late it arrives.</summary>
    public void OnReleased(GrantReleased released)
    {
        if (released.Epoch >= _epoch)
            (_epoch, _saidAtTicks, _service) = (released.Epoch, long.MaxValue, null);
    }

    /// <summary>The node that serves now; null when none is known to. A promise of a later epoch has ended the reign.</summary>
    public Service? At(long nowTicks, ulong promisedEpoch) =>
        _service is { } service && service.Epoch >= promisedEpoch && nowTicks < service.UntilTicks ? service : null;
}
