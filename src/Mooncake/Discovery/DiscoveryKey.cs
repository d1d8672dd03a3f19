using Google.Protobuf;

namespace HotStandby.Mooncake.Discovery;

/// <summary>The key that names the Primary.</summary>
public static class DiscoveryKey
{
    /// <summary>What clients of a store call their cluster unless they are told another name.</summary>
    public const string DefaultCluster = "mooncake_cluster";

    /// <summary>The key of a cluster. One slash at the end of its name does not count, as with stock clients.</summary>
    public static ByteString Of(string cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return ByteString.CopyFromUtf8($"mooncake-store/{(cluster.EndsWith('/') ? cluster[..^1] : cluster)}/master_view");
    }
}
