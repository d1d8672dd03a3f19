// Finds the buffers of a PutStart: for every item of the call, before it is split by shard.
using HotStandby.Actors.Gateway;
using HotStandby.Core.Segments;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;

namespace HotStandby.Actors.Segments;

/// <summary>Fills <see cref="KeyedCall.Placements"/>.</summary>
internal static class BatchPlacement
{
    /// <summary>
    /// Takes buffers for each item, as many replicas as there are names at most. An item that cannot be placed, or that its shard
    /// will refuse anyway, gets none; whatever a shard does not use comes back by ReleaseExtents.
    /// </summary>
    public static void Place(KeyedCall call, SegmentLeader leader, ulong reign)
    {
        var config = call.Config;
        var names = Math.Clamp(leader.Space.Groups.Count, 1, byte.MaxValue);
        call.PlacementStride = IsPlaceable(call) ? (int)Math.Min(config.ReplicaCount, (ulong)names) : 1;
        call.PlacementReign = reign;
        call.Placements = new Extent[call.Keys.Length * call.PlacementStride];
        if (!IsPlaceable(call))
            return;
        var preferred = PreferredNames.Of(config);
        var follows = !config.PreferSameNode;
        for (var i = 0; i < call.Keys.Length; i++)
        {
            if (call.Sizes[i] == 0 || !ShardRouter.IsPossible(call.Keys[i]))
                continue;
            var places = call.Placements.AsSpan(i * call.PlacementStride, call.PlacementStride);
            if (leader.Place(call.Sizes[i], preferred, places) == 0 || follows)
                continue;
            preferred = new(leader.NameOf(places[0].SegmentHandle), []);
            follows = true;
        }
    }

    // Only what would ask for nonsense here; the shards validate.
    private static bool IsPlaceable(KeyedCall call) =>
        call.Sizes.Length == call.Keys.Length
        && call.Config is { ReplicaCount: > 0, NofReplicaCount: 0, DfsReplicaCount: 0 };
}
