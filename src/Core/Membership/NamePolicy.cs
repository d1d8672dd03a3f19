// One name, one process. Two living processes of one name are two memories, of which only one may vote. So the later one is refused while
// the earlier one answers, and waits while the earlier one is silent and still in the cluster. This policy never decides that a process is
// dead: ReachPolicy does, which removes members. Nor does a vote rest on it: the log decides which life is counted.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Core.Membership;

/// <summary>What becomes of the sender of a question.</summary>
public enum NameStep : byte
{
    /// <summary>The name is its own.</summary>
    Free,
    /// <summary>Another process has the name: it is asked for a sign of life, and nothing is answered yet.</summary>
    Open,
    /// <summary>As <see cref="Open"/>, and that process has been silent for a while: the sender is told what it waits for.</summary>
    Waits,
    /// <summary>Another process has the name, and it lives: the sender must end.</summary>
    Taken,
}

/// <summary>A verdict.</summary>
/// <param name="Step">What.</param>
/// <param name="Holder">The address of the process that has the name; empty when the sender has it.</param>
public readonly record struct NameVerdict(NameStep Step, string Holder = "");

/// <summary>A member that has not been removed from the cluster: its name is its own.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Address">Its address.</param>
/// <param name="IsUp">The cluster has given it its place in the order of age.</param>
public readonly record struct NameHolder(NodeId Node, string Address, bool IsUp);

/// <summary>Decides which process keeps a name. Pure; times are monotonic ticks of 100 ns. Used by <see cref="JoinPolicy"/>.</summary>
/// <param name="self">This node.</param>
/// <param name="address">Its address.</param>
/// <param name="seatOf">The place of an address among the seed addresses.</param>
/// <param name="voices">What was heard.</param>
internal sealed class NamePolicy(NodeId self, string address, Func<string, int> seatOf, Voices voices)
{
    /// <summary>A process that has not answered for so long, although it is asked again and again, is silent.</summary>
    public static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(1);

    /// <summary>What becomes of a node that asks, after it was heard.</summary>
    /// <param name="from">Its address.</param>
    /// <param name="asks">Its hello.</param>
    /// <param name="own">What this node would say.</param>
    /// <param name="standing">How this node stands in its cluster.</param>
    /// <param name="nowTicks">Now.</param>
    public NameVerdict Judge(string from, Hello asks, OwnClaim own, Standing standing, long nowTicks) =>
        RivalOf(from, asks, own, standing, nowTicks) switch
        {
            null => default,
            { } rival when rival == address || voices.HasAnsweredSince(rival, from) => new NameVerdict(NameStep.Taken, rival),
            { } rival => new NameVerdict(voices.HasBeenHeardFor(from, nowTicks) < AnswerPatience ? NameStep.Open : NameStep.Waits, rival),
        };

    /// <summary>
    /// Whether this node ends, which was told that its name is taken. A node that is joining believes the member that lets it in. A member
    /// believes only the holder: two processes that two members have let in must not both end.
    /// </summary>
    /// <param name="from">Which node says so.</param>
    /// <param name="taken">What it says.</param>
    /// <param name="isMember">This node is a member.</param>
    /// <param name="joins">The member through which it is about to join; null: none.</param>
    /// <param name="nowTicks">Now.</param>
    public bool MustGo(string from, NameTaken taken, bool isMember, string? joins, long nowTicks) =>
        taken.HolderLives && taken.Holder != address && voices.HasAsked(taken.Answers, nowTicks)
        && (from == taken.Holder || (!isMember && (joins is null || joins == from)));

    /// <summary>A name that two processes claim, of all that are heard by any node; none when there is no such name.</summary>
    /// <param name="present">Every process that is there.</param>
    /// <param name="voters">The names that count.</param>
    public static NodeId ContestedIn(IEnumerable<HeardNode> present, IReadOnlyList<NodeId> voters) =>
        present.GroupBy(node => node.Node).FirstOrDefault(claims => voters.Contains(claims.Key) && claims.Distinct().Skip(1).Any())?.Key
        ?? NodeId.None;

    private string? RivalOf(string from, Hello asks, OwnClaim own, Standing standing, long nowTicks)
    {
        // The oldest member of the name has it. At the address of the one that asks it is the life before, which Akka replaces.
        if (standing.Holders.FirstOrDefault(holder => holder.Node == asks.From) is { Address: { } oldest } first)
        {
            // Between two members age decides, and all members see the same age once both are up.
            var asker = standing.Holders.FirstOrDefault(holder => holder.Address == from);
            var isUndecided = asks.IsMember && asker.Address is not null && !(first.IsUp && asker.IsUp);
            return oldest == from || isUndecided ? null : oldest;
        }

        var claims = voices.Lately(nowTicks).Where(voice => voice.Hello.From == asks.From && voice.Address != from)
            .Select(voice => new Claim(
                voice.Hello.IsMember, voice.Hello.Birth, seatOf(voice.Address), voice.Hello.Life.Memory, voice.Address));
        if (self == asks.From && address != from)
            claims = claims.Append(new Claim(standing.IsMember, own.Birth, seatOf(address), own.Life.Memory, address));
        var asked = new Claim(asks.IsMember, asks.Birth, seatOf(from), asks.Life.Memory, from);
        return claims.Order().FirstOrDefault() is { } best && best.CompareTo(asked) < 0 ? best.Address : null;
    }

    // The lowest one has the name. Every node that hears the same processes ranks them alike, so exactly one stays.
    private sealed record Claim(bool IsMember, ulong Birth, int Seat, ulong Memory, string Address) : IComparable<Claim>
    {
        public int CompareTo(Claim? other)
        {
            if (other is null)
                return -1;
            var byRank = Rank.CompareTo(other.Rank);
            return byRank != 0 ? byRank : string.CompareOrdinal(Address, other.Address);
        }

        private (int Membership, int Birth, int Seat, ulong Memory) Rank => (IsMember ? 0 : 1, Birth != 0 ? 0 : 1, Seat, Memory);
    }
}
