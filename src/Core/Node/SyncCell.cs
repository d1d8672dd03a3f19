// The receiving end of full syncs: one at a time, when the replica says so. Between them it has no timer and holds nothing.
using HotStandby.Core.Cells;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Node;

/// <summary>
/// Begins with <see cref="BeginSync"/>, ends with <see cref="EndSync"/>. The replica names the source, carries the requests, and hands over
/// every <see cref="ImageChunk"/>.
/// </summary>
/// <param name="self">This node; the replica adds its life.</param>
/// <param name="partitions">How many: the segment table and the shards.</param>
/// <param name="outbox">Takes what follows.</param>
public sealed class SyncCell(NodeId self, int partitions, Outbox outbox) : ICell
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(200);

    private readonly Origin _origin = new(self, Life.None, 0, false);
    private IncomingSync? _sync;

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case BeginSync begin:
                _sync?.GiveUp();
                _sync = new IncomingSync(begin.Number, _origin, partitions, outbox, now.Ticks);
                _sync.ComeFrom(begin.Source, now.Ticks);
                outbox.Repeat(SyncTick.Instance, TickInterval);
                return true;
            case EndSync:
                End();
                return true;
            case SourceIs source:
                _sync?.ComeFrom(source.Source, now.Ticks);
                return true;
            case ImageChunk chunk:
                _sync?.Take(chunk, now.Ticks);
                return true;
            case ImageSaved saved when saved.Sync == _sync?.Number:
                _sync.Take(saved, now.Ticks);
                return true;
            case ImageSaved:
                return true; // of an earlier sync
            case SyncTick:
                _sync?.Tick(now.Ticks);
                return true;
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public void Stop() => End();

    private void End()
    {
        if (_sync is null)
            return;
        _sync.GiveUp();
        _sync = null;
        outbox.StopTimer(SyncTick.Instance);
    }
}

/// <summary>The sync's timer: time has passed.</summary>
public sealed record SyncTick : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly SyncTick Instance = new();
}
