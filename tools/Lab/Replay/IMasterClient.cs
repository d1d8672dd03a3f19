// What the replay needs of a master: the calls of a Mooncake client that move no payload. Implemented over the wire protocol;
// by a fake in tests.
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Lab.Replay;

/// <summary>
/// One client of the master, under one client id. Safe for use by many callers at once. No method throws for what the
/// master or the network does: that is an error code. The implementation finds the Primary and reconnects, but leaves repeating a call
/// whose outcome is unknown to the caller, which must know of it.
/// </summary>
public interface IMasterClient : IAsyncDisposable
{
    /// <summary>Which of the keys can be read: Ok, or ObjectNotFound, for each.</summary>
    /// <param name="keys">1 to 128.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<BatchAnswer> BatchExistAsync(IReadOnlyList<string> keys, CancellationToken cancellation);

    /// <summary>Asks for the replicas of the keys, and thereby for a lease on them.</summary>
    /// <param name="keys">1 to 128.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<BatchAnswer> BatchGetReplicaListAsync(IReadOnlyList<string> keys, CancellationToken cancellation);

    /// <summary>Begins to write the keys, one replica each.</summary>
    /// <param name="keys">1 to 128.</param>
    /// <param name="sizeBytes">Size of every object.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<BatchAnswer> BatchPutStartAsync(IReadOnlyList<string> keys, ulong sizeBytes, CancellationToken cancellation);

    /// <summary>Ends writing: from then on the keys can be read. Doing so twice is harmless.</summary>
    /// <param name="keys">1 to 128.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<BatchAnswer> BatchPutEndAsync(IReadOnlyList<string> keys, CancellationToken cancellation);

    /// <summary>Why no node served when one was last looked for, of every address; null when one was found.</summary>
    string? WhyNoService { get; }

    /// <summary>Takes memory back, and with it every object in it.</summary>
    Task<ErrorCode> UnmountSegmentAsync(Uuid segment, CancellationToken cancellation);

    /// <summary>Offers memory.</summary>
    Task<ErrorCode> MountSegmentAsync(Segment segment, CancellationToken cancellation);

    /// <summary>Says that this client lives. The status counts only where the error is Ok.</summary>
    Task<PingAnswer> PingAsync(CancellationToken cancellation);

    /// <summary>Offers all memory of this client anew, after a Ping answered NeedRemount.</summary>
    Task<ErrorCode> ReMountSegmentAsync(IReadOnlyList<Segment> segments, CancellationToken cancellation);
}

/// <summary>The answer to a batch call.</summary>
/// <param name="Call">Ok when the call was answered; otherwise why not (RpcFail and RpcTimeout: the outcome of every key is
/// unknown).</param>
/// <param name="Items">One code a key, in the order of the keys; empty when the call was not answered.</param>
public readonly record struct BatchAnswer(ErrorCode Call, ErrorCode[] Items);

/// <summary>The answer to a ping.</summary>
/// <param name="Error">Ok, or why there is no status.</param>
/// <param name="Status">What the client must do.</param>
public readonly record struct PingAnswer(ErrorCode Error, ClientStatus Status);

/// <summary>Makes a client; connecting is left to its first call.</summary>
/// <param name="addresses">The nodes, as host:port.</param>
/// <param name="client">The client's id.</param>
public delegate IMasterClient MasterClientFactory(IReadOnlyList<string> addresses, Uuid client);
