// Clients whose place another one has taken: a mount at an endpoint proves that the process before it is gone. Remembered as long
// as the successor has a segment there, so that a client that lives all the same, or a late message of a dead one, does not take the
// endpoint back. Replicated: part of the segment table, changed by its entries only.
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Segments;

/// <summary>Replaced clients by endpoint. Used by <see cref="SegmentTable"/>.</summary>
public sealed class ReplacedClients
{
    /// <summary>Most that are remembered of one endpoint; the earliest is forgotten first.</summary>
    public const int MaximumPerEndpoint = 64;

    /// <summary>Most endpoints that are remembered.</summary>
    public const int MaximumEndpoints = 65_536;

    // Two lengths and a client.
    private const int LeastBytes = 8 + (2 * Uuid.EncodedBytes);

    // Sorted, so that every node forgets the same one and writes the same image.
    private readonly SortedDictionary<string, Lives> _byEndpoint = new(StringComparer.Ordinal);

    private sealed record Lives(Uuid Successor, Uuid[] Earlier);

    /// <summary>Endpoints with replaced clients.</summary>
    public int Count => _byEndpoint.Count;

    /// <summary>Of everything in it.</summary>
    internal PartitionDigest Digest { get; private set; }

    /// <summary>True when another client has taken this one's place at the endpoint.</summary>
    public bool Contains(string endpoint, Uuid client) =>
        _byEndpoint.TryGetValue(endpoint, out var lives) && lives.Earlier.Contains(client);

    /// <summary>True when another client has taken this one's place at any endpoint.</summary>
    public bool Contains(Uuid client) => _byEndpoint.Values.Any(lives => lives.Earlier.Contains(client));

    internal void Add(string endpoint, Uuid client, Uuid successor)
    {
        var earlier = Forget(endpoint)?.Earlier.Where(other => other != client && other != successor) ?? [];
        Set(endpoint, new(successor, [.. earlier.Append(client).TakeLast(MaximumPerEndpoint)]));
        if (_byEndpoint.Count > MaximumEndpoints)
            Forget(_byEndpoint.First(pair => pair.Key != endpoint).Key);
    }

    /// <summary>A client has mounted at an endpoint: from now on it is the last one.</summary>
    internal void Mounted(string endpoint, Uuid client)
    {
        if (Forget(endpoint) is not { } lives)
            return;
        Uuid[] earlier = [.. lives.Earlier.Where(other => other != client)];
        if (earlier.Length > 0)
            Set(endpoint, new(client, earlier));
    }

    /// <summary>The last segment of a client at an endpoint is gone.</summary>
    internal void Left(string endpoint, Uuid client)
    {
        if (_byEndpoint.TryGetValue(endpoint, out var lives) && lives.Successor == client)
            Forget(endpoint);
    }

    internal void WriteTo(ImageWriter to)
    {
        to.UInt32((uint)_byEndpoint.Count);
        foreach (var (endpoint, lives) in _byEndpoint)
        {
            to.Bytes(Encoding.UTF8.GetBytes(endpoint));
            to.Id(lives.Successor);
            to.UInt32((uint)lives.Earlier.Length);
            foreach (var client in lives.Earlier)
                to.Id(client);
        }
    }

    internal void ReadFrom(ref ImageReader from)
    {
        var last = "";
        for (var left = from.Count(LeastBytes); left > 0; left--)
        {
            var (endpoint, successor) = (Encoding.UTF8.GetString(from.Bytes()), from.Id());
            var earlier = new Uuid[from.Count(Uuid.EncodedBytes)];
            for (var i = 0; i < earlier.Length; i++)
                earlier[i] = from.Id();
            if (earlier.Length == 0 || (_byEndpoint.Count > 0 && string.CompareOrdinal(endpoint, last) <= 0))
                throw new ImageDamagedException("the replaced clients of an endpoint are none, or out of order");
            last = endpoint;
            Set(endpoint, new(successor, earlier));
        }
    }

    private void Set(string endpoint, Lives lives)
    {
        _byEndpoint[endpoint] = lives;
        Digest = Digest.Plus(HashOf(endpoint, lives));
    }

    private Lives? Forget(string endpoint)
    {
        if (!_byEndpoint.Remove(endpoint, out var lives))
            return null;
        Digest = Digest.Minus(HashOf(endpoint, lives));
        return lives;
    }

    private static ulong HashOf(string endpoint, Lives lives)
    {
        var hash = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(endpoint));
        foreach (var client in lives.Earlier.Append(lives.Successor))
            hash = XxHash3.HashToUInt64(MemoryMarshal.AsBytes<ulong>([client.First, client.Second]), (long)hash);
        return hash;
    }
}
