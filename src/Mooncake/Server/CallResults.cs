// The results of a settled call, written straight from the arrays that the shards filled. Nothing is built in between.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server;

/// <summary>The result of a call on objects: one for a single call, a list for a batch.</summary>
internal readonly struct KeyedResults(KeyedCall call, bool isBatch) : IWireWritable
{
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        if (isBatch)
            sink.WriteCount(call.Results.Length);
        foreach (ref readonly var result in call.Results.AsSpan())
            WriteItem(ref sink, result);
    }

    private void WriteItem<TSink>(ref TSink sink, in ItemResult result) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBool(result.Error == ErrorCode.Ok);
        if (result.Error != ErrorCode.Ok)
        {
            sink.WriteInt32((int)result.Error);
            return;
        }

        switch (call.Operation)
        {
            case KeyedOperation.Exist:
                sink.WriteBool(result.Exists);
                break;
            case KeyedOperation.GetReplicaList:
                WriteReplicas(ref sink, result.Replicas);
                sink.WriteUInt64(result.LeaseTtlMilliseconds);
                sink.WriteOptionalUInt64(result.ObjectChecksum);
                break;
            case KeyedOperation.PutStart:
                WriteReplicas(ref sink, result.Replicas);
                break;
            default:
                break; // PutEnd, PutRevoke and Remove answer nothing but success
        }
    }

    private static void WriteReplicas<TSink>(ref TSink sink, in ReplicaList replicas) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteCount(replicas.Count);
        for (var i = 0; i < replicas.Count; i++)
        {
            var replica = replicas[i];
            WireReplica.WriteMemory(
                ref sink, replica.Id, replica.SizeBytes, replica.Address, replica.Protocol, replica.TransportEndpoint, replica.Status);
        }
    }
}
