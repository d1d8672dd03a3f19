using HotStandby.Core.Replication;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Node;

/// <summary>
/// Hears what a replica does, for measurements and for the simulation. Changes nothing. Times are monotonic ticks of 100 ns.
/// </summary>
public interface IReplicaObserver
{
    /// <summary>A peer said something.</summary>
    void Heard(ReplicationMessage message, long nowTicks);

    /// <summary>The commit has advanced on the Primary; its oldest entry was proposed then.</summary>
    void Committed(ulong sequence, long proposedAtTicks, long nowTicks);

    /// <summary>A Standby's partitions have applied everything up to here.</summary>
    void Applied(ulong sequence, long nowTicks);

    /// <summary>The node took another role.</summary>
    void Became(RoleChanged changed, long nowTicks);

    /// <summary>The reign that was won is open to clients.</summary>
    void Serves(long nowTicks);
}
