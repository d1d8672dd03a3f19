// etcdserverpb.KV: reading the key. Writing is not offered: see UnofferedCalls.
using Grpc.Core;
using HotStandby.Mooncake.Discovery;

namespace HotStandby.Host.Discovery;

/// <summary>Answers Range.</summary>
/// <param name="node">What there is to tell.</param>
internal sealed class KeyService(DiscoveryNode node) : KV.KVBase
{
    /// <inheritdoc/>
    public override Task<RangeResponse> Range(RangeRequest request, ServerCallContext context)
    {
        if (request.Key.IsEmpty)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "etcdserver: key is not provided"));
        var published = node.Views.Latest;
        // Nothing of the past is kept. The words are etcd's: its clients know them.
        if (request.Revision > published.Revision)
            throw new RpcException(new Status(StatusCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision"));
        if (request.Revision > 0 && request.Revision < published.Revision)
            throw new RpcException(new Status(StatusCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted"));
        var response = new RangeResponse { Header = node.Header(published) };
        if (published.View is not { } view || !new KeyRange(request.Key, request.RangeEnd).Contains(node.Key))
            return Task.FromResult(response);
        response.Count = 1;
        var pair = node.PairOf(view, published.Revision);
        if (request.CountOnly || !IsWithin(pair.ModRevision, request.MinModRevision, request.MaxModRevision)
            || !IsWithin(pair.CreateRevision, request.MinCreateRevision, request.MaxCreateRevision))
            return Task.FromResult(response);
        if (request.KeysOnly)
            pair.Value = Google.Protobuf.ByteString.Empty;
        response.Kvs.Add(pair);
        return Task.FromResult(response);
    }

    // 0 is no bound.
    private static bool IsWithin(long revision, long lowest, long highest) =>
        revision >= lowest && (highest == 0 || revision <= highest);
}
