// Carries one scan, on the scans' own dispatcher, and stops when the scan has ended.
using Akka.Actor;
using HotStandby.Actors.Cells;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Messages.Calls;

namespace HotStandby.Actors.Scans;

/// <summary>The actor of one <see cref="ScanCell"/>.</summary>
internal sealed class ScanActor : CellActor
{
    /// <summary>The dispatcher of the scans: not the shards', whose threads a pattern must not take.</summary>
    public const string DispatcherName = "hotstandby.scan-dispatcher";

    /// <summary>Use <see cref="Props"/>.</summary>
    public ScanActor(ScanCall call, long deadlineTicks, NodeRoutes routes, ScanSettings settings, TimeProvider time)
        : base(
            outbox => new ScanCell(
                call, deadlineTicks, routes.Count, settings, new TimedPattern(settings.MatchTimeout, time),
                new LotSink(Context.Self), outbox),
            routes, time)
    {
    }

    /// <summary>How to start one.</summary>
    /// <param name="call">The call.</param>
    /// <param name="deadlineTicks">When it is abandoned, on the monotonic clock in ticks of 100 ns.</param>
    /// <param name="routes">To the shards.</param>
    /// <param name="settings">Bounds.</param>
    /// <param name="time">The monotonic clock.</param>
    public static Props Props(ScanCall call, long deadlineTicks, NodeRoutes routes, ScanSettings settings, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new ScanActor(call, deadlineTicks, routes, settings, time)).WithDispatcher(DispatcherName);

    /// <inheritdoc/>
    protected override void Send(in CellAddress to, object message, IActorRef from)
    {
        if (to.Kind == CellKind.Scans)
            Context.Stop(Self); // its parent hears of that
        else
            base.Send(to, message, from);
    }
}
