using System.Buffers.Binary;
using System.IO.Hashing;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Shards;

/// <summary>A copy or move that is running: replicated, one at a time for an object.</summary>
/// <param name="Client">Who copies.</param>
/// <param name="IsMove">The source goes at the end.</param>
/// <param name="SourceReplica">Id of the replica that is read.</param>
/// <param name="TargetReplicas">Ids of the new replicas; those of a dropped segment stay in the list.</param>
public sealed record Transfer(Uuid Client, bool IsMove, ulong SourceReplica, ulong[] TargetReplicas)
{
    /// <summary>It has ended, or its object is gone. Not part of what is replicated: then nothing of it is.</summary>
    internal bool IsOver { get; set; }

    /// <summary>Its part of the shard's digest.</summary>
    internal ulong Hash(ulong keyHash)
    {
        Span<byte> bytes = stackalloc byte[33];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, keyHash);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Client.First);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], Client.Second);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], SourceReplica);
        bytes[32] = IsMove ? (byte)1 : (byte)0;
        var hash = XxHash3.HashToUInt64(bytes);
        foreach (var target in TargetReplicas)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, target);
            hash = XxHash3.HashToUInt64(bytes[..8], (long)hash);
        }

        return hash;
    }
}
