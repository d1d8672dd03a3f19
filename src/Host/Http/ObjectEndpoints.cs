// Objects: where they are, which there are, and their removal. Looking grants no lease unless it is asked for.
using System.Buffers;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>/query_key, /batch_query_keys, /get_all_keys, /api/v1/objects, /api/v1/remove_all.</summary>
internal static class ObjectEndpoints
{
    private const int MaximumKeys = 1024;
    private const int ChunkBytes = 64 * 1024;

    public static void Map(IEndpointRouteBuilder routes, AdminNode node)
    {
        routes.MapGet(
                "/query_key",
                (HttpContext context, string? key, string? lease, [FromQuery(Name = "tenant_id")] string? tenant, CancellationToken stop) =>
                    QueryKeyAsync(node, context, key, lease, tenant, stop))
            .WithMetadata(new ChangesState("query_key with lease")
            {
                When = static request => request.Query["lease"].ToString() is not ("" or "0") and var lease
                    && !lease.Equals("false", StringComparison.OrdinalIgnoreCase),
            })
            .Answers<QueryKeyBody>(
                "Where an object's replicas are; ?lease=true protects it as a reader would, and asks for what a change asks for.",
                400, 401, 403, 404, 503, 504);
        routes.MapGet("/batch_query_keys", (string? keys, CancellationToken stop) => BatchQueryAsync(node, keys, stop))
            .Answers<BatchQueryBody>("The same for ?keys=a,b,c, without leases.", 400, 503, 504);
        routes.MapGet("/get_all_keys", (CancellationToken stop) => AllKeysAsync(node, stop))
            .AnswersText("The readable keys of the default tenant, one a line.", 503, 504);
        routes.MapChange(
                HttpMethods.Delete, "/api/v1/objects", "remove object",
                (HttpContext context, string? key, string? force, [FromQuery(Name = "tenant_id")] string? tenant, CancellationToken stop) =>
                    RemoveAsync(node, Change.Of(context), key, force, tenant, stop))
            .Answers<RemovedBody>("Removes one object; a 409 says how long its lease has left.", 400, 401, 403, 404, 409, 503, 504);
        routes.MapChange(
                HttpMethods.Post, "/api/v1/remove_all", "remove all objects",
                (HttpContext context, string? force, [FromQuery(Name = "tenant_id")] string? tenant, CancellationToken stop) =>
                    RemoveAllAsync(node, Change.Of(context), force, tenant, stop))
            .Answers<RemovedCountBody>(
                "Removes every object that Remove would not refuse, of one tenant or of all.", 400, 401, 403, 503, 504);
    }

    private static async Task<IResult> QueryKeyAsync(
        AdminNode node, HttpContext context, string? key, string? lease, string? tenant, CancellationToken stop)
    {
        EventEndpoints.AllowOtherNodes(context, node);
        var objectKey = default(ObjectKey);
        var withLease = false;
        if ((Parameters.Tenant(node.Options.Tenancy, tenant, out var scope) ?? Parameters.Flag(lease, "lease", out withLease)) is { } bad)
            return bad;
        if (string.IsNullOrEmpty(key)) // to Mooncake it is a key like others, which no object has
            return node.Serves ? NotFound(ErrorCode.ObjectNotFound) : ErrorAnswer.NotServing();
        if (Parameters.Key(key, scope, out objectKey) is { } tooLong)
            return tooLong;
        var (call, refusal) = withLease
            ? await node.ChangeAsync(Change.Of(context), sink => new KeyedCall(sink, KeyedOperation.GetReplicaList, [objectKey]), stop)
            : await node.ReadAsync(sink => new KeyedCall(sink, KeyedOperation.Peek, [objectKey]), stop);
        if (refusal is not null)
            return refusal;
        var result = call.Results[0];
        return result.Error == ErrorCode.Ok
            ? Results.Json(new QueryKeyBody(true, BuffersOf(result.Replicas), withLease ? result.LeaseTtlMilliseconds : null),
                AdminJson.Default.QueryKeyBody)
            : NotFound(result.Error);
    }

    // Whatever the reason, Mooncake says 404 here; the code is in the body.
    private static IResult NotFound(ErrorCode error) => ErrorAnswer.Of(StatusCodes.Status404NotFound, error, ErrorAnswer.NameOf(error));

