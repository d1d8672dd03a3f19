using Akka.Actor.Setup;
using HotStandby.Messages.Network;

namespace HotStandby.Actors.Remoting;

/// <summary>The bound of the remoting port; a part of the actor system's setup.</summary>
/// <param name="most">Connections that may come in at once; 1 or more.</param>
/// <param name="full">Called with <paramref name="most"/> for each connection that is closed for want of a place.</param>
public sealed class RemotingBoundSetup(int most, Action<int> full) : Setup
{
    /// <summary>The places.</summary>
    public ConnectionSlots Slots { get; } = new(most, full);
}
