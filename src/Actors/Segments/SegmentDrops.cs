namespace HotStandby.Actors.Segments;

/// <summary>The unmounted segments of a reign that some shards still have to drop.</summary>
internal sealed class SegmentDrops(int shardCount)
{
    private readonly Dictionary<uint, Waiting> _segments = [];

    /// <summary>From now on every shard is waited for.</summary>
    public void Begin(uint handle) => _segments[handle] = new Waiting(new bool[shardCount], shardCount);

    /// <summary>A shard has dropped the segment. True when it was the last one; a repeated report counts once.</summary>
    public bool Dropped(uint handle, int shardIndex)
    {
        if (!_segments.TryGetValue(handle, out var waiting) || waiting.Done[shardIndex])
            return false;
        waiting.Done[shardIndex] = true;
        _segments[handle] = waiting with { Missing = waiting.Missing - 1 };
        return waiting.Missing == 1 && _segments.Remove(handle);
    }

    private readonly record struct Waiting(bool[] Done, int Missing);
}
