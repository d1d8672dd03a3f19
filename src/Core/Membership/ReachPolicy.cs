// Who stays when some nodes do not reach some others. Akka's split-brain resolver puts out both ends of a single broken link, and with
// them the majority of three nodes; here a node is removed when a majority of the voters does not hear it, and leaves when it does not hear
// a majority itself. A node that only fails to reach one other node stays. It decides about membership only; who leads is
// decided by sealed votes.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Core.Membership;

/// <summary>What follows from who hears whom.</summary>
/// <param name="PutOut">The nodes to remove from the cluster.</param>
/// <param name="Leave">This node is: it is in no majority.</param>
public readonly record struct ReachVerdict(IReadOnlyList<NodeLife> PutOut, bool Leave);

/// <summary>Judges who is lost. Pure; times are monotonic ticks of 100 ns. Used by DowningActor.</summary>
/// <param name="self">This node.</param>
/// <param name="voters">The configured voters: their majority counts, whoever is a member at the moment.</param>
/// <param name="stableAfter">What is found must have been so for this long.</param>
public sealed class ReachPolicy(NodeId self, IReadOnlyList<NodeId> voters, TimeSpan stableAfter)
{
    /// <summary>How often every member tells every other whom it hears.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Who has said nothing for longer is not heard.</summary>
    public static readonly TimeSpan Memory = 3 * Interval;

    private readonly Dictionary<NodeLife, (IReadOnlyList<NodeLife> Heard, long AtTicks)> _said = [];
    private readonly Dictionary<NodeLife, long> _lostSinceTicks = [];
    private long? _aloneSinceTicks;

    private int Majority => (voters.Count / 2) + 1;

    /// <summary>A member speaks.</summary>
    public void Hear(Presence presence, long nowTicks)
    {
        ArgumentNullException.ThrowIfNull(presence);
        _said[presence.From] = (presence.Heard, nowTicks);
    }

    /// <summary>Whom this node hears: what its own presence says.</summary>
    public IReadOnlyList<NodeLife> Heard(long nowTicks)
    {
        foreach (var (life, said) in _said)
        {
            if (nowTicks - said.AtTicks > Memory.Ticks)
                _said.Remove(life);
        }

        return [.. _said.Keys];
    }

    /// <summary>Some time has passed. To be asked about every <see cref="Interval"/>.</summary>
    /// <param name="unreachable">Members that some member does not reach, as the membership has it.</param>
    /// <param name="nowTicks">Now.</param>
    public ReachVerdict Judge(IReadOnlyCollection<NodeLife> unreachable, long nowTicks)
    {
        ArgumentNullException.ThrowIfNull(unreachable);
        var heard = Heard(nowTicks);
        var lost = unreachable.Where(life => IsLost(life, heard)).ToHashSet();
        foreach (var found in _lostSinceTicks.Keys.Except(lost).ToArray())
            _lostSinceTicks.Remove(found);
        foreach (var life in lost)
            _lostSinceTicks.TryAdd(life, nowTicks);

        // Whoever hears a majority is no minority; and without anybody who cannot be reached there is nothing to leave for.
        var isAlone = unreachable.Count > 0 && heard.Select(life => life.Node).Append(self).Distinct().Count(voters.Contains) < Majority;
        _aloneSinceTicks = isAlone ? _aloneSinceTicks ?? nowTicks : null;
        return new ReachVerdict(
            [.. lost.Where(life => HasPassed(_lostSinceTicks[life]))], _aloneSinceTicks is { } since && HasPassed(since));

        bool HasPassed(long sinceTicks) => nowTicks - sinceTicks >= stableAfter.Ticks;
    }

    /// <summary>
    /// Which nodes must be removed together with a lost Primary, since Akka removes no member while any other is unreachable and not yet
    /// marked down: those that a majority does not hear, and one of each two that do not hear each other. Every node chooses the same one.
    /// </summary>
    /// <param name="primary">The Primary: what it says counts no more.</param>
    /// <param name="unreachable">As for <see cref="Judge"/>.</param>
    /// <param name="own">This node's life.</param>
    /// <param name="nowTicks">Now.</param>
    public IReadOnlyList<NodeLife> GoWith(NodeLife primary, IReadOnlyCollection<NodeLife> unreachable, NodeLife own, long nowTicks)
    {
        ArgumentNullException.ThrowIfNull(unreachable);
        var heard = Heard(nowTicks);
        var goes = unreachable.Where(life => life != primary && IsLost(life, heard)).ToHashSet();
        NodeLife[] left = [.. heard.Append(own)
            .Where(life => life != primary && !goes.Contains(life)).OrderBy(life => life.Node.Name, StringComparer.Ordinal)];
        foreach (var later in left.Intersect(unreachable))
        {
            if (left.TakeWhile(life => life != later)
                .Any(earlier => !goes.Contains(earlier) && !(Hears(earlier, later) && Hears(later, earlier))))
                goes.Add(later);
        }

        return [.. goes];

        bool Hears(NodeLife one, NodeLife other) => one == own ? heard.Contains(other) : _said[one].Heard.Contains(other);
    }

    // A majority of the voters is heard from and does not hear it. Who is not heard from has no say.
    private bool IsLost(NodeLife life, IReadOnlyList<NodeLife> heard) => voters.Count(voter => voter == self
        ? !heard.Contains(life)
        : heard.Any(each => each.Node == voter)
            && !heard.Any(each => each.Node == voter && (each == life || _said[each].Heard.Contains(life)))) >= Majority;
}
