// How far the segments of a reign are that are being dropped: first every shard reports what may still be written to one, then every shard
// drops it.
using HotStandby.Messages.Model;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>The unmounted segments of a reign that some shards still have to report or drop. A repeated answer counts once.</summary>
internal sealed class SegmentDrops(int shardCount)
{
    private readonly Dictionary<uint, (Answers Answers, List<Extent> Buffers)> _reporting = [];
    private readonly Dictionary<uint, Answers> _dropping = [];

    /// <summary>From now on every shard is waited for, to report.</summary>
    public void Begin(uint handle) => _reporting[handle] = (new Answers(shardCount), []);

    /// <summary>A shard has reported. What all have reported when it was the last one, else null.</summary>
    public IReadOnlyList<Extent>? Reported(uint handle, int shardIndex, IReadOnlyList<Extent> buffers)
    {
        if (!_reporting.TryGetValue(handle, out var waiting) || !waiting.Answers.Add(shardIndex))
            return null;
        waiting.Buffers.AddRange(buffers);
        return waiting.Answers.AreComplete && _reporting.Remove(handle) ? waiting.Buffers : null;
    }

    /// <summary>From now on every shard is waited for, to drop it.</summary>
    public void Drop(uint handle) => _dropping[handle] = new Answers(shardCount);

    /// <summary>A shard has dropped the segment. True when it was the last one.</summary>
    public bool Dropped(uint handle, int shardIndex) =>
        _dropping.TryGetValue(handle, out var answers) && answers.Add(shardIndex) && answers.AreComplete && _dropping.Remove(handle);

    private sealed class Answers(int shardCount)
    {
        private readonly bool[] _given = new bool[shardCount];
        private int _missing = shardCount;

        public bool AreComplete => _missing == 0;

        public bool Add(int shardIndex)
        {
            if (_given[shardIndex])
                return false;
            _given[shardIndex] = true;
            _missing--;
            return true;
        }
    }
}
