// Faults in the partitions of one process, and what verification says of them. A fault is in memory only: no image is taken of a partition
// that has one. It is gone when the partition holds what it must at the seq of its last entry.
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Messages;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>Faults in the memory of one process.</summary>
public sealed class StateFaults(Simulation world, SimulatedNode node)
{
    private readonly bool[] _isWrong = new bool[1 + CellProcess.ShardCount];

    /// <summary>Some partition is wrong.</summary>
    public bool Any => Array.IndexOf(_isWrong, true) >= 0;

    /// <summary>A partition is wrong.</summary>
    public bool AreIn(int partition) => _isWrong[partition];

    /// <summary>A partition is wrong from now on, if it has anything to be wrong about.</summary>
    public void Put(InjectFault fault, ICell cell, Outbox letters, Moment now)
    {
        cell.Receive(fault, default, now);
        var injected = (FaultInjected)letters.Letters[^1].Message;
        letters.Clear();
        if (injected.Affected == 0)
            return;
        _isWrong[fault.Partition.Value] = true;
        world.Checker.FaultsPutIn++;
        world.Trace(node, $"has a fault in {fault.Partition}: {fault.Fault}");
    }

    /// <summary>
    /// Invariant 7: what a partition that follows holds, at the seq of its last entry, is right, unless a fault was put in.
    /// </summary>
    public void Look(ICell cell, Outbox letters, Moment now)
    {
        cell.Receive(ReportPartition.Instance, default, now);
        var report = (PartitionReport)letters.Letters[0].Message;
        letters.Clear();
        if (report.Uncommitted > 0)
            return;
        if (!_isWrong[report.Partition.Value])
        {
            world.Checker.Holds(node.Id, report.Partition.Value, report.AppliedSequence, report.Digest);
        }
        else if (world.Checker.IsRight(report.Partition.Value, report.AppliedSequence, report.Digest))
        {
            _isWrong[report.Partition.Value] = false;
            world.Checker.FaultsGone++;
            world.Trace(node, $"has no fault in {report.Partition} any more");
        }
    }

    /// <summary>
    /// What another cell of the process hears of a partition. Invariant 7: verification finds a difference only where a fault was put in.
    /// And no image is taken of what is wrong.
    /// </summary>
    public object Hears(object message)
    {
        switch (message)
        {
            case PartitionCompared compared when compared.Verdict.IsClean:
                world.NoteVerified(node, compared.Partition);
                return message;
            case PartitionCompared compared when !_isWrong[compared.Partition.Value]:
                throw new InvariantViolation(
                    7, $"{compared.Partition} of {node.Id} differs at {compared.MarkerSequence} for verification, and no fault was put in");
            case ImageTaken { Image: { } image } taken when _isWrong[taken.Partition.Value]:
                image.Dispose();
                return taken with { Image = null };
            default:
                return message;
        }
    }
}
