// The results of calls on single objects, written straight from the arrays that the shards filled. Nothing is built in between.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>Writes what became of the items of a <see cref="KeyedCall"/>.</summary>
internal static class KeyedAnswers
{
    /// <summary>The result of a call on one object.</summary>
    public static void WriteSingle(in AnswerFrame frame, KeyedCall call) => frame.Send(new Results(call, isBatch: false));

    /// <summary>A list of results, one for each object.</summary>
    public static void WriteBatch(in AnswerFrame frame, KeyedCall call) => frame.Send(new Results(call, isBatch: true));

    /// <summary>The keys that were cleared, or an error when the node stopped serving on the way.</summary>
    public static void WriteCleared(in AnswerFrame frame, KeyedCall call) => frame.Send(new ClearedKeys(call));

    /// <summary>A list of replicas; all of them are in memory.</summary>
    public static void WriteReplicas<TSink>(ref TSink sink, in ReplicaList replicas, int start = 0)
        where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteCount(replicas.Count - start);
        for (var i = start; i < replicas.Count; i++)
            WriteReplica(ref sink, replicas, i);
    }

    private static void WriteReplica<TSink>(ref TSink sink, in ReplicaList replicas, int index)
        where TSink : struct, IStructPackSink, allows ref struct
    {
        var replica = replicas[index];
        WireReplica.WriteMemory(
            ref sink, replica.Id, replica.SizeBytes, replica.Address, replica.Protocol, replica.TransportEndpoint, replica.Status);
    }

    private readonly struct Results(KeyedCall call, bool isBatch) : IWireWritable
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
                    if (sink.Generation == Generation.Newest)
                        sink.WriteOptionalUInt64(result.ObjectChecksum);
                    break;
                case KeyedOperation.PutStart or KeyedOperation.UpsertStart:
                    WriteReplicas(ref sink, result.Replicas);
                    break;
                case KeyedOperation.CopyStart:
                    WriteReplica(ref sink, result.Replicas, 0);
                    WriteReplicas(ref sink, result.Replicas, start: 1);
                    break;
                case KeyedOperation.MoveStart:
                    WriteReplica(ref sink, result.Replicas, 0);
                    sink.WriteBool(result.Replicas.Count > 1);
                    if (result.Replicas.Count > 1)
                        WriteReplica(ref sink, result.Replicas, 1);
                    break;
                default:
                    break; // all others answer nothing but success
            }
        }
    }

    // Keys that could not be cleared are left out without a word, whatever the reason; but a node that does not serve says so.
    private readonly struct ClearedKeys(KeyedCall call) : IWireWritable
    {
        public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
        {
            var cleared = 0;
            foreach (ref readonly var result in call.Results.AsSpan())
            {
                if (result.Error == ErrorCode.UnavailableInCurrentMode)
                {
                    sink.WriteBool(false);
                    sink.WriteInt32((int)result.Error);
                    return;
                }

                cleared += IsCleared(result) ? 1 : 0;
            }

            sink.WriteBool(true);
            sink.WriteCount(cleared);
            for (var i = 0; i < call.Keys.Length; i++)
            {
                if (IsCleared(call.Results[i]))
                    sink.WriteBytes(call.Keys[i].UserKey);
            }
        }

        private static bool IsCleared(in ItemResult result) => result.Error == ErrorCode.Ok && result.Exists;
    }
}
