// Which clients have a right to a key of the metadata server: those that have mounted a segment whose name or endpoint the key ends with.
// Mooncake's transfer engine builds its keys so: mooncake/[cluster/]ram/NAME, mooncake/[cluster/]rpc_meta/NAME.
using HotStandby.Core.Segments;
using HotStandby.Messages.Identity;

namespace HotStandby.Host.Http;

/// <summary>The mounted segments of one moment, by what keys end with.</summary>
internal sealed class MetadataClaims
{
    /// <summary>Nothing is mounted.</summary>
    public static readonly MetadataClaims None = new(SegmentDirectory.Empty);

    private readonly Dictionary<string, List<Uuid>> _byName = new(StringComparer.Ordinal);
    private readonly HashSet<Uuid> _suspects = [];

    /// <summary>Those of a snapshot.</summary>
    public MetadataClaims(SegmentDirectory mounted)
    {
        Source = mounted;
        foreach (var segment in mounted.All)
        {
            if (!segment.IsReadable)
                continue;
            Add(segment.Segment.Name, segment.Client);
            Add(segment.Segment.TransportEndpoint, segment.Client);
            if (segment.IsSuspect)
                _suspects.Add(segment.Client);
        }
    }

    /// <summary>What they were made of.</summary>
    public SegmentDirectory Source { get; }

    /// <summary>The clients with a right to a key, the one that mounted last at the end. The longest name that fits decides.</summary>
    public IReadOnlyList<Uuid> Of(string key)
    {
        var byName = _byName.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var rest = key.AsSpan(); !rest.IsEmpty; rest = rest[(rest.IndexOf('/') + 1)..])
        {
            if (byName.TryGetValue(rest, out var clients))
                return clients;
            if (rest.IndexOf('/') < 0)
                break;
        }

        return [];
    }

    /// <summary>True for a client that has been silent for the time after which the cluster suspects it.</summary>
    public bool IsSuspect(Uuid client) => _suspects.Contains(client);

    private void Add(string name, Uuid client)
    {
        if (name.Length == 0)
            return;
        if (!_byName.TryGetValue(name, out var clients))
            _byName.Add(name, clients = []);
        clients.Remove(client); // the one that mounted last stands at the end
        clients.Add(client);
    }
}
