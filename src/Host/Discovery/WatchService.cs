// etcdserverpb.Watch: one call is a stream of watches, which WatchStream keeps.
using Grpc.Core;
using HotStandby.Mooncake.Discovery;

namespace HotStandby.Host.Discovery;

/// <summary>Answers Watch.</summary>
/// <param name="node">What there is to tell.</param>
internal sealed class WatchService(DiscoveryNode node) : Watch.WatchBase
{
    /// <inheritdoc/>
    public override async Task Watch(
        IAsyncStreamReader<WatchRequest> requestStream, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        using var stream = new WatchStream(node, responseStream);
        try
        {
            await stream.RunAsync(requestStream, context.CancellationToken);
        }
        catch (SlowWatcherException)
        {
            context.GetHttpContext().Abort(); // what it has not read must not stay in memory
        }
        catch (Exception error)
            when (error is OperationCanceledException or IOException && context.CancellationToken.IsCancellationRequested)
        {
            // The client has gone, or the node ends: that is how every watch ends.
        }
    }
}
