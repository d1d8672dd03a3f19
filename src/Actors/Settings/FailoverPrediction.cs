// How long a cluster with these settings is without a Primary after one was killed. An estimate from the parts that are
// waited for one after the other; what a loaded machine adds is not in it. Printed by check-config.
using Akka.Configuration;

namespace HotStandby.Actors.Settings;

/// <summary>Parts of a failover after a kill, in the order in which they happen.</summary>
/// <param name="Detection">Until the others find the node unreachable.</param>
/// <param name="Downing">Until they agree that it is gone.</param>
/// <param name="Start">Until the next candidate starts.</param>
/// <param name="GrantWait">What is then left of the grants to the old Primary.</param>
public sealed record FailoverPrediction(TimeSpan Detection, TimeSpan Downing, TimeSpan Start, TimeSpan GrantWait)
{
    // phi reaches its threshold of 8 this many standard deviations after the expected heartbeat.
    private const double DeviationsToThreshold = 5.6;

    // The split-brain resolver looks at its stable-after deadline once a second.
    private static readonly TimeSpan ResolverTick = TimeSpan.FromSeconds(1);

    // Gossip of the new membership and the leader's next action.
    private static readonly TimeSpan Gossip = TimeSpan.FromMilliseconds(300);

    /// <summary>From the kill to the next Primary's first answer, without sealing itself, which takes some milliseconds.</summary>
    public TimeSpan Total => Detection + Downing + Start + GrantWait;

    /// <summary>Predicts from a configuration that has the values of akka.conf, or others in their place.</summary>
    public static FailoverPrediction From(NodeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var cluster = configuration.Full.GetConfig("akka.cluster");
        var detection = Time(cluster, "failure-detector.heartbeat-interval")
            + Time(cluster, "failure-detector.acceptable-heartbeat-pause")
            + (Time(cluster, "failure-detector.min-std-deviation") * DeviationsToThreshold)
            + Time(cluster, "unreachable-nodes-reaper-interval");
        var stableAfter = Time(cluster, "split-brain-resolver.stable-after");
        var downing = TimeSpan.FromTicks((stableAfter.Ticks + ResolverTick.Ticks - 1) / ResolverTick.Ticks * ResolverTick.Ticks);
        // Without a margin of its own, Akka takes stable-after for it.
        var margin = cluster.GetString("down-removal-margin", "off") is "off" or "0" ? stableAfter : Time(cluster, "down-removal-margin");
        var start = margin + Gossip;
        var grants = configuration.Settings.Lease.Duration - (detection + downing + start);
        return new FailoverPrediction(detection, downing, start, grants > TimeSpan.Zero ? grants : TimeSpan.Zero);
    }

    private static TimeSpan Time(Config cluster, string path) => cluster.GetTimeSpan(path, null, allowInfinite: false);
}
