using Akka.Actor;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Replication;

/// <summary>Published on the event stream when this node begins to serve: what was before.</summary>
/// <param name="Node">This node.</param>
/// <param name="Epoch">The epoch that it serves in.</param>
/// <param name="IsFirst">The cluster has never served before.</param>
/// <param name="Before">The node that served before, maybe this one; none: this node has heard of no service since its start.</param>
/// <param name="AwayMilliseconds">Since that node was last heard to serve.</param>
/// <param name="WasHandedOver">It gave up its lease in order.</param>
public sealed record ServiceBegan(
    NodeId Node, ulong Epoch, bool IsFirst, NodeId Before, long AwayMilliseconds, bool WasHandedOver) : INoSerializationVerificationNeeded;
