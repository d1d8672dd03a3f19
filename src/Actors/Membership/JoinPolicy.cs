// Whom a node joins, and when it founds a cluster. Akka lets the first seed node found one whenever nobody answers it for a moment, and
// nobody else ever: so a frozen neighbour makes an island, and a lost first seed keeps a majority waiting for ever. Here a cluster is
// founded by a majority of the voters, whoever they are. It decides who talks to whom; who leads is decided by sealed votes.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Actors.Membership;

/// <summary>What a node shall do about its membership.</summary>
public enum JoinStep : byte
{
    /// <summary>Wait, or it is where it belongs.</summary>
    None,
    /// <summary>Found a cluster.</summary>
    Found,
    /// <summary>Join the cluster of a node that has answered.</summary>
    Join,
    /// <summary>Its cluster is an island beside a larger one: it must start afresh.</summary>
    Leave,
}

/// <summary>A decision.</summary>
/// <param name="Step">What.</param>
/// <param name="Address">Join: whose cluster. Leave: who is in the larger one.</param>
public readonly record struct JoinDecision(JoinStep Step, string Address = "");

/// <summary>How this node stands in its cluster.</summary>
/// <param name="IsMember">It is a member of one.</param>
/// <param name="VotersInCluster">How many voters are members of it.</param>
/// <param name="Members">Addresses of its members.</param>
public sealed record Standing(bool IsMember, int VotersInCluster, IReadOnlySet<string> Members)
{
    /// <summary>No member of anything.</summary>
    public static readonly Standing Outside = new(false, 0, new HashSet<string>());
}

/// <summary>Decides from what was heard. Pure; times are monotonic ticks of 100 ns. Used by <see cref="JoinActor"/>.</summary>
/// <param name="self">This node.</param>
/// <param name="address">Its address.</param>
/// <param name="seeds">The configured seed addresses, in their order; only these found clusters.</param>
/// <param name="voters">The configured voters.</param>
public sealed class JoinPolicy(NodeId self, string address, IReadOnlyList<string> seeds, IReadOnlyList<NodeId> voters)
{
    /// <summary>What was said longer ago counts no more.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(2);

    /// <summary>A majority that is not all of the voters is given so long for the others to speak up.</summary>
    public static readonly TimeSpan FoundingPatience = TimeSpan.FromSeconds(1);

    /// <summary>A node leaves its island when it has known of the other cluster for so long: a cluster that is being formed looks like one.</summary>
    public static readonly TimeSpan IslandPatience = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, (Hello Hello, long AtTicks)> _heard = new(StringComparer.Ordinal);
    private long? _majoritySinceTicks;
    private long? _islandSinceTicks;
    private bool _wasMember;
    private bool _hasFounded;
    private bool _isUnderWay;

    /// <summary>Whom this node has heard of lately: what its own hello says.</summary>
    public IReadOnlyList<HeardNode> Heard(long nowTicks) => [.. Lately(nowTicks).Select(each => new HeardNode(each.Hello.From, each.Address))];

    /// <summary>A node has said hello.</summary>
    public void Hear(string from, Hello hello, long nowTicks) => _heard[from] = (hello, nowTicks);

    /// <summary>What to do now. A process is a member once: one that has left its cluster, or was put out of it, is about to end.</summary>
    public JoinDecision Decide(Standing standing, long nowTicks)
    {
        var lately = Lately(nowTicks);
        if (standing.IsMember)
        {
            (_wasMember, _isUnderWay) = (true, false);
            return AsMember(standing, lately, nowTicks);
        }

        var decision = _wasMember ? default : AsStranger(lately, nowTicks);
        _isUnderWay = decision.Step is JoinStep.Found or JoinStep.Join;
        return decision;
    }

    /// <summary>Whether it says hello by itself. Nobody else needs to hear from a majority: whoever is outside asks, and lost nodes are not knocked up for ever.</summary>
    public bool Asks(Standing standing) => standing.IsMember ? !IsMajority(standing.VotersInCluster) : !_wasMember;

