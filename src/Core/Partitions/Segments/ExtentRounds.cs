// What the shards report of their buffers, round by round: every shard answers every round, in order, from the same place in the log. A
// shard may be ahead of another by some rounds, so each round waits until it is complete.
using HotStandby.Core.Segments;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>Keeps an <see cref="Occupancy"/> by the reports of all shards.</summary>
internal sealed class ExtentRounds(int shardCount)
{
    private readonly SortedDictionary<ulong, Round> _open = [];
    private ulong _complete;

    /// <summary>What they cover, as of the last complete round.</summary>
    public Occupancy Occupancy { get; } = new();

    /// <summary>True when every shard has answered this round.</summary>
    public bool IsComplete(ulong round) => _complete >= round;

    /// <summary>Takes a report; one that came already counts once.</summary>
    public void Add(LiveExtents report)
    {
        if (IsComplete(report.Round))
            return;
        if (!_open.TryGetValue(report.Round, out var round))
            _open.Add(report.Round, round = new Round(shardCount));
        round.Add(report);
        while (_open.Count > 0 && _open.First() is var (number, oldest) && oldest.IsComplete)
        {
            _open.Remove(number);
            oldest.Carry(Occupancy);
            _complete = number;
        }
    }

    private sealed class Round(int shardCount)
    {
        private readonly LiveExtents?[] _reports = new LiveExtents?[shardCount];
        private int _missing = shardCount;

        public bool IsComplete => _missing == 0;

        public void Add(LiveExtents report)
        {
            ref var mine = ref _reports[report.Partition.ShardIndex];
            _missing -= mine is null ? 1 : 0;
            mine = report;
        }

        public void Carry(Occupancy to)
        {
            Extent[][] taken = [.. _reports.Select(report => report!.Taken)];
            if (_reports[0]!.IsWhole)
                to.Rebuild(taken);
            else
                to.Change([.. _reports.Select(report => report!.Freed)], taken);
        }
    }
}
