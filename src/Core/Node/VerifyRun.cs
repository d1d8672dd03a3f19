// Verification that an operator asks for and waits for: what is asked, and what is known so far. Used by VerifierCell alone, which asks the
// Primary for points and hears how they compare.
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>One such run.</summary>
/// <param name="asker">Who waits.</param>
/// <param name="partitions">Which partitions.</param>
/// <param name="untilTicks">Monotonic; then it ends as it is.</param>
internal sealed class VerifyRun(CellAddress asker, IEnumerable<Partition> partitions, long untilTicks)
{
    private readonly SortedDictionary<ushort, PartitionVerified> _known = new(
        partitions.ToDictionary(each => each.Value, each => new PartitionVerified(each, PartitionStanding.Unknown, 0, 0, 0, 0)));

    /// <summary>Who waits.</summary>
    public CellAddress Asker => asker;

    /// <summary>Partitions whose outcome is open.</summary>
    public IEnumerable<Partition> Open => _known.Values
        .Where(each => each.Standing is PartitionStanding.Unknown or PartitionStanding.Different).Select(each => each.Partition);

    /// <summary>What is known so far.</summary>
    public VerifyNowAnswer Answer => new([.. _known.Values], null);

    /// <summary>Nothing is open, or the time is over.</summary>
    public bool IsOver(long nowTicks) => nowTicks >= untilTicks || !Open.Any();

    public void Compared(PartitionCompared compared) => Change(compared.Partition, known => known with
    {
        Standing = compared.Verdict.IsClean ? PartitionStanding.Clean
            : known.Standing == PartitionStanding.NeedsFullSync ? known.Standing
            : PartitionStanding.Different,
        MarkerSequence = compared.MarkerSequence,
        Keys = compared.Keys,
    });

    public void Found(MismatchesFound found) => Change(
        found.Partition, known =>
            known with { Mismatched = known.Mismatched + found.Mismatched, Repaired = known.Repaired + found.Repaired });

    public void NeedsFullSync(Partition partition) =>
        Change(partition, known => known with { Standing = PartitionStanding.NeedsFullSync });

    private void Change(Partition partition, Func<PartitionVerified, PartitionVerified> change)
    {
        if (_known.TryGetValue(partition.Value, out var known))
            _known[partition.Value] = change(known);
    }
}
