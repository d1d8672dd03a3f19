// What the micro benchmarks work on: the same shapes as in the cluster benchmarks.
using System.Globalization;
using System.Text;
using HotStandby.Bench.Load;
using HotStandby.Core.Segments;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Bench;

internal static class MicroSamples
{
    /// <summary>Shards of the cluster that is imitated.</summary>
    public const int ShardCount = 64;

    /// <summary>The writer.</summary>
    public static readonly Uuid Client = new(7, 9);

    /// <summary>Where buffers are.</summary>
    public static readonly MountedSegment Mounted = new(
        1, Client, new Segment(new Uuid(1, 1), "10.0.0.1:20000", 1UL << 44, 1UL << 44, "10.0.0.1:20000", "tcp", "host-1"),
        SegmentStatus.Ok);

    /// <summary>The only shard of the shard benchmark.</summary>
    public static readonly Partition Shard = Partition.OfShard(0);

    /// <summary>32 bytes, unlike any other.</summary>
    public static byte[] Key(int number) => Encoding.UTF8.GetBytes(number.ToString("x32", CultureInfo.InvariantCulture));

    /// <summary>Keys of <see cref="Shard"/>.</summary>
    public static ObjectKey[] KeysOfShard(int count)
    {
        var keys = new ObjectKey[count];
        for (int found = 0, number = 0; found < count; number++)
        {
            var key = ObjectKey.FromScoped(Key(number));
            if (Partition.ShardOf(key.Hash, ShardCount) == Shard.ShardIndex)
                keys[found++] = key;
        }

        return keys;
    }

    /// <summary>A call of one key, with a place for it where it needs one.</summary>
    public static KeyedCall Call(KeyedOperation operation, in ObjectKey key, int number) => new(Nowhere.Instance, operation, [key])
    {
        Client = Client,
        Sizes = operation == KeyedOperation.PutStart ? [LoadSettings.ObjectBytes] : [],
        Placements = operation == KeyedOperation.PutStart
            ? [new Extent(Mounted.Handle, (ulong)number * LoadSettings.ObjectBytes, LoadSettings.ObjectBytes)] : [],
        PlacementStride = operation == KeyedOperation.PutStart ? 1 : 0,
    };

    private sealed class Nowhere : IReplySink
    {
        public static readonly Nowhere Instance = new();

        public void Answer(MasterCall call)
        {
        }

        public void Abandon(MasterCall call)
        {
        }
    }
}
