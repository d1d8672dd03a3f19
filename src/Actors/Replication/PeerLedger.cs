// When each other node was last heard, and what it said of its vote: for operators who ask why no node serves. Nothing decides on it.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Replication;

/// <summary>What a replica has heard of another node.</summary>
/// <param name="Node">Which.</param>
/// <param name="SilentMilliseconds">Since its last message.</param>
/// <param name="Votes">It has a vote, by its last message.</param>
/// <param name="HasNeverVoted">It has no vote and an empty log, by its last answer to a candidate.</param>
/// <param name="Serves">It is the Primary and serves, by its last message.</param>
public sealed record PeerHeard(NodeId Node, long SilentMilliseconds, bool Votes, bool HasNeverVoted, bool Serves);

/// <summary>Notes every message of a peer. Used by one actor.</summary>
internal sealed class PeerLedger
{
    // More than a cluster can have voters: a name from elsewhere must not make it grow.
    private const int MostPeers = 16;

    private readonly Dictionary<NodeId, Entry> _peers = [];

    /// <summary>A peer said something.</summary>
    public void Heard(ReplicationMessage message, long nowTicks)
    {
        if (!_peers.TryGetValue(message.From, out var peer))
        {
            if (_peers.Count == MostPeers)
                return;
            _peers.Add(message.From, peer = new Entry());
        }

        peer.HeardAtTicks = nowTicks;
        peer.Votes = message.Origin.Votes;
        peer.Serves = message is AppendBatch append && append.Serves;
        if (peer.Votes)
            peer.HasNeverVoted = false;
        else if (message is SealReply reply)
            peer.HasNeverVoted = reply.Outcome is SealOutcome.Empty or SealOutcome.Founding;
    }

    /// <summary>All that were heard.</summary>
    public IReadOnlyList<PeerHeard> Report(long nowTicks) =>
    [
        .. _peers.Select(peer => new PeerHeard(
            peer.Key, (nowTicks - peer.Value.HeardAtTicks) / TimeSpan.TicksPerMillisecond, peer.Value.Votes, peer.Value.HasNeverVoted,
            peer.Value.Serves)),
    ];

    private sealed class Entry
    {
        public long HeardAtTicks;
        public bool Votes;
        public bool HasNeverVoted;
        public bool Serves;
    }
}
