// The watches of one Watch call. Each change of the view is told to each of them, in order and without a gap, for as long as the client
// reads. Nothing is queued: the stream follows the chain of PublishedView at its own pace, and one that falls behind is ended.
using Google.Protobuf;
using Grpc.Core;
using HotStandby.Actors.Gateway;
using HotStandby.Mooncake.Discovery;

namespace HotStandby.Host.Discovery;

/// <summary>A client does not read what it is told.</summary>
internal sealed class SlowWatcherException : Exception;

/// <summary>One stream of watches.</summary>
/// <param name="node">What there is to tell.</param>
/// <param name="answers">To the client.</param>
internal sealed class WatchStream(DiscoveryNode node, IServerStreamWriter<WatchResponse> answers) : IDisposable
{
    /// <summary>Watches of one stream; clients have one.</summary>
    public const int MostWatches = 128;

    /// <summary>A client that leaves an answer unread for so long, when it has left others unread before, is given up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // What no watch is called.
    private const long NoWatch = -1;

    private static readonly ByteString FirstKey = ByteString.CopyFrom(0);

    private readonly record struct One(bool IsMeant, bool Puts, bool Deletes, bool Previous, ulong FromEpoch);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly SortedDictionary<long, One> _watches = [];
    private PublishedView _seen = node.Views.Latest;
    private long _nextId;

    /// <summary>Until the client ends it.</summary>
    /// <exception cref="SlowWatcherException">The client does not read.</exception>
    public async Task RunAsync(IAsyncStreamReader<WatchRequest> requests, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] both = [ReadAsync(requests, ending.Token), TellAsync(ending.Token)];
        var first = await Task.WhenAny(both);
        await ending.CancelAsync();
        await Task.WhenAll(both).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        node.EndWatches(_watches.Count);
        await first;
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task ReadAsync(IAsyncStreamReader<WatchRequest> requests, CancellationToken stop)
    {
        while (await requests.MoveNext(stop))
        {
            await _turn.WaitAsync(stop);
            try
            {
                await AnswerAsync(requests.Current, stop);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    private async Task TellAsync(CancellationToken stop)
    {
        while (true)
        {
            var next = await _seen.Next.WaitAsync(stop);
            await _turn.WaitAsync(stop);
            try
            {
                _seen = next;
                foreach (var (id, watch) in _watches)
                    await TellAsync(id, watch, stop);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    private Task AnswerAsync(WatchRequest request, CancellationToken stop) => request.RequestUnionCase switch
    {
        WatchRequest.RequestUnionOneofCase.CreateRequest => CreateAsync(request.CreateRequest, stop),
        WatchRequest.RequestUnionOneofCase.CancelRequest => CancelAsync(request.CancelRequest.WatchId, stop),
        WatchRequest.RequestUnionOneofCase.ProgressRequest => WriteAsync(AnswerOf(NoWatch), stop),
        _ => Task.CompletedTask, // what a later etcd may ask
    };

    private async Task CreateAsync(WatchCreateRequest request, CancellationToken stop)
    {
        var refusal = request.WatchId != 0 && _watches.ContainsKey(request.WatchId) ? "mvcc: duplicate watch ID provided on the WatchStream"
            : request.WatchId < 0 ? "a watch ID must not be negative"
            : _watches.Count >= MostWatches ? $"this stream has {MostWatches} watches already"
            : !node.TryBeginWatch() ? $"this node has {node.MaximumWatches} watches already (hotstandby.discovery.max-watchers)"
            : null;
        if (refusal is not null)
        {
            var refused = AnswerOf(NoWatch);
            (refused.Created, refused.Canceled, refused.CancelReason) = (true, true, refusal);
            await WriteAsync(refused, stop);
            return;
        }

        var id = request.WatchId != 0 ? request.WatchId : FreeId();
        var key = request.Key.IsEmpty ? FirstKey : request.Key;
        var watch = new One(
            new KeyRange(key, request.RangeEnd).Contains(node.Key), !request.Filters.Contains(WatchCreateRequest.Types.FilterType.Noput),
            !request.Filters.Contains(WatchCreateRequest.Types.FilterType.Nodelete), request.PrevKv,
            request.StartRevision > 0 ? EpochOf(request.StartRevision - 1) : 0);
        _watches.Add(id, watch);
        var created = AnswerOf(id);
        created.Created = true;
        await WriteAsync(created, stop);
        if (IsNews(request.StartRevision))
            await TellAsync(id, watch, stop);
    }

    private long FreeId()
    {
        while (_watches.ContainsKey(_nextId))
            _nextId++;
        return _nextId++;
    }

    // A client asks for what comes after the last change that it knows. If that is not what is published here now, it is told what is:
    // changes in between are not kept. The node that it watched before may have counted more changes of the same epoch, or fewer.
    private bool IsNews(long start) =>
        start > 0 && start != _seen.Revision + 1 && (start <= _seen.Revision || EpochOf(start - 1) == EpochOf(_seen.Revision));

    private static ulong EpochOf(long revision) => (ulong)revision >> MasterViews.RevisionBits;

    private async Task CancelAsync(long id, CancellationToken stop)
    {
        if (!_watches.Remove(id))
            return;
        node.EndWatches(1);
        var canceled = AnswerOf(id);
        canceled.Canceled = true;
        await WriteAsync(canceled, stop);
    }

    private async Task TellAsync(long id, One watch, CancellationToken stop)
    {
        var about = _seen.View ?? _seen.Ended;
        if (about is null || !watch.IsMeant || about.Epoch < watch.FromEpoch || !(_seen.View is null ? watch.Deletes : watch.Puts))
            return;
        var told = AnswerOf(id);
        told.Events.Add(_seen.View is { } view
            ? new Event { Type = Event.Types.EventType.Put, Kv = node.PairOf(view, _seen.Revision) }
            : new Event
            {
                Type = Event.Types.EventType.Delete, Kv = new KeyValue { Key = node.Key, ModRevision = _seen.Revision },
                PrevKv = watch.Previous ? node.PairOf(about, _seen.Revision - 1) : null,
            });
        await WriteAsync(told, stop);
    }

    private WatchResponse AnswerOf(long id) => new() { Header = node.Header(_seen), WatchId = id };

    private async Task WriteAsync(WatchResponse answer, CancellationToken stop)
    {
        try
        {
            await answers.WriteAsync(answer, stop).WaitAsync(Patience, node.Time, stop);
        }
        catch (TimeoutException)
        {
            throw new SlowWatcherException();
        }
    }
}
