// The JSON that /status answers and that the status verb, the demo and the bench read. A node makes it in src/Host/Http/NodeViews.cs.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HotStandby.CommandLine.Status;

/// <summary>A Standby as its Primary sees it.</summary>
public sealed record StandbyView(
    string Node, string State, ulong StoredSequence, ulong AppliedSequence, ulong LagEntries, bool Voting, long SilentMilliseconds);

/// <summary>A partition: equal digests at equal applied seq mean equal content.</summary>
public sealed record PartitionView(string Partition, ulong AppliedSequence, long Things, string Digest, int Uncommitted);

/// <summary>Commit on the Primary to applied here, in microseconds; only on one machine do the two share a clock.</summary>
public sealed record ApplyLagView(long Count, long P50, long P99, long P999, long Maximum);

/// <summary>What the node has verified of itself since its start, while it was a Standby.</summary>
/// <param name="Enabled">Whether it does.</param>
/// <param name="Clean">False: a partition differed from the Primary when it was compared last. Null: not all have been compared
/// yet.</param>
/// <param name="Compared">Comparisons of a partition.</param>
/// <param name="KeysCompared">Objects that they covered.</param>
/// <param name="Failed">Comparisons that found a difference.</param>
/// <param name="Mismatched">Keys that differed.</param>
/// <param name="Repaired">How many of them were repaired.</param>
/// <param name="FullSyncsNeeded">How often a partition was beyond repair.</param>
/// <param name="Cycles">Full cycles over all partitions.</param>
/// <param name="LastCycleAgeMilliseconds">Since the last of them.</param>
/// <param name="UncleanPartitions">Those that differed when they were compared last.</param>
public sealed record VerificationView(
    bool Enabled, bool? Clean, long Compared, long KeysCompared, long Failed, long Mismatched, long Repaired, long FullSyncsNeeded,
    long Cycles, long? LastCycleAgeMilliseconds, IReadOnlyList<string> UncleanPartitions);

/// <summary>
/// The garbage collector of the node's process since its start: collections by generation, and how long all threads stood still for them.
/// The longest recent pause is of the last collection of each kind.
/// </summary>
public sealed record CollectorView(
    int Generation0, int Generation1, int Generation2, double PausedMilliseconds, double LongestRecentPauseMilliseconds);

/// <summary>A full sync that is under way: its source, progress, rate and remaining time.</summary>
public sealed record SyncView(
    string Source, int PartitionsDone, int Partitions, long Bytes, double BytesPerSecond, double? RemainingSeconds);

/// <summary>How far the wall clock of another node is ahead of this one's, and by how much that may be wrong.</summary>
public sealed record ClockView(string Node, double OffsetMilliseconds, double ErrorMilliseconds);

/// <summary>What the node's state rests on.</summary>
/// <param name="IsWhole">The partitions hold what the log begins with; a node without that does not lead.</param>
/// <param name="BaseSequence">Entries up to here are no longer in the log.</param>
/// <param name="CheckpointSequence">Two checkpoints of every partition cover everything up to here; 0: not yet since the start.</param>
/// <param name="Sync">The full sync that is under way, or null.</param>
public sealed record StateView(bool IsWhole, ulong BaseSequence, ulong CheckpointSequence, SyncView? Sync);

/// <summary>A node.</summary>
public sealed record NodeView(
    string Node, string Role, bool Serving, ulong Epoch, string Leader, bool Voting, ulong AppendedSequence, ulong DurableSequence,
    ulong CommittedSequence, ulong AppliedSequence, long LeaseRemainingMilliseconds, int HeldReplies,
    IReadOnlyList<StandbyView> Standbys, ApplyLagView ApplyLagMicroseconds, IReadOnlyList<PartitionView> Partitions)
{
    /// <summary>
    /// What the node is in: recovering, restoring, following, campaigning, opening, serving, handing_over or stopping. Null from a node
    /// of an earlier version.
    /// </summary>
    public string? Phase { get; init; }

    /// <summary>What the state rests on.</summary>
    public StateView? State { get; init; }

    /// <summary>The process' garbage collector.</summary>
    public CollectorView? Collector { get; init; }

    /// <summary>What it has verified.</summary>
    public VerificationView? Verification { get; init; }

    /// <summary>The configured voters, as this node sees them. Null from a node of an earlier version.</summary>
    public ClusterView? Cluster { get; init; }

    /// <summary>How far the wall clocks of the other nodes differ from this one's.</summary>
    public IReadOnlyList<ClockView> Clocks { get; init; } = [];

    /// <summary>True when the node has applied all that it knows to be committed, and nothing beyond.</summary>
    [JsonIgnore]
    public bool IsSettled => AppliedSequence == CommittedSequence && AppendedSequence == CommittedSequence
        && Partitions.All(partition => partition.Uncommitted == 0);
}

/// <summary>How views are written and read: snake_case as in the HTTP API, compiled in.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(NodeView))]
[JsonSerializable(typeof(HealthView))]
public sealed partial class NodeViewJson : JsonSerializerContext;
