// Which clients a Primary watches, when each was heard last, and what Ping tells it. One per reign. Every connection thread
// hears and asks; only the SegmentLeader and its LivenessMonitor write anything else. It takes no decision and no lock that a
// reader could wait for.
using System.Collections.Concurrent;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Segments;

/// <summary>
/// The watched clients of one reign. <see cref="Hear"/> and <see cref="StatusOf"/> may be called from any thread; all else
/// belongs to the segment table's.
/// </summary>
public sealed class ClientRegistry
{
    private readonly ConcurrentDictionary<Uuid, WatchedClient> _clients = new();

    /// <summary>Clients that are watched.</summary>
    public int Count => _clients.Count;

    internal IEnumerable<WatchedClient> Watched
    {
        get
        {
            foreach (var (_, client) in _clients)
                yield return client;
        }
    }

    /// <summary>Hears of a client: any call of it counts. One that is not watched stays so: whoever only pings costs no memory.</summary>
    /// <param name="client">Who.</param>
    /// <param name="nowTicks">Monotonic, in ticks of 100 ns.</param>
    public void Hear(Uuid client, long nowTicks)
    {
        if (_clients.TryGetValue(client, out var known))
            known.Hear(nowTicks);
    }

    /// <summary>When a client was heard last, in monotonic ticks of 100 ns; null for one that is not watched. Any thread may ask.</summary>
    public long? HeardTicks(Uuid client) => _clients.TryGetValue(client, out var known) ? known.HeardTicks : null;

    /// <summary>What Ping answers: Ok when the client has remounted in this reign and has not been suspected since.</summary>
    public ClientStatus StatusOf(Uuid client) =>
        _clients.TryGetValue(client, out var known) && known.Standing == ClientStanding.Ok ? ClientStatus.Ok : ClientStatus.NeedRemount;

    /// <summary>Watches a client from now on. One that is OK stays so; a suspect is one no longer, but must still remount.</summary>
    public void Watch(Uuid client, long nowTicks)
    {
        var known = HeardNow(client, nowTicks);
        if (known.Standing == ClientStanding.Suspect)
            known.Standing = ClientStanding.MustRemount;
    }

    /// <summary>Watches a client that has remounted.</summary>
    public void MarkOk(Uuid client, long nowTicks) => HeardNow(client, nowTicks).Standing = ClientStanding.Ok;

    /// <summary>The watched client is suspect; from this moment on its second period of silence is counted.</summary>
    /// <param name="client">Who.</param>
    /// <param name="sinceTicks">Begin of that period; may lie ahead.</param>
    public void Suspect(Uuid client, long sinceTicks)
    {
        var known = _clients[client];
        known.WasOk |= known.Standing == ClientStanding.Ok;
        known.CreditedTicks = sinceTicks;
        known.Standing = ClientStanding.Suspect;
    }

    /// <summary>Stops watching a client.</summary>
    public void Forget(Uuid client) => _clients.TryRemove(client, out _);

    private WatchedClient HeardNow(Uuid client, long nowTicks)
    {
        var known = _clients.GetOrAdd(client, static (key, heard) => new WatchedClient(key, heard), nowTicks);
        known.Hear(nowTicks);
        return known;
    }
}

internal enum ClientStanding
{
    MustRemount,
    Ok,
    Suspect,
}

/// <summary>One watched client. Times are monotonic, in ticks of 100 ns.</summary>
internal sealed class WatchedClient(Uuid client, long heardTicks)
{
    private long _heardTicks = heardTicks;
    private volatile ClientStanding _standing;

    public Uuid Client { get; } = client;

    public ClientStanding Standing
    {
        get => _standing;
        set => _standing = value;
    }

    /// <summary>It had remounted in this reign before it became suspect.</summary>
    public bool WasOk { get; set; }

    /// <summary>When it was really heard last.</summary>
    public long HeardTicks => Volatile.Read(ref _heardTicks);

    /// <summary>It is treated as if it had been heard then.</summary>
    public long CreditedTicks { get; set; } = long.MinValue;

    /// <summary>When it was last part of a mass that was given grace.</summary>
    public long GraceTicks { get; set; } = long.MinValue;

    /// <summary>From when its silence counts.</summary>
    public long SilentSinceTicks => Math.Max(HeardTicks, CreditedTicks);

    /// <summary>It has been given grace since it was heard last.</summary>
    public bool HasHadGrace => GraceTicks >= HeardTicks;

    // Two threads may hear it at once, and either of the two times is right.
    public void Hear(long nowTicks)
    {
        if (nowTicks > Volatile.Read(ref _heardTicks))
            Volatile.Write(ref _heardTicks, nowTicks);
    }

    /// <summary>Moves the begin of its silence, but not beyond now.</summary>
    public void Credit(long ticks, long nowTicks) =>
        CreditedTicks = Math.Max(CreditedTicks, Math.Min(nowTicks, SilentSinceTicks + ticks));
}
