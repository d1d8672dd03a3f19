// What the calls of the discovery port have in common: the one key, what every answer begins with, and the places of watches.
using Google.Protobuf;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Node;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Discovery;

namespace HotStandby.Host.Discovery;

/// <summary>What the discovery port knows of its node.</summary>
internal sealed class DiscoveryNode
{
    private int _watches;

    /// <summary>What is published.</summary>
    public required MasterViews Views { get; init; }

    /// <summary>The key that clients read.</summary>
    public required ByteString Key { get; init; }

    /// <summary>The cluster's id.</summary>
    public required string ClusterId { get; init; }

    /// <summary>The node's own name.</summary>
    public required NodeId Self { get; init; }

    /// <summary>All voters of the cluster.</summary>
    public required IReadOnlyList<NodeId> Voters { get; init; }

    /// <summary>The members that the node sees now.</summary>
    public required Func<IReadOnlyList<MemberReport>> Members { get; init; }

    /// <summary>How the node was a moment ago; null: it has not said so yet.</summary>
    public required Func<NodeReport?> Report { get; init; }

    /// <summary>Watches that may be open at once.</summary>
    public required int MaximumWatches { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Watches that are open.</summary>
    public int Watches => Volatile.Read(ref _watches);

    /// <summary>The number by which a node goes in answers.</summary>
    public static ulong MemberOf(NodeId node) => Math.Max(1, ObjectKey.From(node.Name).Hash);

    /// <summary>What every answer begins with.</summary>
    public ResponseHeader Header(PublishedView published)
    {
        ArgumentNullException.ThrowIfNull(published);
        return new()
        {
            ClusterId = Math.Max(1, ObjectKey.From(ClusterId).Hash), MemberId = MemberOf(Self), Revision = published.Revision,
            RaftTerm = published.View?.Epoch ?? Report()?.Replica.Epoch ?? 0,
        };
    }

    /// <summary>The key with its value. Its revision of creation is the epoch, which clients take for the version of the view.</summary>
    public KeyValue PairOf(MasterView view, long modifiedAt)
    {
        ArgumentNullException.ThrowIfNull(view);
        return new()
        {
            Key = Key, Value = ByteString.CopyFromUtf8(view.Address), CreateRevision = (long)view.Epoch, ModRevision = modifiedAt,
            Version = 1,
        };
    }

    /// <summary>Takes the place of a watch. False when none is left.</summary>
    public bool TryBeginWatch()
    {
        if (Interlocked.Increment(ref _watches) <= MaximumWatches)
            return true;
        Interlocked.Decrement(ref _watches);
        return false;
    }

    /// <summary>Gives places back.</summary>
    public void EndWatches(int count) => Interlocked.Add(ref _watches, -count);
}
