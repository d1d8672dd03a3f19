// Decides which watched clients are silent: first suspect, then dead. It would rather wait than err: a check that comes late
// blames nobody, and a silence of many at once is taken for a fault of the network or of this node first. Used by SegmentLeader,
// which carries its findings out; it changes nobody's standing itself.
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Segments;

/// <summary>How long clients may be silent. Times in ticks of 100 ns.</summary>
/// <param name="ClientTtlTicks">After this silence a client is suspect; above 0.</param>
/// <param name="SuspectTicks">After this further silence it is dead.</param>
/// <param name="CheckIntervalTicks">How often <see cref="LivenessMonitor.Check"/> is called when all is well; above 0.</param>
public readonly record struct LivenessSettings(long ClientTtlTicks, long SuspectTicks, long CheckIntervalTicks);

/// <summary>A client that was silent for too long.</summary>
/// <param name="Client">Who.</param>
/// <param name="IsDead">False: it becomes suspect. True: it was suspect and stayed silent.</param>
/// <param name="WasOk">It had remounted in this reign.</param>
/// <param name="HeardTicks">When it was heard last.</param>
public readonly record struct SilentClient(Uuid Client, bool IsDead, bool WasOk, long HeardTicks)
{
    /// <summary>Memory of it is mounted. One that has taken its memory back may go without a word: nothing is lost with it.</summary>
    public bool HasSegments { get; init; }
}

/// <summary>Looks for silent clients. Not thread-safe, but others may hear clients meanwhile.</summary>
/// <param name="registry">Whom it watches.</param>
/// <param name="settings">Settings.</param>
/// <param name="startTicks">The reign's start, from which the lateness of the first check counts.</param>
public sealed class LivenessMonitor(ClientRegistry registry, LivenessSettings settings, long startTicks)
{
    /// <summary>Fewer watched clients are never a mass.</summary>
    public const int SmallestMass = 3;

    private readonly List<SilentClient> _silent = [];
    private long _checkedTicks = startTicks;
    private long _graceUntilTicks = long.MinValue;

    /// <summary>
    /// The clients that became suspect or died, in the order of their ids. Nobody does:
    /// for what a late check (more than two intervals after the last) came late: that much silence is forgiven everybody;
    /// and for one more TTL when more than half of at least three clients that are not suspect would be suspected at about
    /// once, that is, are silent for at least half the TTL when the first reaches it. A client that has been given this grace
    /// gets it again only after it was heard, so that the dead do not live on by the grace of others.
    /// </summary>
    /// <param name="nowTicks">Monotonic now, not before that of the last check.</param>
    /// <returns>A list that the next call reuses.</returns>
    public IReadOnlyList<SilentClient> Check(long nowTicks)
    {
        var lateTicks = nowTicks - _checkedTicks - settings.CheckIntervalTicks;
        _checkedTicks = nowTicks;
        if (lateTicks > settings.CheckIntervalTicks)
        {
            foreach (var client in registry.Watched)
                client.Credit(lateTicks, nowTicks);
        }

        _silent.Clear();
        if (nowTicks < _graceUntilTicks)
            return _silent;
        if (IsMass(nowTicks))
        {
            GiveGrace(nowTicks);
            return _silent;
        }

        foreach (var client in registry.Watched)
        {
            var isSuspect = client.Standing == ClientStanding.Suspect;
            var silenceTicks = nowTicks - client.SilentSinceTicks;
            if (silenceTicks >= (isSuspect ? settings.SuspectTicks : settings.ClientTtlTicks))
                _silent.Add(new(client.Client, isSuspect, client.WasOk || client.Standing == ClientStanding.Ok, client.HeardTicks));
        }

        _silent.Sort(static (one, other) => one.Client.CompareTo(other.Client));
        return _silent;
    }

    private bool IsMass(long nowTicks)
    {
        var (watched, quiet, isOneSilent) = (0, 0, false);
        foreach (var client in registry.Watched)
        {
            if (client.Standing == ClientStanding.Suspect)
                continue;
            watched++;
            var silenceTicks = nowTicks - client.SilentSinceTicks;
            if (silenceTicks < settings.ClientTtlTicks / 2 || client.HasHadGrace)
                continue;
            quiet++;
            isOneSilent |= silenceTicks >= settings.ClientTtlTicks;
        }

        return isOneSilent && watched >= SmallestMass && quiet * 2 > watched;
    }

    private void GiveGrace(long nowTicks)
    {
        _graceUntilTicks = nowTicks + settings.ClientTtlTicks;
        foreach (var client in registry.Watched)
        {
            if (nowTicks - client.SilentSinceTicks >= settings.ClientTtlTicks / 2)
                client.GraceTicks = nowTicks;
        }
    }
}
