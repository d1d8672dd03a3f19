using HotStandby.Messages.Identity;

namespace HotStandby.Core.Replication;

/// <summary>What the replication protocol of one node depends on. All times are in ticks of 100 ns.</summary>
public sealed record ReplicaSettings
{
    /// <summary>This node.</summary>
    public required NodeId Self { get; init; }

    /// <summary>Every configured voter, this node among them; their number decides what a majority is.</summary>
    public required IReadOnlyList<NodeId> Voters { get; init; }

    /// <summary>How long a grant runs after the acknowledgement that renewed it.</summary>
    public long LeaseDurationTicks { get; init; } = TimeSpan.FromSeconds(2).Ticks;

    /// <summary>
    /// What the Primary gives up of its lease, so that clocks that run at different rates cannot make two leases overlap.
    /// </summary>
    public long DriftMarginTicks { get; init; } = TimeSpan.FromMilliseconds(200).Ticks;

    /// <summary>A Standby hears from the Primary at least this often.</summary>
    public long HeartbeatTicks { get; init; } = TimeSpan.FromMilliseconds(200).Ticks;

    /// <summary>What a Standby does not acknowledge for this long is sent again.</summary>
    public long ResendTicks { get; init; } = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>How long an outgoing Primary waits for its last entries to be committed.</summary>
    public long HandOverTicks { get; init; } = TimeSpan.FromSeconds(2).Ticks;

    /// <summary>Most entries of a batch.</summary>
    public int BatchEntries { get; init; } = 512;

    /// <summary>A batch is closed when it has reached this many bytes.</summary>
    public int BatchBytes { get; init; } = 64 * 1024;

    /// <summary>How long an open batch may wait for more; 0: only until the turn ends.</summary>
    public long LingerTicks { get; init; }

    /// <summary>
    /// While so many batches are not committed yet, the open one stays open to gather more, unless it is full. At least 1.
    /// </summary>
    public int PipelineBatches { get; init; } = 1;

    /// <summary>Most entries kept in memory for Standbys that are behind.</summary>
    public int WindowEntries { get; init; } = 262_144;

    /// <summary>Most bytes kept in memory for Standbys that are behind.</summary>
    public long WindowBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Most bytes under way to one Standby.</summary>
    public long InFlightBytes { get; init; } = 4L * 1024 * 1024;

    /// <summary>Voters that make a majority.</summary>
    public int Majority => Math.Max(1, (Voters.Count / 2) + 2 - OwnVotes);

    /// <summary>1. Only the simulation sets another number, to see a bug in counting being caught.</summary>
    internal int OwnVotes { get; init; } = 1;

    /// <summary>False. Only the simulation sets it, to see that bug being caught.</summary>
    internal bool CommitsOlderEpochs { get; init; }

    /// <summary>None. Only the simulation sets one, to see that bug being caught.</summary>
    internal CountingBug Miscounts { get; init; }

    /// <summary>The other voters.</summary>
    public IEnumerable<NodeId> Peers => Voters.Where(voter => voter != Self);
}

/// <summary>Mistakes in saying which lives count.</summary>
internal enum CountingBug : byte
{
    None,
    /// <summary>Whatever life has the name counts, and none ends.</summary>
    AnyLife,
    /// <summary>A life that is welcomed counts, and so does the one before it, which does not end.</summary>
    BothLives,
    /// <summary>A message of another cluster is as good as one of this.</summary>
    AnyBirth,
    /// <summary>A cluster is founded by a majority of the voters.</summary>
    FoundByMajority,
}
