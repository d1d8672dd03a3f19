// Whom a node joins, and when it founds a cluster. Akka lets the first seed node found one whenever nobody answers it for a moment, and
// nobody else ever: so a frozen neighbour makes an island, and a lost first seed keeps a majority waiting for ever. Here a cluster is
// founded by a majority of the voters, whoever they are. It decides who talks to whom; who leads is decided by sealed votes.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Core.Membership;

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

    /// <summary>All members that have not been removed, the oldest first; those that are leaving are among them.</summary>
    public IReadOnlyList<NameHolder> Holders { get; init; } = [];
}

/// <summary>What this node says of itself.</summary>
/// <param name="Life">This life.</param>
/// <param name="Birth">The birth of its cluster; 0: it has not met one yet.</param>
public readonly record struct OwnClaim(Life Life, ulong Birth);

/// <summary>Decides from what was heard. Pure; times are monotonic ticks of 100 ns. Used by JoinActor.</summary>
/// <param name="self">This node.</param>
/// <param name="address">Its address.</param>
/// <param name="seeds">The configured seed addresses, in their order; only these found clusters.</param>
/// <param name="voters">The configured voters.</param>
/// <param name="incarnation">This run of the process.</param>
public sealed class JoinPolicy(NodeId self, string address, IReadOnlyList<string> seeds, IReadOnlyList<NodeId> voters, ulong incarnation)
{
    /// <summary>What was said longer ago counts no more.</summary>
    public static readonly TimeSpan Memory = Voices.Memory;

    /// <summary>A majority that is not all of the voters is given so long for the others to speak up.</summary>
    public static readonly TimeSpan FoundingPatience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A node leaves its island when it has known of the other cluster for so long: a cluster that is being formed looks like one.
    /// </summary>
    public static readonly TimeSpan IslandPatience = TimeSpan.FromSeconds(5);

    private readonly Voices _voices = new(incarnation);
    private NamePolicy? _names;
    private long? _majoritySinceTicks;
    private long? _islandSinceTicks;
    private long? _foreignSinceTicks;
    private bool _wasMember;
    private bool _hasFounded;
    private JoinDecision _underWay;

    private NamePolicy Names => _names ??= new NamePolicy(self, address, SeatOf, _voices);

    /// <summary>A name that two processes claim, so that nothing is founded; none when there is no such name.</summary>
    public NodeId Contested { get; private set; } = NodeId.None;

    /// <summary>The nodes that this one has heard of lately: what its own hello says.</summary>
    public IReadOnlyList<HeardNode> Heard(long nowTicks) =>
        [.. _voices.Lately(nowTicks).Select(each => new HeardNode(each.Hello.From, each.Address))];

    /// <summary>The number of a question that is put to the seed addresses.</summary>
    public ulong Ask(long nowTicks) => _voices.Ask(nowTicks);

    /// <summary>The number of a question that only asks for a sign of life.</summary>
    public ulong Probe() => _voices.Probe();

    /// <summary>A node of this cluster, or of none yet, has said hello.</summary>
    public void Hear(string from, Hello hello, long nowTicks) => _voices.Hear(from, hello, nowTicks);

    /// <summary>Whether a hello answers what this process has asked lately: only its own questions may lead to its end.</summary>
    public bool IsAnswer(Hello hello, long nowTicks) => _voices.HasAsked(hello.Answers, nowTicks);

    /// <summary>What becomes of a node that asks, after it was heard.</summary>
    public NameVerdict Judge(string from, Hello asks, OwnClaim own, Standing standing, long nowTicks) =>
        Names.Judge(from, asks, own, standing, nowTicks);

    /// <summary>Whether this node ends, which was told that its name is taken.</summary>
    public bool MustGo(string from, NameTaken taken, Standing standing, long nowTicks) =>
        Names.MustGo(from, taken, standing.IsMember, _underWay.Step == JoinStep.Join ? _underWay.Address : null, nowTicks);

    /// <summary>Whether a node belongs to a cluster of the same name that was born at another time.</summary>
    public static bool IsForeign(Hello hello, ulong birth)
    {
        ArgumentNullException.ThrowIfNull(hello);
        return birth != 0 && hello.Birth != 0 && hello.Birth != birth;
    }

