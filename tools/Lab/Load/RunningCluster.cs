// What a load needs of a cluster that others have started: made-up segments of its own, and connections to whichever node serves. When it
// ends, the segments go, and every object of the load with them.
using System.Security.Cryptography;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Replay;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Load;

/// <summary>A client of a running cluster, for a load.</summary>
public sealed class RunningCluster : IAsyncDisposable
{
    private const int SegmentCount = 8;
    private const ulong SegmentBytes = 4UL << 40; // address space, which costs nothing: far more than a load ever puts
    private const int CallerBits = 16;
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(1); // well below the shortest client-ttl

    private readonly MooncakeMasterClient _owner;
    private readonly SegmentOwner _segments;
    private readonly PrimaryFinder[] _finders;
    private readonly Uuid _client;
    private int _callers;

    private RunningCluster(MooncakeMasterClient owner, SegmentOwner segments, PrimaryFinder[] finders, Uuid client)
    {
        (_owner, _segments, _finders, _client) = (owner, segments, finders, client);
        ByteString[] names = [.. segments.Segments.Select(static segment => (ByteString)segment.Name)];
        Placement = new WireReplicateConfig { PreferredSegments = names };
    }

    /// <summary>Most connections of a load.</summary>
    public const int MaximumConnections = 4;

    /// <summary>Most callers of a load, over all of its measurements.</summary>
    public const int MaximumCallers = 1 << CallerBits;

    /// <summary>How many connections there are.</summary>
    public int Connections => _finders.Length;

    /// <summary>Objects go to the load's own segments.</summary>
    public WireReplicateConfig Placement { get; }

    /// <summary>Mounts segments.</summary>
    /// <param name="addresses">What <see cref="MasterAddresses"/> reads.</param>
    /// <param name="settings">Of connections.</param>
    /// <param name="inFlight">Operations in flight: so many connections are of use, up to <see cref="MaximumConnections"/>.</param>
    /// <param name="patience">For how long no node may serve.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="SegmentRefusedException">The master refused a segment, or no node served in time.</exception>
    public static async Task<RunningCluster> JoinAsync(
        IReadOnlyList<string> addresses, MasterConnectionSettings settings, int inFlight, TimeSpan patience, CancellationToken stop)
    {
        // Its segments count up the second half. The keys of a caller begin with the first, whose low bits number the caller.
        var client = new Uuid(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) << CallerBits, 0);
        var owner = new MooncakeMasterClient(addresses, client, settings);
        try
        {
            var segments = await SegmentOwner.MountAsync(
                owner, client, SegmentCount, SegmentBytes, patience, PingInterval, null, stop).ConfigureAwait(false);
            var connections = Math.Clamp(inFlight, 1, MaximumConnections);
            return new RunningCluster(
                owner, segments, [.. Enumerable.Range(0, connections).Select(_ => new PrimaryFinder(addresses, settings))], client);
        }
        catch
        {
            await owner.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A caller that puts new objects.</summary>
    public PutCaller NewPut(ulong objectBytes)
    {
        var number = _callers++;
        return new PutCaller(SourceOf(number), _client, NumberOf(number), objectBytes, Placement);
    }

    /// <summary>A caller that puts new objects a batch at a time.</summary>
    public BatchPutCaller NewBatchPut(int batch, ulong objectBytes)
    {
        var number = _callers++;
        return new BatchPutCaller(SourceOf(number), _client, NumberOf(number), batch, objectBytes, Placement);
    }

    /// <summary>The connection of a caller, to whichever node serves.</summary>
    /// <param name="caller">Its number, 0 and up.</param>
    public MasterSource SourceOf(int caller)
    {
        var finder = _finders[caller % _finders.Length];
        var (known, master) = ((MasterConnection?)null, (MasterClient?)null);
        return async () =>
        {
            var connection = await finder.GetAsync().ConfigureAwait(false);
            if (connection != known)
                (known, master) = (connection, new MasterClient(connection));
            return master!;
        };
    }

    /// <summary>Unmounts the segments: every object of the load goes.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var finder in _finders)
            await finder.DisposeAsync().ConfigureAwait(false);
        await _segments.DisposeAsync().ConfigureAwait(false);
        await _owner.DisposeAsync().ConfigureAwait(false);
    }

    private ulong NumberOf(int caller) => _client.First | (uint)caller;
}
