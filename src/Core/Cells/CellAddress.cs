using HotStandby.Messages.Identity;

namespace HotStandby.Core.Cells;

/// <summary>What kind of place an address names.</summary>
public enum CellKind : byte
{
    /// <summary>No place: what is sent there is lost.</summary>
    None,

    /// <summary>The sender of a message, as its carrier knows it.</summary>
    Asker,

    /// <summary>The cell itself: it gets the message behind what waits in its mailbox already.</summary>
    Self,

    /// <summary>The node's replica.</summary>
    Replica,

    /// <summary>A partition, by its number.</summary>
    Partition,

    /// <summary>Every shard.</summary>
    AllShards,

    /// <summary>The evictor.</summary>
    Evictor,

    /// <summary>The verifier.</summary>
    Verifier,

    /// <summary>What runs the calls on many objects.</summary>
    Scans,

    /// <summary>What keeps the checkpoints.</summary>
    Checkpoints,

    /// <summary>The giving end of full syncs.</summary>
    SyncSource,

    /// <summary>The receiving end of a full sync.</summary>
    Sync,

    /// <summary>The journal.</summary>
    OpLog,

    /// <summary>The snapshot store.</summary>
    Snapshots,

    /// <summary>What connections read: the right to serve, who is alive, what is mounted.</summary>
    Door,

    /// <summary>The client of a call: so many items of it are settled.</summary>
    Caller,

    /// <summary>The replica of another node.</summary>
    Peer,

    /// <summary>The verifier of another node.</summary>
    PeerVerifier,

    /// <summary>What looks after the members of the cluster.</summary>
    Membership,

    /// <summary>The node: what looks after all of them.</summary>
    Node,

    /// <summary>The cell's own timers: takes <see cref="StartTimer"/> and <see cref="StopTimer"/>.</summary>
    Timers,

    /// <summary>The operators: takes every <see cref="Fact"/>.</summary>
    Operators,
}

/// <summary>Where a message goes to.</summary>
/// <param name="Kind">The kind of place.</param>
/// <param name="Number">Which partition; how many items of a call.</param>
/// <param name="Who">Which asker, as its carrier knows it; which node, by its name.</param>
public readonly record struct CellAddress(CellKind Kind, int Number = 0, object? Who = null)
{
    /// <summary>No place.</summary>
    public static readonly CellAddress None;

    /// <summary>The cell itself.</summary>
    public static readonly CellAddress Self = new(CellKind.Self);

    /// <summary>The replica.</summary>
    public static readonly CellAddress Replica = new(CellKind.Replica);

    /// <summary>Partition 0.</summary>
    public static readonly CellAddress SegmentTable = new(CellKind.Partition);

    /// <summary>Every shard.</summary>
    public static readonly CellAddress AllShards = new(CellKind.AllShards);

    /// <summary>The evictor.</summary>
    public static readonly CellAddress Evictor = new(CellKind.Evictor);

    /// <summary>The verifier.</summary>
    public static readonly CellAddress Verifier = new(CellKind.Verifier);

    /// <summary>What runs the calls on many objects.</summary>
    public static readonly CellAddress Scans = new(CellKind.Scans);

    /// <summary>What keeps the checkpoints.</summary>
    public static readonly CellAddress Checkpoints = new(CellKind.Checkpoints);

    /// <summary>The giving end of full syncs.</summary>
    public static readonly CellAddress SyncSource = new(CellKind.SyncSource);

    /// <summary>The receiving end of a full sync.</summary>
    public static readonly CellAddress Sync = new(CellKind.Sync);

    /// <summary>The journal.</summary>
    public static readonly CellAddress OpLog = new(CellKind.OpLog);

    /// <summary>The snapshot store.</summary>
    public static readonly CellAddress Snapshots = new(CellKind.Snapshots);

    /// <summary>What connections read.</summary>
    public static readonly CellAddress Door = new(CellKind.Door);

    /// <summary>What looks after the members of the cluster.</summary>
    public static readonly CellAddress Membership = new(CellKind.Membership);

    /// <summary>The node.</summary>
    public static readonly CellAddress Node = new(CellKind.Node);

    /// <summary>A partition.</summary>
    public static CellAddress Of(Partition partition) => new(CellKind.Partition, partition.Value);

    /// <summary>The replica of another node.</summary>
    public static CellAddress Peer(NodeId node) => new(CellKind.Peer, Who: node.Name);

    /// <summary>The verifier of another node.</summary>
    public static CellAddress PeerVerifier(NodeId node) => new(CellKind.PeerVerifier, Who: node.Name);

    /// <summary>The sender of a message.</summary>
    public static CellAddress Asker(object who) => new(CellKind.Asker, Who: who);
}
