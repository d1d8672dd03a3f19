// How long a cluster with these settings is without a Primary after one was killed. An estimate from the parts that are
// waited for one after the other; what a loaded machine adds is not in it. Printed by check-config.
using Akka.Configuration;
using HotStandby.Core.Membership;

namespace HotStandby.Actors.Settings;

/// <summary>Parts of a failover after a kill, in the order in which they happen.</summary>
/// <param name="Loss">Until the Primary is known to be lost: the grants of a majority have run out, or a majority has not heard it for long
/// enough.</param>
/// <param name="Start">Until the next candidate starts.</param>
/// <param name="GrantWait">What is then left of the grants to the old Primary.</param>
public sealed record FailoverPrediction(TimeSpan Loss, TimeSpan Start, TimeSpan GrantWait)
{
    // phi reaches its threshold of 8 this many standard deviations after the expected heartbeat.
    private const double DeviationsToThreshold = 5.6;

    /// <summary>From the kill to the next Primary's first answer, without sealing itself, which takes some milliseconds.</summary>
    public TimeSpan Total => Loss + Start + GrantWait;

    /// <summary>Predicts from a configuration that has the values of akka.conf, or others in their place.</summary>
    public static FailoverPrediction From(NodeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var cluster = configuration.Full.GetConfig("akka.cluster");
        var detection = Time(cluster, "failure-detector.heartbeat-interval")
            + Time(cluster, "failure-detector.acceptable-heartbeat-pause")
            + (Time(cluster, "failure-detector.min-std-deviation") * DeviationsToThreshold)
            + Time(cluster, "unreachable-nodes-reaper-interval");
        // It is looked at again and again, and what is found then counts from the first time.
        var looks = (long)Math.Ceiling(configuration.Settings.Membership.StableAfter / ReachPolicy.Interval);
        var givenUp = detection + (looks * ReachPolicy.Interval);
        var lease = configuration.Settings.Lease;
        // A member that is put out is forgotten only once it is found unreachable.
        var lapsed = lease.Duration > detection ? lease.Duration : detection;
        var loss = lease.DownsLostPrimary && lapsed < givenUp ? lapsed : givenUp;
        // Then two rounds of gossip and the leader's next action.
        var margin = cluster.GetString("down-removal-margin", "off") is "off" or "0" ? TimeSpan.Zero : Time(cluster, "down-removal-margin");
        var start = margin + (Time(cluster, "gossip-interval") * 2) + Time(cluster, "leader-actions-interval");
        var grants = lease.Duration - (loss + start);
        return new FailoverPrediction(loss, start, grants > TimeSpan.Zero ? grants : TimeSpan.Zero);
    }

    private static TimeSpan Time(Config cluster, string path) => cluster.GetTimeSpan(path, null, allowInfinite: false);
}
