// Finds the buffers of puts, upserts, copies and moves: for every item of the call, before it is split by shard.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>What came of placing a call.</summary>
/// <param name="Refusal">Ok, or why the whole call is refused; then no buffer is taken.</param>
/// <param name="FailedBytes">Length of a buffer that was not found; 0 when every item got at least one.</param>
internal readonly record struct Placement(ErrorCode Refusal, ulong FailedBytes);

/// <summary>Fills <see cref="KeyedCall.Placements"/>.</summary>
internal static class BatchPlacement
{
    /// <summary>
    /// Most buffers of one call, found or not: keys times replicas, of which each takes 24 bytes. A call that asks for more is refused.
    /// </summary>
    public const int MaximumPlaces = 1 << 22;

    /// <summary>
    /// Takes buffers for each item. An item that cannot be placed, or that its shard will refuse anyway, gets none; whatever a shard
    /// does not use comes back by ReleaseExtents.
    /// </summary>
    public static Placement Place(KeyedCall call, SegmentLeader leader, ulong reign)
    {
        call.PlacementReign = reign;
        return call.Operation is KeyedOperation.CopyStart or KeyedOperation.MoveStart ? OnTargets(call, leader) : Anywhere(call, leader);
    }

    // As many replicas as there are names at most.
    private static Placement Anywhere(KeyedCall call, SegmentLeader leader)
    {
        var config = call.Config;
        var names = Math.Clamp(leader.Space.Groups.Count, 1, byte.MaxValue);
        call.PlacementStride = IsPlaceable(call) ? (int)Math.Min(config.ReplicaCount, (ulong)names) : 1;
        if ((long)call.Keys.Length * call.PlacementStride > MaximumPlaces)
            return new(ErrorCode.InvalidParams, 0);
        call.Placements = new Extent[call.Keys.Length * call.PlacementStride];
        if (!IsPlaceable(call))
            return default;
        var preferred = PreferredNames.Of(config);
        var follows = !config.PreferSameNode;
        ulong failedBytes = 0;
        for (var i = 0; i < call.Keys.Length; i++)
        {
            if (call.Sizes[i] == 0 || !CallRouter.IsPossible(call.Keys[i]))
                continue;
            var places = call.Placements.AsSpan(i * call.PlacementStride, call.PlacementStride);
            if (leader.Place(call.Sizes[i], preferred, places) == 0)
            {
                failedBytes = call.Sizes[i];
                continue;
            }

            if (follows)
                continue;
            preferred = new(leader.NameOf(places[0].SegmentHandle), []);
            follows = true;
        }

        return new(ErrorCode.Ok, failedBytes);
    }

    // One place for each target, in their order; a full target has an empty one, and its shard decides whether it needs it.
    private static Placement OnTargets(KeyedCall call, SegmentLeader leader)
    {
        call.PlacementStride = call.TargetSegments.Count;
        call.Placements = new Extent[call.PlacementStride];
        ulong failedBytes = 0;
        for (var i = 0; i < call.PlacementStride; i++)
        {
            var error = leader.PlaceOn(call.TargetSegments[i], call.Sizes[0], out call.Placements[i]);
            if (error != ErrorCode.Ok)
            {
                foreach (var taken in call.Placements.AsSpan(0, i))
                {
                    if (taken.LengthBytes > 0)
                        leader.Space.Release(taken);
                }

                return new(error, 0);
            }

            if (call.Placements[i].LengthBytes == 0)
                failedBytes = call.Sizes[0];
        }

        return new(ErrorCode.Ok, failedBytes);
    }

    // Only what would ask for nonsense here; the shards validate.
    private static bool IsPlaceable(KeyedCall call) =>
        call.Sizes.Length == call.Keys.Length
        && call.Config is { ReplicaCount: > 0, NofReplicaCount: 0, DfsReplicaCount: 0 };
}
