// What a Standby has verified, and what comes next: whole cycles over all partitions, some of them a round, in turn. Pure: the
// verifier's actor brings the time and the results.
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Verification;

/// <summary>How the last comparison of a partition ended.</summary>
public enum PartitionStanding : byte
{
    /// <summary>Not compared since the start.</summary>
    Unknown,
    /// <summary>Equal to the Primary.</summary>
    Clean,
    /// <summary>Different, and not found equal since; it may be repaired already.</summary>
    Different,
    /// <summary>Different, and beyond repair key by key.</summary>
    NeedsFullSync,
}

/// <summary>The sums since the start of the node.</summary>
/// <param name="Compared">Comparisons of a partition with a marker.</param>
/// <param name="KeysCompared">Objects that they covered.</param>
/// <param name="Failed">Comparisons that found a difference.</param>
/// <param name="Mismatched">Keys that differed, and digests that did not fit their content.</param>
/// <param name="Repaired">How many of them were repaired.</param>
/// <param name="FullSyncsNeeded">How often a partition was beyond repair.</param>
/// <param name="Cycles">Full cycles over all partitions.</param>
public readonly record struct VerificationCounts(
    long Compared, long KeysCompared, long Failed, long Mismatched, long Repaired, long FullSyncsNeeded, long Cycles);

/// <summary>The books of a verifier. Not thread-safe.</summary>
public sealed class VerificationLedger
{
    private readonly PartitionStanding[] _standings;
    private readonly bool[] _isDone;
    private readonly int _perRound;
    private int _cursor;
    private int _done;

    /// <summary>Empty books.</summary>
    /// <param name="partitions">How many there are, the segment table included; at least 1.</param>
    /// <param name="ratio">Share of them in one round, above 0 to 1; at least one is in each.</param>
    public VerificationLedger(int partitions, double ratio)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        (_standings, _isDone) = (new PartitionStanding[partitions], new bool[partitions]);
        _perRound = Math.Clamp((int)Math.Ceiling(partitions * ratio), 1, partitions);
    }

    /// <summary>Sums since the start.</summary>
    public VerificationCounts Counts { get; private set; }

    /// <summary>When the last cycle was complete (monotonic, 100 ns); null before the first.</summary>
    public long? LastCycleTicks { get; private set; }

    /// <summary>Partitions that differed when they were compared last, by number.</summary>
    public IReadOnlyList<Partition> Unclean =>
    [
        .. Enumerable.Range(0, _standings.Length)
            .Where(at => _standings[at] is PartitionStanding.Different or PartitionStanding.NeedsFullSync)
            .Select(at => new Partition((ushort)at)),
    ];

    /// <summary>True when no partition is known to differ and all have been compared; null when only the first holds.</summary>
    public bool? IsClean => Unclean.Count > 0
        ? false : Array.TrueForAll(_standings, standing => standing == PartitionStanding.Clean) ? true : null;

    /// <summary>How a partition stands.</summary>
    public PartitionStanding this[Partition partition] => _standings[partition.Value];

    /// <summary>The partitions of the next round: in turn, of those that this cycle has not compared yet.</summary>
    public IReadOnlyList<Partition> NextRound()
    {
        var round = new List<Partition>(_perRound);
        for (var seen = 0; seen < _isDone.Length && round.Count < _perRound; seen++)
        {
            if (!_isDone[_cursor])
                round.Add(new Partition((ushort)_cursor));
            _cursor = (_cursor + 1) % _isDone.Length;
        }

        return round;
    }

    /// <summary>A marker was compared.</summary>
    public void Compared(Partition partition, bool isClean, long keys, long nowTicks)
    {
        Counts = Counts with
        {
            Compared = Counts.Compared + 1,
            KeysCompared = Counts.KeysCompared + keys,
            Failed = Counts.Failed + (isClean ? 0 : 1),
        };
        if (isClean)
            _standings[partition.Value] = PartitionStanding.Clean;
        else if (_standings[partition.Value] != PartitionStanding.NeedsFullSync)
            _standings[partition.Value] = PartitionStanding.Different;
        if (_isDone[partition.Value])
            return;
        _isDone[partition.Value] = true;
        if (++_done < _isDone.Length)
            return;
        (_done, LastCycleTicks, Counts) = (0, nowTicks, Counts with { Cycles = Counts.Cycles + 1 });
        Array.Clear(_isDone);
    }

    /// <summary>Mismatches were found in a partition, and repaired.</summary>
    public void Repaired(long mismatched, long repaired) => Counts = Counts with
    {
        Mismatched = Counts.Mismatched + mismatched,
        Repaired = Counts.Repaired + repaired,
    };

    /// <summary>A partition is beyond repair; it stays so until it is found equal.</summary>
    public void NeedsFullSync(Partition partition)
    {
        _standings[partition.Value] = PartitionStanding.NeedsFullSync;
        Counts = Counts with { FullSyncsNeeded = Counts.FullSyncsNeeded + 1 };
    }
}