    private static async Task<IResult> BatchQueryAsync(AdminNode node, string? keys, CancellationToken stop)
    {
        string[] names = [.. (keys ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Distinct()];
        if (names.Length == 0)
            return ErrorAnswer.Json(
                StatusCodes.Status400BadRequest, new ErrorBody(false, (int)ErrorCode.InvalidParams, "keys is missing: ?keys=a,b,c")
                {
                    Error = "No keys provided. Use ?keys=key1,key2,...",
                });
        if (names.Length > MaximumKeys)
            return ErrorAnswer.BadParameter("keys", $"must be 1 to {MaximumKeys} keys");
        var objectKeys = new ObjectKey[names.Length];
        for (var i = 0; i < names.Length; i++)
            if (Parameters.Key(names[i], [], out objectKeys[i], "keys") is { } bad)
                return bad;

        var (call, refusal) = await node.ReadAsync(sink => new KeyedCall(sink, KeyedOperation.Peek, objectKeys), stop);
        if (refusal is not null)
            return refusal;
        var data = new Dictionary<string, BatchKeyBody>(names.Length);
        for (var i = 0; i < names.Length; i++)
        {
            var result = call.Results[i];
            data[names[i]] = result.Error == ErrorCode.Ok
                ? new BatchKeyBody(true, null, BuffersOf(result.Replicas))
                : new BatchKeyBody(false, ErrorAnswer.NameOf(result.Error), null);
        }

        return Results.Json(new BatchQueryBody(true, data), AdminJson.Default.BatchQueryBody);
    }

    private static async Task<IResult> AllKeysAsync(AdminNode node, CancellationToken stop)
    {
        var (call, refusal) = await node.ReadAsync(sink => new ScanCall(sink, ScanOperation.ListKeys, "default"u8.ToArray(), null), stop);
        if (refusal is not null)
            return TextAnswer.Refusal(refusal);
        return call.Error == ErrorCode.Ok
            ? Results.Stream(output => WriteKeysAsync(output, call.Found, stop), TextAnswer.ContentType)
            : TextAnswer.Refusal(ErrorAnswer.Of(call.Error));
    }

    // Keys are bytes, which need not be text.
    private static async Task WriteKeysAsync(
        Stream output, IReadOnlyList<(ObjectKey Key, ReplicaList Replicas)> found, CancellationToken stop)
    {
        var chunk = new ArrayBufferWriter<byte>(ChunkBytes + ObjectKey.MaximumBytes + 1);
        foreach (var (key, _) in found)
        {
            chunk.Write(key.UserKey);
            chunk.Write("\n"u8);
            if (chunk.WrittenCount < ChunkBytes)
                continue;
            await output.WriteAsync(chunk.WrittenMemory, stop);
            chunk.ResetWrittenCount();
        }

        await output.WriteAsync(chunk.WrittenMemory, stop);
    }

    private static async Task<IResult> RemoveAsync(
        AdminNode node, Change change, string? key, string? force, string? tenant, CancellationToken stop)
    {
        var objectKey = default(ObjectKey);
        var isForced = false;
        if ((Parameters.Tenant(node.Options.Tenancy, tenant, out var scope) ?? Parameters.Key(key, scope, out objectKey)
            ?? Parameters.Flag(force, "force", out isForced)) is { } bad)
            return bad;
        var (call, refusal) = await node.ChangeAsync(
            change, sink => new KeyedCall(sink, KeyedOperation.Remove, [objectKey]) { Force = isForced }, stop);
        if (refusal is not null)
            return refusal;
        var result = call.Results[0];
        return result.Error switch
        {
            ErrorCode.Ok => Results.Json(new RemovedBody(true), AdminJson.Default.RemovedBody),
            ErrorCode.ObjectHasLease => ErrorAnswer.Json(
                StatusCodes.Status409Conflict,
                new ErrorBody(false, (int)result.Error,
                    ErrorAnswer.NameOf(result.Error))
                { LeaseRemainingMs = result.LeaseTtlMilliseconds }),
            ErrorCode.ReplicaIsNotReady or ErrorCode.ObjectHasReplicationTask =>
                ErrorAnswer.Of(StatusCodes.Status409Conflict, result.Error, ErrorAnswer.NameOf(result.Error)),
            _ => ErrorAnswer.Of(result.Error),
        };
    }

    private static async Task<IResult> RemoveAllAsync(AdminNode node, Change change, string? force, string? tenant, CancellationToken stop)
    {
        var isForced = false;
        if ((Parameters.Tenant(node.Options.Tenancy, tenant, out var scope) ?? Parameters.Flag(force, "force", out isForced)) is { } bad)
            return bad;
        byte[]? removedFrom = string.IsNullOrEmpty(tenant) ? null : scope is [] ? "default"u8.ToArray() : scope;
        var (call, refusal) = await node.ChangeAsync(
            change, sink => new ScanCall(sink, ScanOperation.Remove, removedFrom, null) { Force = isForced }, stop);
        if (refusal is not null)
            return refusal;
        change.Outcome = $"{call.RemovedCount} objects removed";
        return call.Error == ErrorCode.Ok
            ? Results.Json(new RemovedCountBody(true, call.RemovedCount), AdminJson.Default.RemovedCountBody)
            : ErrorAnswer.Of(call.Error);
    }

    private static BufferBody[] BuffersOf(in ReplicaList replicas)
    {
        var buffers = new BufferBody[replicas.Count];
        for (var i = 0; i < buffers.Length; i++)
        {
            var replica = replicas[i];
            buffers[i] = new BufferBody(replica.SizeBytes, replica.Address, replica.Protocol, replica.TransportEndpoint);
        }

        return buffers;
    }
}
