// What verification asks of a shard of the Primary. Called by ShardReign.
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Core.Verification;

/// <summary>Markers and comparisons of a shard that leads.</summary>
public static class PrimaryVerification
{
    /// <summary>Proposes a marker with the digests of everything that was proposed before it.</summary>
    /// <param name="leader">The shard.</param>
    /// <param name="nowTicks">Now.</param>
    /// <param name="drafts">Takes the marker.</param>
    public static void MarkVerificationPoint(this ShardLeader leader, long nowTicks, DraftBuffer drafts)
    {
        ArgumentNullException.ThrowIfNull(leader);
        leader.Propose(nowTicks, drafts, VerificationMarker.Draft);
    }

    /// <summary>Compares what a Standby held in a part of a bucket with what is committed here.</summary>
    /// <param name="leader">The shard.</param>
    /// <param name="request">What the Standby held.</param>
    /// <param name="self">This node.</param>
    public static VerificationResponse Compare(this ShardLeader leader, VerificationRequest request, NodeId self)
    {
        ArgumentNullException.ThrowIfNull(leader);
        return PrimaryComparison.Compare(leader.State, leader.Pending, request, self);
    }
}
