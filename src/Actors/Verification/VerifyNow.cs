// Verification that somebody asks for and waits for: what is asked, what is known so far, what is told at the end. Used by VerifierActor
// alone, which asks the Primary for points and hears how they compare.
using Akka.Actor;
using HotStandby.Core.Partitions;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Verification;

/// <summary>Anyone to the verifier of a Standby: compare these partitions with the Primary now. Answered with <see cref="VerifyNowAnswer"/>.</summary>
/// <param name="Partitions">Which; empty: all.</param>
/// <param name="Patience">After so long the answer comes as it is then.</param>
public sealed record VerifyNow(IReadOnlyList<Partition> Partitions, TimeSpan Patience) : INoSerializationVerificationNeeded;

/// <summary>How one partition compared.</summary>
/// <param name="Partition">Which.</param>
/// <param name="Standing">Unknown: it was not compared in time. Clean, after mismatches: they were repaired.</param>
/// <param name="MarkerSequence">Seq of the last marker that was compared; 0: none.</param>
/// <param name="Keys">Objects that it covered.</param>
/// <param name="Mismatched">Keys that differed.</param>
/// <param name="Repaired">How many of them were repaired.</param>
public sealed record PartitionVerified(Partition Partition, PartitionStanding Standing, ulong MarkerSequence, long Keys, int Mismatched, int Repaired);

/// <summary>What came of <see cref="VerifyNow"/>.</summary>
/// <param name="Partitions">By number.</param>
/// <param name="Refusal">Why nothing was compared; null when it was.</param>
public sealed record VerifyNowAnswer(IReadOnlyList<PartitionVerified> Partitions, string? Refusal) : INoSerializationVerificationNeeded;

/// <summary>One such run.</summary>
/// <param name="asker">Who waits.</param>
/// <param name="partitions">Which partitions.</param>
/// <param name="untilTicks">Monotonic; then it ends as it is.</param>
internal sealed class VerifyRun(IActorRef asker, IEnumerable<Partition> partitions, long untilTicks)
{
    private readonly SortedDictionary<ushort, PartitionVerified> _known = new(
        partitions.ToDictionary(each => each.Value, each => new PartitionVerified(each, PartitionStanding.Unknown, 0, 0, 0, 0)));

    /// <summary>Partitions whose outcome is open.</summary>
    public IEnumerable<Partition> Open => _known.Values.Where(each => each.Standing is PartitionStanding.Unknown or PartitionStanding.Different).Select(each => each.Partition);

    /// <summary>Nothing is open, or the time is over.</summary>
    public bool IsOver(long nowTicks) => nowTicks >= untilTicks || !Open.Any();

    public void Compared(PartitionCompared compared) => Change(compared.Partition, known => known with
    {
        Standing = compared.Verdict.IsClean ? PartitionStanding.Clean : known.Standing == PartitionStanding.NeedsFullSync ? known.Standing : PartitionStanding.Different,
        MarkerSequence = compared.MarkerSequence,
        Keys = compared.Keys,
    });

    public void Found(MismatchesFound found) => Change(
        found.Partition, known => known with { Mismatched = known.Mismatched + found.Mismatched, Repaired = known.Repaired + found.Repaired });

    public void NeedsFullSync(Partition partition) => Change(partition, known => known with { Standing = PartitionStanding.NeedsFullSync });

    public void Answer() => asker.Tell(new VerifyNowAnswer([.. _known.Values], null));

    private void Change(Partition partition, Func<PartitionVerified, PartitionVerified> change)
    {
        if (_known.TryGetValue(partition.Value, out var known))
            _known[partition.Value] = change(known);
    }
}
