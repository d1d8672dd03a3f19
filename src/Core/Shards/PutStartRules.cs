// What is wrong with a PutStart before anybody looks at its key. Pure; used by ShardLeader.
using System.Text;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

/// <summary>The checks of PutStart's arguments, in upstream's order.</summary>
internal static class PutStartRules
{
    /// <summary>A group's name is a label, carried by every entry and kept by every object of the group.</summary>
    public const int MaximumGroupBytes = ushort.MaxValue;

    /// <summary>Ok, or the error of this item.</summary>
    public static ErrorCode Check(KeyedCall call, int index, ShardSettings settings)
    {
        var key = call.Keys[index];
        var config = call.Config;
        if (key.UserKey.IsEmpty || key.Bytes.Length > ObjectKey.MaximumBytes)
            return ErrorCode.InvalidParams;
        if (call.Sizes.Length != call.Keys.Length || call.Sizes[index] == 0)
            return ErrorCode.InvalidParams;
        if (config.ReplicaCount == 0 && config.NofReplicaCount == 0 && config.DfsReplicaCount == 0)
            return ErrorCode.InvalidParams;
        if (config.DfsReplicaCount > 1 || (config.DfsReplicaCount > 0 && (config.ReplicaCount == 0 || !key.IsOfDefaultTenant)))
            return ErrorCode.InvalidParams;
        if (config.DfsReplicaCount > 0)
            return ErrorCode.DfsServiceUnavailable;
        if (config.NofReplicaCount > 0)
            return ErrorCode.InvalidParams;
        if (config.SoftPinAction > SoftPinAction.Disable || !SoftPinTtlIsLegal(config, settings))
            return ErrorCode.InvalidParams;
        if (config.GroupIds is { } groups
            && (groups.Count != call.Keys.Length || Encoding.UTF8.GetByteCount(groups[index]) > MaximumGroupBytes))
            return ErrorCode.InvalidParams;
        return ErrorCode.Ok;
    }

    private static bool SoftPinTtlIsLegal(ReplicateConfig config, ShardSettings settings) =>
        config.SoftPinTtlMilliseconds is not { } milliseconds
        || (config.SoftPinAction == SoftPinAction.Enable && milliseconds <= (ulong)settings.MaximumSoftPinTtl.TotalMilliseconds);
}
