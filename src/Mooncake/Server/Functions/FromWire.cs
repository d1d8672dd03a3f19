// From decoded values to those that the node works on. Everything that points into the receive buffer is copied here.
using System.Text;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>Conversions of arguments.</summary>
internal static class FromWire
{
    /// <summary>A time; what is too long for one (29 000 years) becomes the longest.</summary>
    public static TimeSpan Milliseconds(ulong milliseconds) =>
        milliseconds < (ulong)TimeSpan.MaxValue.TotalMilliseconds ? TimeSpan.FromMilliseconds((long)milliseconds) : TimeSpan.MaxValue;

    /// <summary>Names.</summary>
    public static string[] Texts(in WireList<ByteString> list)
    {
        var texts = new string[list.Count];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = Encoding.UTF8.GetString(list[i].Span);
        return texts;
    }

    /// <summary>A segment.</summary>
    public static Segment Segment(in WireSegment segment) => new(
        segment.Id, segment.Name.ToString(), segment.BaseAddress, segment.SizeBytes, segment.TransportEndpoint.ToString(),
        segment.Protocol.ToString(), segment.HostId.ToString());

    /// <summary>A writer's wishes.</summary>
    public static ReplicateConfig Config(in WireReplicateConfig config) => IsPlain(config) ? ReplicateConfig.Default : new()
    {
        ReplicaCount = config.ReplicaCount,
        NofReplicaCount = config.NofReplicaCount,
        DfsReplicaCount = config.DfsReplicaCount,
        SoftPinAction = config.SoftPinAction,
        SoftPinTtlMilliseconds = config.SoftPinTtlMilliseconds,
        HardPin = config.HardPin,
        PreferredSegments = Texts(config.PreferredSegments),
        PreferredSegment = config.PreferredSegment.ToString(),
        PreferSameNode = config.PreferSameNode,
        DataType = config.DataType,
        HostId = config.HostId.ToString(),
        GroupIds = config.GroupIds is { } groups ? Texts(groups) : null,
    };

    // What nearly every put sends: it needs no object of its own.
    private static bool IsPlain(in WireReplicateConfig config) =>
        config is
    {
        ReplicaCount: 1, NofReplicaCount: 0, DfsReplicaCount: 0, SoftPinAction: SoftPinAction.Preserve,
        SoftPinTtlMilliseconds: null
    }
        and { HardPin: false, PreferSameNode: false, DataType: 0, GroupIds: null, PreferredSegments.Count: 0 }
        && config.PreferredSegment.Length == 0 && config.HostId.Length == 0;
}
