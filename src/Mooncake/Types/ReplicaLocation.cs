// The alternatives of a replica's descriptor, in the order of the wire's variant. This master hands out only memory; its
// client reads all of them.
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Types;

/// <summary>Where the bytes of a replica are.</summary>
public abstract record ReplicaLocation
{
    internal const byte MemoryIndex = 0;
    private const byte FabricIndex = 1, DiskIndex = 2, LocalDiskIndex = 3, DistributedFileIndex = 4;

    /// <summary>In a mounted memory segment.</summary>
    /// <param name="SizeBytes">Length of the buffer.</param>
    /// <param name="Address">Address in the owner's address space.</param>
    /// <param name="Protocol">tcp, rdma, …</param>
    /// <param name="TransportEndpoint">What to dial.</param>
    public sealed record Memory(ulong SizeBytes, ulong Address, ByteString Protocol, ByteString TransportEndpoint) : ReplicaLocation;

    /// <summary>On NVMe over fabrics.</summary>
    /// <inheritdoc cref="Memory"/>
    public sealed record Fabric(ulong SizeBytes, ulong Address, ByteString Protocol, ByteString TransportEndpoint) : ReplicaLocation;

    /// <summary>On the shared file system.</summary>
    /// <param name="FilePath">Path of the file.</param>
    /// <param name="SizeBytes">The object's length.</param>
    public sealed record Disk(ByteString FilePath, ulong SizeBytes) : ReplicaLocation;

    /// <summary>On a client's disk.</summary>
    /// <param name="Client">Whose.</param>
    /// <param name="SizeBytes">The object's length.</param>
    /// <param name="TransportEndpoint">What to dial.</param>
    public sealed record LocalDisk(Uuid Client, ulong SizeBytes, ByteString TransportEndpoint) : ReplicaLocation;

    /// <summary>In a distributed file system.</summary>
    /// <param name="FilePath">Path of the file.</param>
    /// <param name="Offset">First byte in the file.</param>
    /// <param name="SizeBytes">The object's length.</param>
    /// <param name="AlignedSizeBytes">The length it occupies.</param>
    /// <param name="ShardIndex">Which shard of the file system.</param>
    public sealed record DistributedFile(ByteString FilePath, ulong Offset, ulong SizeBytes, ulong AlignedSizeBytes, int ShardIndex)
        : ReplicaLocation;

    private sealed record Unreadable : ReplicaLocation;

    private static readonly ReplicaLocation UnreadableLocation = new Unreadable();

    internal static ReplicaLocation Read(ref StructPackReader reader)
    {
        var index = reader.ReadByte();
        switch (reader.Failed ? byte.MaxValue : index)
        {
            case MemoryIndex:
                return new Memory(reader.ReadUInt64(), reader.ReadUInt64(), reader.Read<ByteString>(), reader.Read<ByteString>());
            case FabricIndex:
                return new Fabric(reader.ReadUInt64(), reader.ReadUInt64(), reader.Read<ByteString>(), reader.Read<ByteString>());
            case DiskIndex:
                return new Disk(reader.Read<ByteString>(), reader.ReadUInt64());
            case LocalDiskIndex:
                return new LocalDisk(reader.ReadUuid(), reader.ReadUInt64(), reader.Read<ByteString>());
            case DistributedFileIndex when reader.Generation == Generation.Newest:
                return new DistributedFile(
                    reader.Read<ByteString>(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadInt32());
            default:
                reader.Fail();
                return UnreadableLocation;
        }
    }

    internal void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        switch (this)
        {
            case Memory memory:
                sink.WriteByte(MemoryIndex);
                WriteBuffer(ref sink, memory.SizeBytes, memory.Address, memory.Protocol, memory.TransportEndpoint);
                break;
            case Fabric fabric:
                sink.WriteByte(FabricIndex);
                WriteBuffer(ref sink, fabric.SizeBytes, fabric.Address, fabric.Protocol, fabric.TransportEndpoint);
                break;
            case Disk disk:
                sink.WriteByte(DiskIndex);
                sink.WriteBytes(disk.FilePath.Span);
                sink.WriteUInt64(disk.SizeBytes);
                break;
            case LocalDisk local:
                sink.WriteByte(LocalDiskIndex);
                sink.WriteUuid(local.Client);
                sink.WriteUInt64(local.SizeBytes);
                sink.WriteBytes(local.TransportEndpoint.Span);
                break;
            case DistributedFile file when sink.Generation == Generation.Newest:
                sink.WriteByte(DistributedFileIndex);
                sink.WriteBytes(file.FilePath.Span);
                sink.WriteUInt64(file.Offset);
                sink.WriteUInt64(file.SizeBytes);
                sink.WriteUInt64(file.AlignedSizeBytes);
                sink.WriteInt32(file.ShardIndex);
                break;
            default:
                throw new InvalidOperationException($"{GetType().Name} cannot be written for the {sink.Generation} generation");
        }
    }

    private static void WriteBuffer<TSink>(ref TSink sink, ulong sizeBytes, ulong address, ByteString protocol, ByteString endpoint)
        where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUInt64(sizeBytes);
        sink.WriteUInt64(address);
        sink.WriteBytes(protocol.Span);
        sink.WriteBytes(endpoint.Span);
    }
}
