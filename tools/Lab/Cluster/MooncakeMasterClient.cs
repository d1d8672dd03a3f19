// The replay's client over the wire: finds the Primary, reconnects, and turns every way a call can fail into a code.
using System.Text;
using HotStandby.Lab.Replay;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Cluster;

/// <summary>One Mooncake client.</summary>
/// <param name="addresses">Every node, as host:port.</param>
/// <param name="client">The client's id.</param>
/// <param name="settings">How its connections behave; null for the defaults.</param>
public sealed class MooncakeMasterClient(
    IReadOnlyList<string> addresses, Uuid client, MasterConnectionSettings? settings = null) : IMasterClient
{
    private static readonly ByteString Tenant = "default";

    private readonly PrimaryFinder _finder = new(addresses, settings);
    private volatile string? _whyNoService;

    /// <inheritdoc/>
    public string? WhyNoService => _whyNoService;

    /// <summary>Names of segments that its objects are put into while there is room; none: anywhere.</summary>
    public IReadOnlyList<string> PreferredSegments { get; init; } = [];

    /// <inheritdoc/>
    public async Task<BatchAnswer> BatchExistAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        var request = new BatchExistKeyRequest(KeysOf(keys), Tenant);
        var (call, results) = await CallAsync<BatchExistKeyRequest, WireList<Expected<WireBool>>>(request, cancellation);
        return await CheckedAsync(
            call, Codes(results, result => !result.IsOk ? result.Error : result.Value.Value ? ErrorCode.Ok : ErrorCode.ObjectNotFound));
    }

    /// <inheritdoc/>
    public async Task<BatchAnswer> BatchGetReplicaListAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        var request = new BatchGetReplicaListRequest(KeysOf(keys), Tenant);
        var (call, results) = await CallAsync<BatchGetReplicaListRequest, WireList<Expected<ReplicaListResponse>>>(request, cancellation);
        return await CheckedAsync(call, Codes(results, result => result.Error));
    }

    /// <inheritdoc/>
    public async Task<BatchAnswer> BatchPutStartAsync(IReadOnlyList<string> keys, ulong sizeBytes, CancellationToken cancellation)
    {
        var sizes = new ulong[keys.Count];
        Array.Fill(sizes, sizeBytes);
        var request = new BatchPutStartRequest(
            client, KeysOf(keys), sizes, new WireReplicateConfig { PreferredSegments = KeysOf(PreferredSegments) }, Tenant);
        var (call, results) = await CallAsync<BatchPutStartRequest, WireList<Expected<WireList<WireReplica>>>>(request, cancellation);
        return await CheckedAsync(call, Codes(results, result => result.Error));
    }

    /// <inheritdoc/>
    public async Task<BatchAnswer> BatchPutEndAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        ObjectMeta[] objects = [.. keys.Select(key => new ObjectMeta(key, null))];
        var request = new BatchPutEndRequest(client, objects, ReplicaType.All, Tenant);
        var (call, results) = await CallAsync<BatchPutEndRequest, WireList<Expected<Nothing>>>(request, cancellation);
        return await CheckedAsync(call, Codes(results, result => result.Error));
    }

    /// <summary>Removes the keys, leased or not.</summary>
    /// <param name="keys">1 to 128.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<BatchAnswer> BatchRemoveAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        var request = new BatchRemoveRequest(KeysOf(keys), Force: true, Tenant);
        var (call, results) = await CallAsync<BatchRemoveRequest, WireList<Expected<Nothing>>>(request, cancellation);
        return await CheckedAsync(call, Codes(results, result => result.Error));
    }

    /// <inheritdoc/>
    public async Task<ErrorCode> MountSegmentAsync(Segment segment, CancellationToken cancellation)
    {
        var (call, result) = await CallAsync<MountSegmentRequest, Expected<Nothing>>(
            new MountSegmentRequest(ToWire(segment), client), cancellation);
        return await CheckedAsync(call, result.Error);
    }

    /// <inheritdoc/>
    public async Task<ErrorCode> UnmountSegmentAsync(Uuid segment, CancellationToken cancellation)
    {
        var (call, result) = await CallAsync<UnmountSegmentRequest, Expected<Nothing>>(
            new UnmountSegmentRequest(segment, client), cancellation);
        return await CheckedAsync(call, result.Error);
    }

    /// <inheritdoc/>
    public async Task<PingAnswer> PingAsync(CancellationToken cancellation)
    {
        var (call, result) = await CallAsync<PingRequest, Expected<PingResponse>>(new PingRequest(client), cancellation);
        var error = await CheckedAsync(call, result.Error);
        return new PingAnswer(error, error == ErrorCode.Ok ? result.Value.Status : ClientStatus.Undefined);
    }

    /// <inheritdoc/>
    public async Task<ErrorCode> ReMountSegmentAsync(IReadOnlyList<Segment> segments, CancellationToken cancellation)
    {
        WireSegment[] wire = [.. segments.Select(ToWire)];
        var (call, result) = await CallAsync<ReMountSegmentRequest, Expected<Nothing>>(
            new ReMountSegmentRequest(wire, client), cancellation);
        return await CheckedAsync(call, result.Error);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _finder.DisposeAsync();

    private readonly record struct Attempt(ErrorCode Error, MasterConnection? Connection);

    private async Task<(Attempt Call, TResponse Response)> CallAsync<TRequest, TResponse>(TRequest request, CancellationToken cancellation)
        where TRequest : struct, IRpcRequest<TRequest, TResponse>
        where TResponse : struct, IWireValue<TResponse>
    {
        MasterConnection? connection = null;
        try
        {
            connection = await _finder.GetAsync(cancellation);
            _whyNoService = null;
            return (new Attempt(ErrorCode.Ok, connection), await connection.CallAsync<TRequest, TResponse>(request, cancellation));
        }
        catch (MasterRpcException failure)
        {
            if (connection is null)
                _whyNoService = failure.Message;
            return (new Attempt(failure.Failure == MasterRpcFailure.NotSent ? ErrorCode.UnavailableInCurrentMode : ErrorCode.RpcFail,
                connection), default);
        }
    }

    // A node that says that it does not serve is left, so that the next call looks for the one that does.
    private async ValueTask<BatchAnswer> CheckedAsync(Attempt call, ErrorCode[] items)
    {
        if (call.Error != ErrorCode.Ok)
            return new BatchAnswer(call.Error, []);
        if (items.Contains(ErrorCode.UnavailableInCurrentMode))
            await _finder.LeaveAsync(call.Connection!);
        return new BatchAnswer(ErrorCode.Ok, items);
    }

    private async ValueTask<ErrorCode> CheckedAsync(Attempt call, ErrorCode error)
    {
        if (call.Error != ErrorCode.Ok)
            return call.Error;
        if (error == ErrorCode.UnavailableInCurrentMode)
            await _finder.LeaveAsync(call.Connection!);
        return error;
    }

    private static ErrorCode[] Codes<T>(in WireList<T> results, Func<T, ErrorCode> code) where T : struct, IWireValue<T>
    {
        var codes = new ErrorCode[results.Count];
        for (var i = 0; i < codes.Length; i++)
            codes[i] = code(results[i]);
        return codes;
    }

    private static ByteString[] KeysOf(IReadOnlyList<string> keys)
    {
        var bytes = new ByteString[keys.Count];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = new ByteString(Encoding.UTF8.GetBytes(keys[i]));
        return bytes;
    }

    private static WireSegment ToWire(Segment segment) => new(
        segment.Id, segment.Name, segment.BaseAddress, segment.SizeBytes, segment.TransportEndpoint, segment.Protocol, segment.HostId);
}
