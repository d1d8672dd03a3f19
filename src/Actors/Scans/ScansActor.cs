// Parent of the scans of a node: lets a few run at a time, keeps a few more waiting, refuses the rest. Never sees a key.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Cells;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Messages;
using HotStandby.Messages.Calls;

namespace HotStandby.Actors.Scans;

/// <summary>Takes every <see cref="ScanRequest"/> of the node.</summary>
internal sealed class ScansActor : UntypedActor
{
    private readonly NodeRoutes _shards;
    private readonly ScanSettings _settings;
    private readonly TimeProvider _time;
    private readonly Queue<(ScanCall Call, long DeadlineTicks)> _waiting = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private int _running;

    /// <summary>Use <see cref="Props"/>.</summary>
    public ScansActor(NodeRoutes shards, ScanSettings settings, TimeProvider time) =>
        (_shards, _settings, _time) = (shards, settings, time);

    /// <summary>How to start one.</summary>
    /// <param name="shards">To the shards.</param>
    /// <param name="settings">Bounds.</param>
    /// <param name="time">The monotonic clock.</param>
    public static Props Props(NodeRoutes shards, ScanSettings settings, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new ScansActor(shards, settings, time));

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ScanRequest request when _running < _settings.MaximumRunning:
                Run(request.Call, _time.NowTicks() + _settings.Timeout.Ticks);
                break;
            case ScanRequest request when _waiting.Count < _settings.MaximumWaiting:
                _waiting.Enqueue((request.Call, _time.NowTicks() + _settings.Timeout.Ticks));
                break;
            case ScanRequest request:
                request.Call.Refuse(ErrorCode.UnavailableInCurrentStatus);
                break;
            case Terminated:
                _running--;
                if (_waiting.TryDequeue(out var next))
                    Run(next.Call, next.DeadlineTicks);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // A scan that fails holds no state that anybody needs. It is stopped, its call abandoned, and the node goes on.
    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        _log.Error(failure, "A scan failed");
        return Directive.Stop;
    });

    /// <inheritdoc/>
    protected override void PostStop()
    {
        while (_waiting.TryDequeue(out var waiting))
            waiting.Call.Refuse(ErrorCode.UnavailableInCurrentMode);
    }

    private void Run(ScanCall call, long deadlineTicks)
    {
        _running++;
        Context.Watch(Context.ActorOf(ScanActor.Props(call, deadlineTicks, _shards, _settings, _time)));
    }
}
