// How far the wall clocks of the other nodes differ from this one's. Nothing in the protocol goes by wall clocks, but logs of several
// nodes are read side by side. Pure. Used by ClockActor.
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Membership;

/// <summary>How far the wall clock of another node differs.</summary>
/// <param name="Node">Which.</param>
/// <param name="OffsetTicks">Its clock less this node's, in units of 100 ns.</param>
/// <param name="ErrorTicks">By how much the offset may be wrong: half of the question's way there and back.</param>
public readonly record struct ClockDifference(NodeId Node, long OffsetTicks, long ErrorTicks)
{
    /// <summary>The clocks differ by more than is allowed, whatever the error.</summary>
    public bool IsTooLarge => Math.Abs(OffsetTicks) - ErrorTicks > ClockComparison.Allowed.Ticks;
}

/// <summary>Asks again and again, and keeps of each node the answer that came back soonest. Ticks are of 100 ns.</summary>
public sealed class ClockComparison
{
    /// <summary>Clocks that differ by more are warned about.</summary>
    public static readonly TimeSpan Allowed = TimeSpan.FromMilliseconds(100);

    /// <summary>How often to ask.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>When a warning is repeated.</summary>
    public static readonly TimeSpan WarnsAgain = TimeSpan.FromHours(1);

    // Of so many questions the best answer counts: one that waited for a busy machine says little.
    private const int Kept = 6;

    private readonly Dictionary<NodeId, Entry> _nodes = [];
    private ulong _question;

    /// <summary>The next question to a node.</summary>
    /// <param name="node">The node that is asked.</param>
    /// <param name="nowTicks">The monotonic clock.</param>
    public ulong Ask(NodeId node, long nowTicks)
    {
        if (!_nodes.TryGetValue(node, out var entry))
            _nodes.Add(node, entry = new Entry());
        (entry.Question, entry.AskedAtTicks) = (++_question, nowTicks);
        return _question;
    }

    /// <summary>An answer; one to any other question than the last is ignored.</summary>
    /// <param name="node">The node that answers.</param>
    /// <param name="question">Which question it answers.</param>
    /// <param name="wallTicks">The other's wall clock.</param>
    /// <param name="ownWallTicks">This node's wall clock now.</param>
    /// <param name="nowTicks">The monotonic clock.</param>
    public void Hear(NodeId node, ulong question, long wallTicks, long ownWallTicks, long nowTicks)
    {
        if (!_nodes.TryGetValue(node, out var entry) || entry.Question != question)
            return;
        entry.Question = 0;
        var error = Math.Max(0, nowTicks - entry.AskedAtTicks) / 2;
        if (entry.Measured.Count == Kept)
            entry.Measured.Dequeue();
        entry.Measured.Enqueue(new ClockDifference(node, wallTicks - (ownWallTicks - error), error));
    }

    /// <summary>A node is no member any more.</summary>
    public void Forget(NodeId node) => _nodes.Remove(node);

    /// <summary>How far each node's clock differs.</summary>
    public IReadOnlyList<ClockDifference> Differences() =>
    [
        .. _nodes.Values.Where(static entry => entry.Measured.Count > 0)
            .Select(static entry => entry.Measured.MinBy(static each => each.ErrorTicks)).OrderBy(static each => each.Node.Name),
    ];

    /// <summary>Whether there is something to say of a difference now: it is too large and was not told lately, or it is mended.</summary>
    public bool IsNews(ClockDifference difference, long nowTicks)
    {
        if (!_nodes.TryGetValue(difference.Node, out var entry))
            return false;
        if (!difference.IsTooLarge)
        {
            // Back within half of what is allowed: a clock at the limit must not be told of again and again.
            var isMended = entry.ToldAtTicks is not null && Math.Abs(difference.OffsetTicks) < Allowed.Ticks / 2;
            entry.ToldAtTicks = isMended ? null : entry.ToldAtTicks;
            return isMended;
        }

        if (entry.ToldAtTicks is { } told && nowTicks - told < WarnsAgain.Ticks)
            return false;
        entry.ToldAtTicks = nowTicks;
        return true;
    }

    private sealed class Entry
    {
        public Queue<ClockDifference> Measured { get; } = new(Kept);

        public ulong Question { get; set; }

        public long AskedAtTicks { get; set; }

        public long? ToldAtTicks { get; set; }
    }
}
