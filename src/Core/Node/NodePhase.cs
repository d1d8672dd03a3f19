namespace HotStandby.Core.Node;

/// <summary>What a node is in. Operators see this value; nothing derives it again.</summary>
public enum NodePhase : byte
{
    /// <summary>The journal is being read. Nothing is answered; peers ask again.</summary>
    Recovering,

    /// <summary>The partitions are given what checkpoints or another node hold.</summary>
    Restoring,

    /// <summary>A Standby: it stores and applies what a Primary sends.</summary>
    Following,

    /// <summary>A candidate: it seals voters and fetches the tail.</summary>
    Campaigning,

    /// <summary>A Primary whose partitions do not answer calls yet.</summary>
    Opening,

    /// <summary>A Primary that answers clients, as long as its lease holds.</summary>
    Serving,

    /// <summary>A Primary that takes no new calls: another node leads next.</summary>
    HandingOver,

    /// <summary>No Primary any more; its partitions have not stopped yet.</summary>
    Stopping,
}

/// <summary>Which phase may follow which.</summary>
public static class NodePhases
{
    /// <summary>True when a node may go from one to the other in one step.</summary>
    public static bool MayFollow(this NodePhase next, NodePhase now) => next == now || now switch
    {
        NodePhase.Recovering => next is NodePhase.Restoring or NodePhase.Campaigning or NodePhase.Opening,
        NodePhase.Restoring => next is NodePhase.Following or NodePhase.Campaigning,
        NodePhase.Following => next is NodePhase.Restoring or NodePhase.Campaigning,
        // A cluster of one is sealed, and leads, in one step.
        NodePhase.Campaigning => next is NodePhase.Opening or NodePhase.Restoring or NodePhase.Following,
        // A reign that ends before its partitions were told of it has nothing to stop.
        NodePhase.Opening =>
            next is NodePhase.Serving or NodePhase.HandingOver or NodePhase.Stopping or NodePhase.Restoring or NodePhase.Following,
        NodePhase.Serving => next is NodePhase.HandingOver or NodePhase.Stopping,
        NodePhase.HandingOver =>
            next is NodePhase.Serving or NodePhase.Opening or NodePhase.Stopping or NodePhase.Restoring or NodePhase.Following,
        // It may have won again, and be asked to go, before its partitions have stopped.
        NodePhase.Stopping => next is NodePhase.Restoring or NodePhase.Following or NodePhase.Campaigning or NodePhase.Opening
            or NodePhase.HandingOver,
        _ => throw new ArgumentOutOfRangeException(nameof(now), now, null),
    };
}
