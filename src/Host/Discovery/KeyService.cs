// etcdserverpb.KV: reading the key. Writing is not offered: see UnofferedCalls.
using Grpc.Core;
using HotStandby.Mooncake.Discovery;

namespace HotStandby.Host.Discovery;

/// <summary>Answers Range.</summary>
/// <param name="node">What there is to tell.</param>
internal sealed class KeyService(DiscoveryNode node) : KV.KVBase
{
    /// <summary>
    /// How long a read of the key waits for a node to serve when none does: about a failover with the default settings. A stock client that
    /// starts during a failover reads once and gives up. It waits 5 s for the answer.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public override async Task<RangeResponse> Range(RangeRequest request, ServerCallContext context)
    {
        if (request.Key.IsEmpty)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "etcdserver: key is not provided"));
        var isMeant = new KeyRange(request.Key, request.RangeEnd).Contains(node.Key);
        var published = node.Views.Latest;
        // A stock client that finds no view reads again at once. Without this wait, all clients would keep the nodes busy while these
        // choose the next Primary. With it, clients also learn its address the moment it serves.
        if (published.View is null && isMeant && request.Revision == 0)
        {
            await ((Task)published.Next).WaitAsync(Patience, node.Time, context.CancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            published = node.Views.Latest;
        }

        // Nothing of the past is kept. The words are etcd's: its clients know them.
        if (request.Revision > published.Revision)
            throw new RpcException(new Status(StatusCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision"));
        if (request.Revision > 0 && request.Revision < published.Revision)
            throw new RpcException(new Status(StatusCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted"));
        var response = new RangeResponse { Header = node.Header(published) };
        if (published.View is not { } view || !isMeant)
            return response;
        response.Count = 1;
        var pair = node.PairOf(view, published.Revision);
        if (request.CountOnly || !IsWithin(pair.ModRevision, request.MinModRevision, request.MaxModRevision)
            || !IsWithin(pair.CreateRevision, request.MinCreateRevision, request.MaxCreateRevision))
            return response;
        if (request.KeysOnly)
            pair.Value = Google.Protobuf.ByteString.Empty;
        response.Kvs.Add(pair);
        return response;
    }

    // 0 is no bound.
    private static bool IsWithin(long revision, long lowest, long highest) =>
        revision >= lowest && (highest == 0 || revision <= highest);
}
