// The way from the door into the actors: connection threads call it, many at a time. It refuses calls while the node has no right to serve.
using HotStandby.Actors.Threads;
using HotStandby.Core.Node;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Actors.Gateway;

/// <summary>The door's way into one node.</summary>
/// <param name="serving">The right to serve.</param>
/// <param name="clients">Who is alive.</param>
/// <param name="cells">Where calls go.</param>
public sealed class MasterGateway(ServingState serving, ClientWatch clients, ICallMailboxes cells) : IMasterGateway
{
    /// <inheritdoc/>
    public event Action? ServiceEnded
    {
        add => serving.Ended += value;
        remove => serving.Ended -= value;
    }

    /// <inheritdoc/>
    public ServiceState Service => serving.Service;

    /// <inheritdoc/>
    public bool MayServe => serving.MayServe;

    /// <inheritdoc/>
    public ulong Epoch => serving.Epoch;

    /// <inheritdoc/>
    public void Hear(Uuid client) => clients.Hear(client);

    /// <inheritdoc/>
    public ClientStatus? Ping(Uuid client) => serving.Accepts ? clients.StatusOf(client) : null;

    /// <summary>Takes a call. While the node does not serve, every item of it is settled with UnavailableInCurrentMode at once.</summary>
    public void Submit(MasterCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (serving.Accepts)
            TurnSeries.Run(static entering => CallEntry.Submit(entering.call, entering.cells), (call, cells));
        else
            call.Refuse(ErrorCode.UnavailableInCurrentMode);
    }
}
