// One Mooncake client whose every call is recorded. Sends each call once: repeating one whose answer was lost is another call, and the
// first one keeps its unknown outcome. Used by HistoryWorkload.
using System.Text;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Histories;

/// <summary>A client.</summary>
/// <param name="name">Its name in the history.</param>
/// <param name="addresses">The nodes it knows, as host:port.</param>
/// <param name="id">Its client id.</param>
/// <param name="history">Where its calls are recorded.</param>
internal sealed class RecordedClient(string name, IReadOnlyList<string> addresses, Uuid id, History history) : IAsyncDisposable
{
    private static readonly ByteString Tenant = "default";

    private readonly PrimaryFinder _finder = new(addresses);

    public Task<Outcome> PutStartAsync(string key, ulong sizeBytes, CancellationToken cancellation) => CallAsync(
        OperationKind.PutStart, key, sizeBytes, force: false,
        async master => OutcomeOf(await master.PutStartAsync(new(id, BytesOf(key), sizeBytes, new WireReplicateConfig(), Tenant),
            cancellation), Started), cancellation);

    public Task<Outcome> PutEndAsync(string key, CancellationToken cancellation) => CallAsync(
        OperationKind.PutEnd, key, 0, force: false,
        async master => OutcomeOf(await master.PutEndAsync(new(id, new ObjectMeta(BytesOf(key), null), ReplicaType.All, Tenant),
            cancellation), Done), cancellation);

    public Task<Outcome> PutRevokeAsync(string key, CancellationToken cancellation) => CallAsync(
        OperationKind.PutRevoke, key, 0, force: false,
        async master => OutcomeOf(await master.PutRevokeAsync(new(id, BytesOf(key), ReplicaType.All, Tenant), cancellation), Done),
        cancellation);

    public Task<Outcome> RemoveAsync(string key, bool force, CancellationToken cancellation) => CallAsync(
        OperationKind.Remove, key, 0, force,
        async master => OutcomeOf(await master.RemoveAsync(new(BytesOf(key), force, Tenant), cancellation), Done), cancellation);

    public Task<Outcome> ExistsAsync(string key, CancellationToken cancellation) => CallAsync(
        OperationKind.Exists, key, 0, force: false,
        async master => OutcomeOf(
            await master.ExistKeyAsync(new(BytesOf(key), Tenant), cancellation), found =>
                found.Value ? Outcome.Ok : Outcome.Refused(ErrorCode.ObjectNotFound)), cancellation);

    public Task<Outcome> GetReplicasAsync(string key, CancellationToken cancellation) => CallAsync(
        OperationKind.GetReplicas, key, 0, force: false,
        async master => OutcomeOf(
            await master.GetReplicaListAsync(new(BytesOf(key), Tenant), cancellation), list =>
                Outcome.With(BufferOf(list.Replicas), list.LeaseTtlMilliseconds)), cancellation);

    public ValueTask DisposeAsync() => _finder.DisposeAsync();

    private async Task<Outcome> CallAsync(
        OperationKind kind, string key, ulong sizeBytes, bool force, Func<MasterClient, Task<Outcome>> call, CancellationToken cancellation)
    {
        var number = history.Begin(name, key, kind, sizeBytes, force);
        var outcome = await AnswerAsync(call, cancellation).ConfigureAwait(false);
        history.End(number, outcome);
        return outcome;
    }

    private async Task<Outcome> AnswerAsync(Func<MasterClient, Task<Outcome>> call, CancellationToken cancellation)
    {
        MasterConnection? connection = null;
        try
        {
            connection = await _finder.GetAsync(cancellation).ConfigureAwait(false);
            var outcome = await call(new MasterClient(connection)).ConfigureAwait(false);
            // A node that says that it does not serve is left, so that the next call looks for the one that does.
            if (outcome.Error == ErrorCode.UnavailableInCurrentMode)
                await _finder.LeaveAsync(connection).ConfigureAwait(false);
            return outcome;
        }
        catch (MasterRpcException failure)
        {
            return failure.Failure switch
            {
                MasterRpcFailure.NotSent => Outcome.Refused(ErrorCode.UnavailableInCurrentMode),
                MasterRpcFailure.OutcomeUnknown => Outcome.Unknown,
                // No master that understands these calls says so; the checker makes a violation of it.
                _ => Outcome.Refused(ErrorCode.NotSupported),
            };
        }
        catch (OperationCanceledException)
        {
            // The workload is over, and nobody waits for the answer. What found no connection has not left.
            return connection is null ? Outcome.Refused(ErrorCode.UnavailableInCurrentMode) : Outcome.Unknown;
        }
    }

    // A code that says that the transport failed tells nothing of the call, even if a master sent it.
    private static Outcome OutcomeOf<T>(in Expected<T> answer, Func<T, Outcome> ok) where T : struct, Mooncake.StructPack.IWireValue<T> =>
        answer.IsOk ? ok(answer.Value) : answer.Error is ErrorCode.RpcFail or ErrorCode.RpcTimeout
            ? Outcome.Unknown : Outcome.Refused(answer.Error);

    private static Outcome Started(WireList<WireReplica> replicas) => Outcome.With(BufferOf(replicas));

    private static Outcome Done(Nothing nothing) => Outcome.Ok;

    // One replica is asked for, and only memory is offered.
    private static ObjectBuffer BufferOf(in WireList<WireReplica> replicas)
    {
        if (replicas.Count != 1 || replicas[0].Location is not ReplicaLocation.Memory memory)
            throw new InvalidDataException($"the master answered {replicas} where one replica in memory was asked for");
        return new ObjectBuffer(replicas[0].Id, memory.TransportEndpoint.ToString(), memory.Address, memory.SizeBytes);
    }

    private static ByteString BytesOf(string key) => new(Encoding.UTF8.GetBytes(key));
}
