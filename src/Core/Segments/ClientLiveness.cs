// Which clients a Primary has heard of lately. Volatile: a new Primary starts with everyone heard of at its first moment and
// nobody remounted, so that every client gets a full TTL and is asked to remount. Used by SegmentLeader only.
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Segments;

/// <summary>Last heard times and the clients that have remounted in this reign.</summary>
/// <param name="ttlTicks">How long a client may be silent, in ticks of 100 ns.</param>
public sealed class ClientLiveness(long ttlTicks)
{
    private readonly Dictionary<Uuid, Client> _clients = [];
    private readonly List<SilentClient> _silent = [];

    /// <summary>Clients that are watched.</summary>
    public int Count => _clients.Count;

    /// <summary>True when the client has remounted in this reign and has not been silent for too long since.</summary>
    public bool IsOk(Uuid client) => _clients.TryGetValue(client, out var known) && known.IsOk;

    /// <summary>Watches a client from now on.</summary>
    public void Watch(Uuid client, long nowTicks) => _clients[client] = new(nowTicks, IsOk(client));

    /// <summary>Watches a client that has remounted.</summary>
    public void MarkOk(Uuid client, long nowTicks) => _clients[client] = new(nowTicks, IsOk: true);

    /// <summary>Hears of a client. One that is not watched stays so: whoever only pings costs no memory.</summary>
    public void Hear(Uuid client, long nowTicks)
    {
        if (_clients.TryGetValue(client, out var known))
            _clients[client] = known with { HeardTicks = nowTicks };
    }

    /// <summary>Stops watching the clients that have been silent for the TTL, and returns them. The list is reused by the next call.</summary>
    public IReadOnlyList<SilentClient> TakeSilent(long nowTicks)
    {
        _silent.Clear();
        foreach (var (client, known) in _clients)
        {
            if (nowTicks - known.HeardTicks >= ttlTicks)
                _silent.Add(new(client, known.IsOk));
        }

        foreach (var silent in _silent)
            _clients.Remove(silent.Client);
        return _silent;
    }

    private readonly record struct Client(long HeardTicks, bool IsOk);
}

/// <summary>A client that was silent for too long.</summary>
/// <param name="Client">Who.</param>
/// <param name="WasOk">It had remounted in this reign.</param>
public readonly record struct SilentClient(Uuid Client, bool WasOk);
