// The functions of what this master does not offer. They are registered, because an unregistered function costs its caller the
// connection; they answer NOT_SUPPORTED, in the result. Their arguments are not looked at beyond their type.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>SSD offload and promotion, NVMe over fabrics and dynamic replication.</summary>
internal static class NotOfferedFunctions
{
    private static readonly Rpc[] Functions =
    [
        Rpc.MountNoFSegment, Rpc.ReMountNoFSegment, Rpc.UnmountNoFSegment, Rpc.GetNoFSegmentsByName, Rpc.MountLocalDiskSegment,
        Rpc.UnmountLocalDiskSegment, Rpc.OffloadObjectHeartbeat, Rpc.ReportSsdCapacity, Rpc.PollRemoveAll, Rpc.PromotionObjectHeartbeat,
        Rpc.PromotionAllocStart, Rpc.NotifyPromotionSuccess, Rpc.DynamicReplicaCopyStart, Rpc.DynamicReplicaCopyEnd,
        Rpc.DynamicReplicaCopyRevoke,
    ];

    public static void AddTo(FunctionTable table)
    {
        foreach (var rpc in Functions)
        {
            table.Add<Nothing, DoorCall>(
                rpc,
                static (in Nothing _, IReplySink sink) => new DoorCall(sink),
                static (in AnswerFrame frame, DoorCall _) => frame.Send(ErrorCode.NotSupported));
        }
    }
}
