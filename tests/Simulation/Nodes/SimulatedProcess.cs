// What runs on a machine: the protocol alone (BareProcess), or a whole node made of the product's cells (CellProcess).
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>One process of a node.</summary>
public abstract class SimulatedProcess(Simulation world, SimulatedNode node)
{
    /// <summary>The protocol.</summary>
    public abstract Replica Replica { get; }

    /// <summary>Its partitions answer clients.</summary>
    public abstract bool Reigns { get; }

    /// <summary>The world.</summary>
    protected Simulation World { get; } = world;

    /// <summary>Where it runs.</summary>
    protected SimulatedNode Node { get; } = node;

    /// <summary>The frame of the run.</summary>
    protected Scenario Scenario => World.Scenario;

    /// <summary>It has been made, and begins.</summary>
    public abstract void Begin();

    /// <summary>The process has ended; whatever it held is lost.</summary>
    public virtual void End()
    {
    }

    /// <summary>A message arrives.</summary>
    public abstract void Receive(ReplicationMessage message, SimulatedNode? from);

    /// <summary>A message for the verifier arrives.</summary>
    public virtual void Receive(VerificationMessage message, SimulatedNode from)
    {
    }

    /// <summary>The oracle thinks of this node.</summary>
    public abstract void Crown();

    /// <summary>The oracle thinks of another one.</summary>
    public abstract void Uncrown();

    /// <summary>An operator's wish; why not, or null.</summary>
    public abstract string? SwitchOver(NodeId to);

    /// <summary>Writes that mean nothing; the seq of the last.</summary>
    public abstract ulong Propose(int entries);
}