    /// <summary>
    /// Whether this node ends because of a cluster of another birth that has answered it: it is no member, and meanwhile it has heard
    /// neither a member nor a node of its own birth, with which it could found its cluster again. One seed address that now belongs to
    /// another cluster is no reason.
    /// </summary>
    public bool MustGo(Hello foreign, Standing standing, long nowTicks)
    {
        if (standing.IsMember || _wasMember || !foreign.IsMember || !IsAnswer(foreign, nowTicks))
            return false;
        // Nodes of other births are not among the voices.
        if (_voices.Lately(nowTicks).Any(each => each.Hello.IsMember || each.Hello.Birth != 0))
            return false;
        _foreignSinceTicks ??= nowTicks;
        return nowTicks - _foreignSinceTicks >= FoundingPatience.Ticks;
    }

    /// <summary>What to do now. A process is a member once: one that has left its cluster, or was put out of it, is about to end.</summary>
    public JoinDecision Decide(Standing standing, long nowTicks)
    {
        var lately = _voices.Lately(nowTicks);
        Contested = NodeId.None;
        if (standing.IsMember)
        {
            if (!_wasMember)
                _voices.ForgetQuestions(); // it has been let in: an answer of one that stood still meanwhile comes too late
            (_wasMember, _underWay) = (true, default);
            return AsMember(standing, lately, nowTicks);
        }

        return _underWay = _wasMember ? default : AsStranger(lately, nowTicks);
    }

    /// <summary>
    /// Whether this node sends hellos without being asked: while it is no member, or its cluster lacks a majority. A member of a majority
    /// stays silent, since nodes outside ask it, and lost nodes need not be called for ever.
    /// </summary>
    public bool Asks(Standing standing) => standing.IsMember ? !IsMajority(standing.VotersInCluster) : !_wasMember;

    /// <summary>
    /// Whether this node's hello to that address would still be true when it arrives. A node that is founding or joining can no
    /// longer be counted by other founders, so it speaks only to members. A node that has left says nothing.
    /// </summary>
    public bool MaySpeakTo(string to, Standing standing, long nowTicks) =>
        standing.IsMember || (!_wasMember && (_underWay.Step == JoinStep.None
            || _voices.Lately(nowTicks).Any(each => each.Address == to && each.Hello.IsMember)));

    /// <summary>Whether the answer to a hello asks back: its sender has not said yet that it hears this node.</summary>
    public bool AsksBack(Hello hello) => !hello.IsMember && !HearsMe(hello);

    private JoinDecision AsStranger(IReadOnlyList<Voice> lately, long nowTicks)
    {
        // What is under way is not taken back, whoever comes now.
        if (_hasFounded)
            return new JoinDecision(JoinStep.Found);
        if (lately.Any(each => each.Hello.IsMember))
        {
            (_majoritySinceTicks, _foreignSinceTicks) = (null, null);
            // A member that has answered lets it in; one that only asks has not judged it yet.
            var open = lately.Where(each => each.Hello.IsMember && each.Answered != 0).ToArray();
            return open.Length == 0
                ? default
                : new JoinDecision(
                    JoinStep.Join,
                    open.OrderByDescending(each => each.Hello.VotersInCluster).ThenBy(each => SeatOf(each.Address)).First().Address);
        }

        // Whom others have heard is there too: a majority that this node sees is then the majority that they see.
        var present = lately.SelectMany(each => each.Hello.Heard.Append(new HeardNode(each.Hello.From, each.Address)))
            .Append(new HeardNode(self, address)).Distinct().ToArray();
        // Only who hears this node counts: it knows that an earlier seat is there, and does not found meanwhile.
        var answering = lately.Where(each => HearsMe(each.Hello))
            .Select(each => each.Hello.From).Append(self).Where(voters.Contains).Distinct().Count();
        // Of two processes of one name, either may be the one that remembers: so neither is counted.
        Contested = NamePolicy.ContestedIn(present, voters);
        if (Contested != NodeId.None || SeatOf(address) == int.MaxValue || !IsMajority(answering)
            || present.Any(node => SeatOf(node.Address) < SeatOf(address)))
        {
            _majoritySinceTicks = null;
            return default;
        }

        _majoritySinceTicks ??= nowTicks;
        _hasFounded = answering == voters.Count || nowTicks - _majoritySinceTicks >= FoundingPatience.Ticks;
        return _hasFounded ? new JoinDecision(JoinStep.Found) : default;
    }

    private JoinDecision AsMember(Standing standing, IReadOnlyList<Voice> lately, long nowTicks)
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
    private bool IsLarger(Voice other, Standing standing) =>
        other.Hello.VotersInCluster > standing.VotersInCluster
        || (other.Hello.VotersInCluster == standing.VotersInCluster
            && SeatOf(other.Address) < standing.Members.Append(address).Min(SeatOf));

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