    /// <summary>
    /// Whether this node's hello to that address would still be true when it arrives. A node that founds or joins at the moment is no longer
    /// somebody to found with, so it speaks only to members; one that has left says nothing more.
    /// </summary>
    public bool MaySpeakTo(string to, Standing standing, long nowTicks) =>
        standing.IsMember || (!_wasMember && (!_isUnderWay || Lately(nowTicks).Any(each => each.Address == to && each.Hello.IsMember)));

    /// <summary>Whether the answer to a hello asks back: its sender has not said yet that it hears this node.</summary>
    public bool AsksBack(Hello hello) => !hello.IsMember && !HearsMe(hello);

    private JoinDecision AsStranger(List<(string Address, Hello Hello)> lately, long nowTicks)
    {
        // What is under way is not taken back, whoever comes now.
        if (_hasFounded)
            return new JoinDecision(JoinStep.Found);
        var members = lately.Where(each => each.Hello.IsMember).ToArray();
        if (members.Length > 0)
        {
            _majoritySinceTicks = null;
            return new JoinDecision(JoinStep.Join, members.OrderByDescending(each => each.Hello.VotersInCluster).ThenBy(each => SeatOf(each.Address)).First().Address);
        }

        // Whom others have heard is there too: a majority that this node sees is then the majority that they see.
        var present = lately.SelectMany(each => each.Hello.Heard.Append(new HeardNode(each.Hello.From, each.Address)))
            .Append(new HeardNode(self, address)).Distinct().ToArray();
        // Only who hears this node counts: it knows that an earlier seat is there, and does not found meanwhile.
        var answering = lately.Where(each => HearsMe(each.Hello)).Select(each => each.Hello.From).Append(self).Where(voters.Contains).Distinct().Count();
        if (SeatOf(address) == int.MaxValue || !IsMajority(answering) || present.Any(node => SeatOf(node.Address) < SeatOf(address)))
        {
            _majoritySinceTicks = null;
            return default;
        }

        _majoritySinceTicks ??= nowTicks;
        _hasFounded = answering == voters.Count || nowTicks - _majoritySinceTicks >= FoundingPatience.Ticks;
        return _hasFounded ? new JoinDecision(JoinStep.Found) : default;
    }

    private JoinDecision AsMember(Standing standing, List<(string Address, Hello Hello)> lately, long nowTicks)
    {
        _majoritySinceTicks = null;
        var larger = IsMajority(standing.VotersInCluster)
            ? []
            : lately.Where(each => each.Hello.IsMember && !standing.Members.Contains(each.Address) && IsLarger(each, standing)).ToArray();
        if (larger.Length == 0)
        {
            _islandSinceTicks = null;
            return default;
        }

        _islandSinceTicks ??= nowTicks;
        return nowTicks - _islandSinceTicks >= IslandPatience.Ticks ? new JoinDecision(JoinStep.Leave, larger[0].Address) : default;
    }

    private bool IsMajority(int count) => count > voters.Count / 2;

    private bool HearsMe(Hello hello) => hello.Heard.Contains(new HeardNode(self, address));

    // Of two equal ones, that with the earlier seat stays.
    private bool IsLarger((string Address, Hello Hello) other, Standing standing) =>
        other.Hello.VotersInCluster > standing.VotersInCluster
        || (other.Hello.VotersInCluster == standing.VotersInCluster && SeatOf(other.Address) < standing.Members.Append(address).Min(SeatOf));

    private List<(string Address, Hello Hello)> Lately(long nowTicks)
    {
        foreach (var forgotten in _heard.Where(each => nowTicks - each.Value.AtTicks > Memory.Ticks).Select(each => each.Key).ToArray())
            _heard.Remove(forgotten);
        return [.. _heard.Select(each => (each.Key, each.Value.Hello))];
    }

    private int SeatOf(string node)
    {
        for (var seat = 0; seat < seeds.Count; seat++)
        {
            if (seeds[seat] == node)
                return seat;
        }

        return int.MaxValue;
    }
}
