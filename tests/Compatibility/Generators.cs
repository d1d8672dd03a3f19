// Random values of everything that travels.
using CsCheck;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Compatibility;

public static class Generators
{
    public static readonly Gen<Uuid> Uuids = Gen.Select(Gen.ULong, Gen.ULong, (first, second) => new Uuid(first, second));

    // Mostly short; some of them need two bytes for their length.
    public static readonly Gen<ByteString> Bytes = Gen.Frequency(
        (20, Gen.Byte.Array[0, 40].Select(bytes => new ByteString(bytes))),
        (1, Gen.Byte.Array[256, 400].Select(bytes => new ByteString(bytes))));

    public static readonly Gen<ulong?> Checksums = Gen.ULong.Nullable();

    public static readonly Gen<ReplicaType> Selectors = Gen.Int.Select(number => (ReplicaType)number);

    public static readonly Gen<ErrorCode> Errors = Gen.Int.Select(number => (ErrorCode)number);

    public static readonly Gen<ObjectMeta> Objects = Gen.Select(Bytes, Checksums, (key, checksum) => new ObjectMeta(key, checksum));

    public static readonly Gen<WireSegment> Segments = Gen.Select(
        Uuids, Gen.ULong, Gen.ULong, Bytes.Array[4],
        (id, address, size, text) => new WireSegment(id, text[0], address, size, text[1], text[2], text[3]));

    public static readonly Gen<ReplicaLocation> Locations = Gen.Select(Gen.Int[0, 4], Gen.ULong.Array[3], Bytes.Array[2], Gen.Int).Select(
        (kind, numbers, text, index) => kind switch
        {
            0 => new ReplicaLocation.Memory(numbers[0], numbers[1], text[0], text[1]),
            1 => new ReplicaLocation.Fabric(numbers[0], numbers[1], text[0], text[1]),
            2 => new ReplicaLocation.Disk(text[0], numbers[0]),
            3 => new ReplicaLocation.LocalDisk(new Uuid(numbers[0], numbers[1]), numbers[2], text[0]),
            _ => (ReplicaLocation)new ReplicaLocation.DistributedFile(text[0], numbers[0], numbers[1], numbers[2], index),
        });

    public static readonly Gen<WireReplica> Replicas = Gen.Select(
        Gen.ULong, Locations, Gen.Int, (id, location, status) => new WireReplica(id, location, (ReplicaStatus)status));

    public static readonly Gen<WireReplicateConfig> Configs = Gen.Select(
        Gen.ULong.Array[3], Checksums, Gen.Byte.Array[2], Gen.Bool.Array[3], Bytes.Array[2], List(Bytes), List(Bytes), List(Bytes)).Select(
        (counts, ttl, labels, flags, text, preferred, fabric, groups) => new WireReplicateConfig
        {
            ReplicaCount = counts[0],
            NofReplicaCount = counts[1],
            DfsReplicaCount = counts[2],
            SoftPinAction = (SoftPinAction)labels[0],
            SoftPinTtlMilliseconds = ttl,
            HardPin = flags[0],
            PreferredSegments = preferred,
            PreferredSegment = text[0],
            PreferredNofSegments = fabric,
            PreferSameNode = flags[1],
            DataType = labels[1],
            HostId = text[1],
            GroupIds = flags[2] ? groups : (WireList<ByteString>?)null,
        });

    public static readonly Gen<ReplicaListResponse> ReplicaLists = Gen.Select(
        List(Replicas), Gen.ULong, Checksums, (replicas, lease, checksum) => new ReplicaListResponse(replicas, lease, checksum));

    public static readonly Gen<StorageConfig> StorageConfigs = Gen.Select(
        Bytes, Gen.Bool, Gen.ULong, (directory, eviction, quota) => new StorageConfig(directory, eviction, quota));

    public static readonly Gen<PingResponse> Pings = Gen.Select(
        Gen.Long, Gen.Int, (version, status) => new PingResponse(version, (ClientStatus)status));

    public static readonly Gen<TaskAssignment> Tasks = Gen.Select(
        Uuids, Gen.Int, Bytes, Gen.Long, Gen.UInt, (id, type, payload, created, retries) =>
            new TaskAssignment(id, type, payload, created, retries));

    public static Gen<WireList<T>> List<T>(Gen<T> items) where T : struct, IWireValue<T> =>
        items.Array[0, 6].Select(array => new WireList<T>(array));

    public static Gen<Expected<T>> Expected<T>(Gen<T> values) where T : struct, IWireValue<T> =>
        Gen.Select(Gen.Bool, values, Errors, (ok, value, error) => ok ? (Expected<T>)value : error);
}
